package dev.rondo.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A file of JSON lines, one object for each evaluation. What is no number, or infinite, is null there. */
record EvaluationLog(JsonLines lines) {
    EvaluationLog(Path file) {
        this(new JsonLines(file));
    }

    Path file() {
        return lines.file();
    }

    /** Makes it and its directory: that it cannot be written shall not be found out after minutes of training. */
    void open() throws IOException {
        lines.open();
    }

    /** Appends {@code evaluation}; it is in the file when this returns. */
    void append(Evaluation evaluation) throws IOException {
        lines.append(toJson(evaluation));
    }

    /** {@return the evaluations in the file; none if there is no such file} */
    List<Evaluation> read() throws IOException {
        return lines.read().stream().map(EvaluationLog::parse).flatMap(Optional::stream).toList();
    }

    static String toJson(Evaluation e) {
        return Figures.format("{\"step\": %d, \"seconds\": %.3f, \"unit\": \"%s\", \"train_loss\": %s, "
                        + "\"validation_loss\": %s, \"units_per_second\": %s, \"gradient_norm\": %s, "
                        + "\"learning_rate\": %s}",
                e.step(), e.seconds(), e.unit().singular(), number(e.trainLoss(), 6), number(e.validationLoss(), 6),
                number(e.unitsPerSecond(), 1), number(e.gradientNorm(), 6),
                Double.isFinite(e.learningRate()) ? Double.toString(e.learningRate()) : null);
    }

    private static String number(double value, int digits) {
        return Double.isFinite(value) ? Figures.decimal(value, digits) : null;
    }

    private static Optional<Evaluation> parse(JsonObject line) {
        try {
            TextUnit unit = line.has("unit") ? TextUnit.of(line.get("unit").getAsString()) : TextUnit.CHARACTER;
            String speed = line.has("characters_per_second") ? "characters_per_second" : "units_per_second";
            return Optional.of(new Evaluation(unit, line.get("step").getAsLong(), number(line, "seconds"),
                    number(line, "train_loss"), number(line, "validation_loss"), number(line, speed),
                    number(line, "gradient_norm"), number(line, "learning_rate"), false));
        } catch (NullPointerException | IllegalArgumentException | IllegalStateException
                | UnsupportedOperationException _) { // another object than one of these
            return Optional.empty();
        }
    }

    /** {@return a member; NaN of null and of what earlier versions did not write} */
    private static double number(JsonObject line, String name) {
        JsonElement value = line.get(name);
        return value == null || value.isJsonNull() ? Double.NaN : value.getAsDouble();
    }
}
