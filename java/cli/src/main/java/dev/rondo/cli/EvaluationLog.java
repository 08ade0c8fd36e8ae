package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of JSON lines, one object for each evaluation. */
record EvaluationLog(Path file) {
    private static final String NUMBER = "(-?[0-9.]+(?:e[+-][0-9]+)?)";
    private static final Pattern LINE = Pattern.compile("\\{\"step\": " + NUMBER + ", \"seconds\": " + NUMBER
            + ", \"train_loss\": " + NUMBER + ", \"validation_loss\": " + NUMBER
            + ", \"characters_per_second\": " + NUMBER + "}");

    /** Makes it and its directory: that it cannot be written shall not be found out after minutes of training. */
    void open() throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        append("");
    }

    /** Appends {@code evaluation}; it is in the file when this returns. */
    void append(Evaluation evaluation) throws IOException {
        append(toJson(evaluation) + "\n");
    }

    private void append(String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** {@return the evaluations in the file; none if there is no such file} */
    List<Evaluation> read() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        return Files.readAllLines(file).stream().map(EvaluationLog::parse).flatMap(Optional::stream).toList();
    }

    static String toJson(Evaluation e) {
        return Figures.format("{\"step\": %d, \"seconds\": %.3f, \"train_loss\": %s, \"validation_loss\": %s, "
                        + "\"characters_per_second\": %.1f}",
                e.step(), e.seconds(), Figures.decimal(e.trainLoss(), 6), Figures.decimal(e.validationLoss(), 6),
                e.charactersPerSecond());
    }

    private static Optional<Evaluation> parse(String line) {
        Matcher m = LINE.matcher(line);
        return m.matches()
                ? Optional.of(new Evaluation(Long.parseLong(m.group(1)), number(m, 2), number(m, 3), number(m, 4),
                        number(m, 5), Double.NaN, false))
                : Optional.empty();
    }

    private static double number(Matcher m, int group) {
        return Double.parseDouble(m.group(group));
    }
}
