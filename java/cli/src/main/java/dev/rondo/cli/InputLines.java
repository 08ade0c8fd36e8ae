package dev.rondo.cli;

import dev.rondo.text.TextSource;
import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** A text that a command reads, from a file or from standard input. */
record InputLines(String file, Streams streams) {
    static final String STANDARD_INPUT = "-";

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
        var lines = new LineSplitter(name(), sink);
        var text = new char[1 << 13];
        try (Reader in = text().open()) {
            for (int count = in.read(text); count >= 0; count = in.read(text)) {
                lines.take(text, count);
                if (!in.ready()) {
                    lines.handOn();
                }
            }
        }
        if (!lines.finish()) {
            throw new Failure(name() + ": is empty");
        }
    }
}
