package dev.rondo.cli;

import dev.rondo.cli.InputLines.Line;
import dev.rondo.text.UnknownCharacterException;
import dev.rondo.text.Vocabulary;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** What {@code rondo score} makes of lines: rows. */
abstract class LineReport {
    private final Vocabulary vocabulary;
    private final Rows rows;

    LineReport(Vocabulary vocabulary, Rows rows) {
        this.vocabulary = vocabulary;
        this.rows = rows;
    }

    final Rows rows() {
        return rows;
    }

    /** Takes some lines, in their order. */
    abstract void take(List<Line> lines);

    /** After the last line of a file, if there are several. */
    void endOfFile(String name) {}

    /** After all lines. */
    void end() {}

    /** Makes a row of each line, of all of them at once; before one that the model cannot read, of those before it. */
    final <R> void each(List<Line> lines, Function<List<String>, List<R>> model, BiConsumer<Line, R> row) {
        List<R> results;
        try {
            results = model.apply(lines.stream().map(Line::text).toList());
        } catch (UnknownCharacterException e) {
            int readable = readable(lines);
            each(lines.subList(0, readable), model, row);
            throw unknown(lines.get(readable), e);
        }
        for (int i = 0; i < results.size(); i++) {
            row.accept(lines.get(i), results.get(i));
        }
        rows.flush();
    }

    private int readable(List<Line> lines) {
        int count = 0;
        try {
            while (count < lines.size()) {
                vocabulary.encode(lines.get(count).text());
                count++;
            }
        } catch (UnknownCharacterException _) {
            // This is the line.
        }
        return count;
    }

    static Failure unknown(Line line, UnknownCharacterException e) {
        return new Failure(line.place() + ": " + e.getMessage(), e);
    }

    static void notEmpty(Line line) {
        if (line.text().isEmpty()) {
            throw new Failure(line.place() + ": is empty");
        }
    }
}
