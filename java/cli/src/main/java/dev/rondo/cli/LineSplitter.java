package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Cuts a text that comes in parts into its lines, which end as those of {@link java.io.BufferedReader} do. That one
 * would wait for the rest of a line with whole ones at hand.
 */
final class LineSplitter {
    /** Lines that are at hand are handed on together, but never more than these. */
    private static final int MOST_LINES = 4096;

    /** Characters of lines from which on they are handed on: memory does not grow with the length of lines, but one. */
    private static final int MANY_CHARACTERS = 1 << 20;

    private final String name;
    private final Consumer<List<Line>> sink;
    private final StringBuilder line = new StringBuilder();
    private final List<Line> whole = new ArrayList<>();
    private long characters; // of these
    private int number; // lines so far
    private boolean returned; // the last character was a carriage return, and ended a line
    private boolean empty = true;

    /** A splitter; lines of {@code name} go to {@code sink}. */
    LineSplitter(String name, Consumer<List<Line>> sink) {
        this.name = name;
        this.sink = sink;
    }

    /** Takes the next {@code count} characters. */
    void take(char[] text, int count) {
        empty &= count == 0;
        int begin = 0;
        for (int i = 0; i < count; i++) {
            char c = text[i];
            if (c == '\n' && returned) {
                begin = i + 1; // of the line end before it
            } else if (c == '\n' || c == '\r') {
                line.append(text, begin, i - begin);
                end();
                begin = i + 1;
            }
            returned = c == '\r';
        }
        line.append(text, begin, count - begin);
    }

    private void end() {
        whole.add(new Line(name, ++number, line.toString()));
        characters += line.length();
        line.setLength(0);
        if (whole.size() == MOST_LINES || characters >= MANY_CHARACTERS) {
            handOn();
        }
    }

    /** Hands on the lines that are whole. */
    void handOn() {
        if (!whole.isEmpty()) {
            sink.accept(List.copyOf(whole));
            whole.clear();
            characters = 0;
        }
    }

    /** Hands on the rest, a last line without an end too; {@return whether there was any text} */
    boolean finish() {
        if (!line.isEmpty()) {
            end();
        }
        handOn();
        return !empty;
    }
}
