package dev.rondo.cli;

import dev.rondo.text.TextSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PushbackReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A text that a command reads, from a file or from standard input. */
record InputLines(String file, Streams streams) {
    static final String STANDARD_INPUT = "-";

    /** Lines that are at hand are handed on together, but never more than these. */
    private static final int MOST_AT_ONCE = 4096;

    /**
     * A line.
     *
     * @param number from 1 on
     */
    record Line(String file, int number, String text) {
        String place() {
            return file + ", line " + number;
        }
    }

    /** {@return what messages call it} */
    String name() {
        return file.equals(STANDARD_INPUT) ? "standard input" : file;
    }

    /** {@return the text; opening it fails if there is nothing in it} */
    TextSource source() {
        return () -> {
            var in = new PushbackReader(text().open());
            int first = in.read();
            if (first < 0) {
                throw new Failure(name() + ": is empty");
            }
            in.unread(first);
            return in;
        };
    }

    private TextSource text() {
        return file.equals(STANDARD_INPUT)
                ? () -> TextSource.utf8(streams.in(), name())
                : TextSource.of(List.of(Path.of(file)));
    }

    /** Hands on lines as they come: as many as there are without waiting, so that an answer does not wait either. */
    void forEach(Consumer<List<Line>> sink) throws IOException {
        var waiting = new ArrayList<Line>();
        int number = 0;
        try (var lines = new BufferedReader(source().open())) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                waiting.add(new Line(name(), ++number, line));
                if (!lines.ready() || waiting.size() == MOST_AT_ONCE) {
                    sink.accept(List.copyOf(waiting));
                    waiting.clear();
                }
            }
        }
        if (!waiting.isEmpty()) {
            sink.accept(waiting);
        }
    }
}
