package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
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
            + "(?:, \"unit\": \"([a-z-]+)\")?, \"train_loss\": " + NUMBER + ", \"validation_loss\": " + NUMBER
            + ", \"(?:units|characters)_per_second\": " + NUMBER + "}"); // earlier ones knew but characters

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
        return Figures.format("{\"step\": %d, \"seconds\": %.3f, \"unit\": \"%s\", \"train_loss\": %s, "
                        + "\"validation_loss\": %s, \"units_per_second\": %.1f}",
                e.step(), e.seconds(), e.unit().singular(), Figures.decimal(e.trainLoss(), 6),
                Figures.decimal(e.validationLoss(), 6), e.unitsPerSecond());
    }

    private static Optional<Evaluation> parse(String line) {
        Matcher m = LINE.matcher(line);
        if (!m.matches()) {
            return Optional.empty();
        }
        TextUnit unit = m.group(3) == null ? TextUnit.CHARACTER : TextUnit.of(m.group(3));
        return Optional.of(new Evaluation(unit, Long.parseLong(m.group(1)), number(m, 2), number(m, 4), number(m, 5),
                number(m, 6), Double.NaN, false));
    }

    private static double number(Matcher m, int group) {
        return Double.parseDouble(m.group(group));
    }
}
