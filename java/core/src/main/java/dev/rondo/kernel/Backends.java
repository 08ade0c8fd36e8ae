package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import java.util.List;
import java.util.Optional;

/** Which backends run here, and why a faster one does not. */
public final class Backends {
    private Backends() {}

    /** {@return why {@code backend} cannot run here, or empty if it can} */
    public static Optional<String> missing(Backend backend) {
        return backend == Backend.REFERENCE ? Optional.empty() : Optional.of("not built yet");
    }

    /** {@return the backends that run here, slowest first} */
    public static List<Backend> available() {
        return List.of(Backend.values()).stream().filter(b -> missing(b).isEmpty()).toList();
    }

    /**
     * Makes sure that {@code backend} runs here.
     *
     * @throws UnsupportedOperationException with the reason if it does not
     */
    public static void require(Backend backend) {
        missing(backend).ifPresent(reason -> {
            throw new UnsupportedOperationException("backend " + backend + ": not available: " + reason);
        });
    }
}
