package dev.rondo.train;

/** Checks of the numbers that optimisers, clipping and schedules are made of. */
final class Settings {
    private Settings() {}

    static void positive(String name, double value) {
        check(name, value > 0 && Double.isFinite(value), "a number above 0", value);
    }

    static void notNegative(String name, double value) {
        check(name, value >= 0 && Double.isFinite(value), "a number of at least 0", value);
    }

    static void belowOne(String name, double value) {
        check(name, value >= 0 && value < 1, "0 to below 1", value);
    }

    static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": expected at least 1, got " + value);
        }
    }

    private static void check(String name, boolean good, String expected, double got) {
        if (!good) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + got);
        }
    }
}
