package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import java.util.Arrays;
import java.util.Optional;

/** What tests of a backend ask first. */
public final class Available {
    private Available() {}

    /** Skips the test if {@code backend} does not run here; fails it if the run requires the native backend. */
    public static void assume(Backend backend) {
        Optional<String> missing = Backends.missing(backend);
        boolean required = Arrays.asList(System.getProperty("rondo.require", "").split(",")).contains("native");
        if (backend == Backend.NATIVE && required) {
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
