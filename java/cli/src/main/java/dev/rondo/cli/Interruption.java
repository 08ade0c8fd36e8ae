package dev.rondo.cli;

import org.jline.utils.Signals;

/**
 * SIGINT (Ctrl-C) and SIGTERM while it is open: the first asks to stop, the second ends the process at once. They
 * come through JLine, which the progress bar brings: a shutdown hook would not hear of a second one.
 */
final class Interruption implements AutoCloseable {
    /** What shells report for a process that a signal ended. */
    private static final int SIGNALLED = 128;

    private static final int INT = 2;
    private static final int TERM = 15;

    private final Runnable stop;
    private final Object previousInt;
    private final Object previousTerm;
    private volatile int signal;

    /** Calls {@code stop}, on another thread, at the first signal. */
    Interruption(Runnable stop) {
        this.stop = stop;
        this.previousInt = Signals.register("INT", () -> received(INT));
        this.previousTerm = Signals.register("TERM", () -> received(TERM));
    }

    private synchronized void received(int number) {
        if (signal != 0) {
            Runtime.getRuntime().halt(SIGNALLED + number);
        }
        signal = number;
        stop.run();
    }

    /** {@return whether a signal came} */
    boolean happened() {
        return signal != 0;
    }

    /** {@return the exit code for the signal that came} */
    int exitCode() {
        return SIGNALLED + signal;
    }

    @Override
    public void close() {
        Signals.unregister("INT", previousInt);
        Signals.unregister("TERM", previousTerm);
    }
}
