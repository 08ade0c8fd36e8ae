package dev.rondo.train;

/** Checks of the numbers that optimisers, clipping and schedules are made of. */
final class Settings {
    private Settings() {}

    static void positive(String name, double value) {
        check(name, value > 0 && value < Double.POSITIVE_INFINITY, finite(value) + " above 0", value);
    }

    static void notNegative(String name, double value) {
        check(name, value >= 0 && value < Double.POSITIVE_INFINITY, finite(value) + " of at least 0", value);
    }

    static void belowOne(String name, double value) {
        check(name, value >= 0 && value < 1, "0 to below 1", value);
    }

    static void aboveZeroBelowOne(String name, double value) {
        check(name, value > 0 && value < 1, "above 0 to below 1", value);
    }

    static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": expected at least 1, got " + value);
        }
    }

    /** {@return what is expected, as it helps who gave {@code value}} */
    private static String finite(double value) {
        return value == Double.POSITIVE_INFINITY ? "a finite number" : "a number";
    }

    private static void check(String name, boolean good, String expected, double got) {
        if (!good) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + got);
        }
    }
}
