package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.IsaTier;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The functions of {@code rondo.h} as Java calls, pointers as addresses. Touched only where {@link
 * NativeLibrary#missing()} is empty. None is a "critical" downcall: a pass is long, and a critical call holds up the
 * JVM's safepoints.
 *
 * <p>Addresses skip the guard of the arena that they are of. So calls that work on a caller's memory also pass a
 * segment of each such arena, which the library does not look at: meanwhile the JVM keeps the arena from being closed,
 * and refuses the call where it is closed already. That costs two atomic operations an arena.
 *
 * <p>Linking a function takes milliseconds, more for each new signature. So only what every plan needs is linked here,
 * the rest when it is first called: a program that only answers starts sooner.
 */
final class NativeCalls {
    private static final int FEW = 3; // arenas that a pass usually has, at most
    private static final MethodHandle ISA = function("rondo_isa", JAVA_INT);
    private static final MethodHandle FIND_CELL = function("rondo_find_cell", JAVA_INT, JAVA_LONG);
    private static final MethodHandle PLAN_CREATE = function("rondo_plan_create", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PLAN_ISA = function("rondo_plan_isa", JAVA_INT, JAVA_LONG);
    private static final MethodHandle PLAN_FREE = procedure("rondo_plan_free", JAVA_LONG);
    private static final MethodHandle FORWARD = functionOn(FEW, "rondo_forward", JAVA_LONG, JAVA_LONG);

    private static final int OK = 0;
    private static final int BAD_ARGUMENT = 1;
    private static final int OUT_OF_MEMORY = 2;
    private static final int UNSUPPORTED = 3;

    private NativeCalls() {}

    /** {@return the tier that runs under a cap} */
    static IsaTier isa(IsaTier cap) {
        IsaTier best = isa();
        return cap.compareTo(best) < 0 ? cap : best;
    }

    static void setBlas(long sgemm, long dgemm) {
        try {
            procedure("rondo_set_blas", JAVA_LONG, JAVA_LONG).invokeExact(sgemm, dgemm);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** {@return the index of the cell called {@code name}, or -1} */
    static int findCell(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) FIND_CELL.invokeExact(arena.allocateFrom(name).address());
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** {@return a plan; {@code options} is filled} */
    static long createPlan(NativeStruct options, Object what) {
        int status;
        long plan;
        try (Arena arena = Arena.ofConfined()) {
            var result = arena.allocate(JAVA_LONG);
            status = (int) PLAN_CREATE.invokeExact(options.address(), result.address());
            plan = result.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
        return plan;
    }

    static void freePlan(long plan) {
        try {
            PLAN_FREE.invokeExact(plan);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static IsaTier planIsa(long plan) {
        try {
            return IsaTier.values()[(int) PLAN_ISA.invokeExact(plan)];
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long cacheBytes(long plan, long timeSteps, long batchSize) {
        try {
            return (long) Training.CACHE_BYTES.invokeExact(plan, timeSteps, batchSize);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** What a head needs, trained or not. */
    private static final class Head {
        static final MethodHandle MULTIPLY = functionOn(FEW, "rondo_multiply", JAVA_LONG);

        private Head() {}
    }

    /** Activations by themselves. */
    private static final class Activation {
        static final MethodHandle ACTIVATE = functionOn(2, "rondo_activate", JAVA_LONG);

        private Activation() {}
    }

    /** What training needs, and figures of a loss. */
    private static final class Training {
        static final MethodHandle CACHE_BYTES =
                function("rondo_cache_bytes", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle BACKWARD = functionOn(FEW, "rondo_backward", JAVA_LONG, JAVA_LONG, JAVA_LONG);
        static final MethodHandle SOFTMAX_LOSS = functionOn(FEW, "rondo_softmax_loss", JAVA_LONG);
        static final MethodHandle SUM_SQUARES = functionOn(1, "rondo_sum_squares", JAVA_LONG, JAVA_LONG);
        static final MethodHandle UPDATE = functionOn(4, "rondo_update", JAVA_LONG);

        private Training() {}
    }

    /** What Kalman filters need. */
    private static final class Symmetric {
        static final MethodHandle PRODUCT = functionOn(FEW, "rondo_symmetric_product", JAVA_LONG);
        static final MethodHandle UPDATE = functionOn(2, "rondo_symmetric_update", JAVA_LONG);

        private Symmetric() {}
    }

    /** Passes on as many arenas as they and their gradients can have, where that is more than few. */
    private static final class Many {
        static final int MANY = 32;
        static final MethodHandle FORWARD = functionOn(MANY, "rondo_forward", JAVA_LONG, JAVA_LONG)
                .asSpreader(MemorySegment[].class, MANY);
        static final MethodHandle BACKWARD = functionOn(MANY, "rondo_backward", JAVA_LONG, JAVA_LONG, JAVA_LONG)
                .asSpreader(MemorySegment[].class, MANY);

        private Many() {}

        static MemorySegment[] of(List<MemorySegment> arenas) {
            var all = new MemorySegment[MANY];
            Arrays.setAll(all, i -> arena(arenas, i));
            return all;
        }
    }

    private static MemorySegment arena(List<MemorySegment> arenas, int i) {
        return i < arenas.size() ? arenas.get(i) : MemorySegment.NULL;
    }

    /** Runs a pass forward; {@code arenas} has a segment of each arena to be kept open. */
    static void forward(long plan, NativeStruct pass, List<MemorySegment> arenas, Object what) {
        int status;
        try {
            status = arenas.size() <= FEW
                    ? (int) FORWARD.invokeExact(
                            plan, pass.address(), arena(arenas, 0), arena(arenas, 1), arena(arenas, 2))
                    : (int) Many.FORWARD.invokeExact(plan, pass.address(), Many.of(arenas));
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Runs a pass backward; {@code arenas} has a segment of each arena to be kept open. */
    static void backward(
            long plan, NativeStruct pass, NativeStruct gradients, List<MemorySegment> arenas, Object what) {
        int status;
        try {
            status = arenas.size() <= FEW
                    ? (int) Training.BACKWARD.invokeExact(plan, pass.address(), gradients.address(), arena(arenas, 0),
                            arena(arenas, 1), arena(arenas, 2))
                    : (int) Many.BACKWARD.invokeExact(plan, pass.address(), gradients.address(), Many.of(arenas));
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Runs an activation on the memory of {@code x} and {@code y}, which is kept open. */
    static void activate(NativeStruct activation, MemorySegment x, MemorySegment y, Object what) {
        int status;
        try {
            status = (int) Activation.ACTIVATE.invokeExact(activation.address(), x, y);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Runs a product on the memory of {@code a}, {@code b} and {@code c}, which is kept open. */
    static void multiply(NativeStruct product, MemorySegment a, MemorySegment b, MemorySegment c, Object what) {
        int status;
        try {
            status = (int) Head.MULTIPLY.invokeExact(product.address(), a, b, c);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Runs a softmax on the memory of {@code outputs}, {@code targets} and {@code gradient}, which is kept open. */
    static void softmaxLoss(
            NativeStruct loss, MemorySegment outputs, MemorySegment targets, MemorySegment gradient, Object what) {
        int status;
        try {
            status = (int) Training.SOFTMAX_LOSS.invokeExact(loss.address(), outputs, targets, gradient);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Sums squares of {@code values}, which are kept open, into {@code sum}. */
    static void sumSquares(NativeStruct squares, MemorySegment sum, MemorySegment values, Object what) {
        int status;
        try {
            status = (int) Training.SUM_SQUARES.invokeExact(squares.address(), sum.address(), values);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Runs an update on the memory of {@code w}, {@code g}, {@code m} and {@code v}, which is kept open. */
    static void update(NativeStruct rule, MemorySegment w, MemorySegment g, MemorySegment m, MemorySegment v,
            Object what) {
        int status;
        try {
            status = (int) Training.UPDATE.invokeExact(rule.address(), w, g, m, v);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Multiplies by a symmetric matrix, on the memory of {@code p}, {@code h} and {@code g}, which is kept open. */
    static void symmetricProduct(NativeStruct symmetric, MemorySegment p, MemorySegment h, MemorySegment g,
            Object what) {
        int status;
        try {
            status = (int) Symmetric.PRODUCT.invokeExact(symmetric.address(), p, h, g);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Updates a symmetric matrix, on the memory of {@code p} and {@code v}, which is kept open. */
    static void symmetricUpdate(NativeStruct symmetric, MemorySegment p, MemorySegment v, Object what) {
        int status;
        try {
            status = (int) Symmetric.UPDATE.invokeExact(symmetric.address(), p, v);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Maps a status to an exception, or to the error that memory is lacking, which names {@code what} failed. */
    static void check(int status, Object what) {
        if (status == OK) {
            return;
        }
        String message = what + ": " + statusText(status);
        throw switch (status) {
            case BAD_ARGUMENT -> new IllegalArgumentException(message);
            case OUT_OF_MEMORY -> throw new OutOfMemoryError(message);
            case UNSUPPORTED -> new UnsupportedOperationException(message);
            default -> new IllegalStateException(message);
        };
    }

    /** The best tier of this CPU that the library has. */
    private static IsaTier isa() {
        try {
            return IsaTier.values()[(int) ISA.invokeExact()];
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static String statusText(int status) {
        try {
            return NativeLibrary.text((long) function("rondo_status_text", JAVA_LONG, JAVA_INT).invokeExact(status));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return NativeLibrary.function(name, FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle procedure(String name, MemoryLayout... arguments) {
        return NativeLibrary.function(name, FunctionDescriptor.ofVoid(arguments));
    }

    /** {@return a function with a status, {@code arguments} and {@code arenas} segments that are kept open} */
    private static MethodHandle functionOn(int arenas, String name, MemoryLayout... arguments) {
        var segments = Collections.nCopies(arenas, ADDRESS).toArray(MemoryLayout[]::new);
        var type = FunctionDescriptor.of(JAVA_INT, arguments).appendArgumentLayouts(segments);
        return NativeLibrary.variadicFunction(name, type, arguments.length);
    }

    /**
     * A call through a method handle declares any throwable. The functions themselves throw none; the JVM does if
     * memory was closed at the last moment.
     */
    private static RuntimeException unexpected(Throwable e) {
        return switch (e) {
            case RuntimeException refused -> refused;
            case Error error -> throw error;
            default -> throw new AssertionError("native call failed", e);
        };
    }
}
