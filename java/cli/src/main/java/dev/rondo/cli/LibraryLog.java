package dev.rondo.cli;

import java.io.PrintStream;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Shows the library's warnings in the form of all other messages, and keeps the rest of its log away. */
final class LibraryLog extends Handler {
    /** Held here, for the log framework itself would let it be collected, and its settings with it. */
    private static final Logger LIBRARY = Logger.getLogger("dev.rondo");

    private final PrintStream err;

    private LibraryLog(PrintStream err) {
        this.err = err;
    }

    /** Sends what the library logs to {@code err}, warnings and worse only. */
    static void redirect(PrintStream err) {
        LIBRARY.setUseParentHandlers(false);
        LIBRARY.setLevel(Level.WARNING);
        LIBRARY.addHandler(new LibraryLog(err));
    }

    @Override
    public void publish(LogRecord message) {
        if (isLoggable(message)) {
            err.println("rondo: warning: " + Failure.oneLine(message.getMessage()));
        }
    }

    @Override
    public void flush() {
        err.flush();
    }

    @Override
    public void close() {}
}
