package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What a command, run in this process, came to. */
record Outcome(int exitCode, String out, String err) {
    /** Runs {@code rondo} with {@code args}, nothing on standard input, and no terminal. */
    static Outcome of(Object... args) {
        return with("", args);
    }

    /** Runs {@code rondo} with {@code args} and {@code input} on standard input. */
    static Outcome with(String input, Object... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var streams = new Streams(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8), false);
        var words = new String[args.length];
        for (int i = 0; i < args.length; i++) {
            words[i] = args[i].toString();
        }
        int exitCode = Rondo.run(streams, words);
        return new Outcome(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Makes sure that it succeeded and had nothing to say about problems. */
    Outcome succeeded() {
        assertEquals("", err);
        assertEquals(0, exitCode);
        return this;
    }

    /** Makes sure that it failed with {@code code} and one line for people that has {@code part} in it. */
    void failed(int code, String part) {
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("rondo: "), err);
        assertTrue(err.contains(part), () -> "expected \"" + part + "\" in " + err);
        assertFalse(err.contains("Exception") || err.contains("\tat "), err);
        assertEquals(code, exitCode);
    }
}
