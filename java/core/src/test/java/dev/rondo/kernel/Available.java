package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import java.util.Optional;

/** What tests of a backend ask first. */
public final class Available {
    private Available() {}

    /** Skips the test if {@code backend} does not run here; fails it if the run requires the native backend. */
    public static void assume(Backend backend) {
        Optional<String> missing = Backends.missing(backend);
        if (backend == Backend.NATIVE && "native".equals(System.getProperty("rondo.require"))) {
            assertEquals(Optional.empty(), missing, "-Drondo.require=native");
        }
        assumeTrue(missing.isEmpty(), () -> backend + ": " + missing.get());
    }

    /** Skips the test as {@link #assume(Backend)} does, or if {@code cell} has no body in {@code backend}. */
    public static void assume(Backend backend, Cell cell) {
        assume(backend);
        try {
            cell.kernel(backend);
        } catch (UnsupportedOperationException e) {
            assumeTrue(false, e.getMessage());
        }
    }
}
