package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Which backends run here, and why a faster one does not. A backend's own classes are touched only after it was found
 * here.
 *
 * <p>The system property {@value #PROPERTY} forces one: {@code reference}, {@code vector} or {@code native}.
 */
public final class Backends {
    /** Name of the system property that forces a backend. */
    public static final String PROPERTY = "rondo.backend";

    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final Set<Backend> ANNOUNCED = EnumSet.noneOf(Backend.class);

    private Backends() {}

    /**
     * {@return why a backend cannot run here, or empty if it can}
     *
     * @param backend which
     */
    public static Optional<String> missing(Backend backend) {
        Objects.requireNonNull(backend, "backend: expected one, got null");
        return switch (backend) {
            case REFERENCE -> Optional.empty();
            case VECTOR -> ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()
                    ? Optional.empty()
                    : Optional.of("no module " + VECTOR_MODULE + "; start java with --add-modules " + VECTOR_MODULE);
            case NATIVE -> NativeLibrary.missing();
        };
    }

    /** {@return the backends that run here, slowest first} */
    public static List<Backend> available() {
        return Arrays.stream(Backend.values()).filter(b -> missing(b).isEmpty()).toList();
    }

    /**
     * {@return the backend to use: the one that the system property forces, else the fastest that runs here}
     *
     * @throws IllegalArgumentException if the property names no backend
     * @throws UnsupportedOperationException with the reason if the forced one does not run here
     */
    public static Backend best() {
        if (!forced()) {
            return available().getLast();
        }
        Backend backend = parse(System.getProperty(PROPERTY).strip());
        require(backend);
        return backend;
    }

    private static boolean forced() {
        return !System.getProperty(PROPERTY, "").isBlank();
    }

    /**
     * Makes sure that a backend runs here.
     *
     * @param backend which
     * @throws UnsupportedOperationException with the reason if it does not
     */
    public static void require(Backend backend) {
        missing(backend).ifPresent(reason -> {
            throw new UnsupportedOperationException("backend " + backend + ": not available: " + reason);
        });
    }

    /**
     * {@return one line: the backend, its {@link #details}, and why none of the faster ones}
     *
     * @param backend which
     * @param execution threads and cap on the instruction set
     * @throws UnsupportedOperationException with the reason if the backend does not run here
     */
    public static String describe(Backend backend, Execution execution) {
        return describe(backend, execution, Backends::missing);
    }

    private static String describe(
            Backend backend, Execution execution, Function<Backend, Optional<String>> whyMissing) {
        var line = new StringBuilder("backend ").append(backend).append(": ").append(details(backend, execution));
        for (Backend faster : Backend.values()) {
            if (faster.compareTo(backend) > 0) {
                String reason = whyMissing.apply(faster).orElse("another was asked for");
                line.append("; not ").append(faster).append(": ").append(reason);
            }
        }
        return line.toString();
    }

    /**
     * {@return the OpenBLAS that NATIVE gives large products to at its baseline tier, or why none; loads it to find
     * out}
     */
    public static String openBlas() {
        return missing(Backend.NATIVE).isPresent() ? "no NATIVE backend that would use it" : OpenBlas.loadAndDescribe();
    }

    /**
     * Logs what {@link #describe} returns when a backend is first chosen, and only then. Where it was asked for, or is
     * forced, faster ones are not looked at: that would load the native library for the sake of the line.
     *
     * @param backend which
     * @param execution threads and cap on the instruction set
     * @param asked whether this very backend was asked for
     * @throws UnsupportedOperationException with the reason if the backend does not run here
     */
    public static void announce(Backend backend, Execution execution, boolean asked) {
        Objects.requireNonNull(execution, "execution: expected one, got null");
        require(backend);
        synchronized (ANNOUNCED) {
            if (!ANNOUNCED.add(backend)) {
                return;
            }
        }
        String line = describe(backend, execution, asked || forced() ? _ -> Optional.empty() : Backends::missing);
        System.getLogger("dev.rondo").log(Level.INFO, line);
    }

    /**
     * {@return instruction set and threads, and what else is particular to a backend}
     *
     * @param backend which
     * @param execution threads and cap on the instruction set
     * @throws UnsupportedOperationException with the reason if the backend does not run here
     */
    public static String details(Backend backend, Execution execution) {
        require(backend);
        Objects.requireNonNull(execution, "execution: expected one, got null");
        return switch (backend) {
            case REFERENCE -> "plain Java, 1 thread";
            case VECTOR -> VectorKernel.tier(execution.maxIsa()).bits() + " bits, 1 thread";
            case NATIVE -> {
                IsaTier tier = NativeCalls.isa(execution.maxIsa());
                String threads = execution.threads() == 1 ? "1 thread" : execution.threads() + " threads";
                yield tier + ", " + threads + ", " + OpenBlas.describe(tier);
            }
        };
    }

    private static Backend parse(String name) {
        try {
            return Backend.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(PROPERTY + ": expected reference, vector or native, got " + name, e);
        }
    }
}
