package dev.rondo.cli;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command reads and writes.
 *
 * @param in bytes of standard input
 * @param out results and progress, UTF-8
 * @param err problems, UTF-8
 * @param terminal whether {@code out} is a terminal that a line can be redrawn on
 */
record Streams(InputStream in, PrintStream out, PrintStream err, boolean terminal) {
    /** {@return the streams of this process, UTF-8 whatever the locale says} */
    static Streams ofProcess() {
        return new Streams(System.in, utf8(FileDescriptor.out), utf8(FileDescriptor.err), hasTerminal());
    }

    private static boolean hasTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        var buffer = new BufferedOutputStream(new FileOutputStream(descriptor));
        return new PrintStream(buffer, true, StandardCharsets.UTF_8);
    }
}
