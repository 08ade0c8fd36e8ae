package dev.rondo.cli;

/** What commands use where nothing is said. */
final class Defaults {
    /** Beyond these the parts of a batch become too small to be worth handing out. */
    private static final int MOST_THREADS = 8;

    private Defaults() {}

    static int threads() {
        return Math.min(Runtime.getRuntime().availableProcessors(), MOST_THREADS);
    }
}
