package dev.rondo.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import dev.rondo.train.StepTimes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A file of JSON lines, one object for each evaluation. What is no number, or infinite, is null there. */
record EvaluationLog(JsonLines lines) {
    private static final double MILLI = 1e6; // nanoseconds

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

    /** Appends {@code evaluation} of the training by {@code seed}; it is in the file when this returns. */
    void append(Evaluation evaluation, long seed) throws IOException {
        lines.append(toJson(evaluation, seed));
    }

    /** {@return the evaluations in the file; none if there is no such file} */
    List<Evaluation> read() throws IOException {
        return lines.read().stream().map(EvaluationLog::parse).flatMap(Optional::stream).toList();
    }

    /** {@return the one with the lowest validation loss; none if there is none} */
    static Optional<Evaluation> best(List<Evaluation> evaluations) {
        return evaluations.stream().min(Comparator.comparingDouble(Evaluation::validationLoss));
    }

    static String toJson(Evaluation e, long seed) {
        return Figures.format("{\"seed\": %d, \"step\": %d, \"seconds\": %.3f, \"unit\": \"%s\", \"train_loss\": %s, "
                        + "\"validation_loss\": %s, \"units_per_second\": %s, \"gradient_norm\": %s, "
                        + "\"learning_rate\": %s%s}",
                seed, e.step(), e.seconds(), e.unit().singular(), number(e.trainLoss(), 6),
                number(e.validationLoss(), 6),
                Double.isFinite(e.unitsPerSecond()) ? Figures.format("%.1f", e.unitsPerSecond()) : null,
                number(e.gradientNorm(), 6),
                Double.isFinite(e.learningRate()) ? Double.toString(e.learningRate()) : null, toJson(e.stepTimes()));
    }

    /** Of a step, so long as it is known. */
    private static String toJson(StepTimes times) {
        return times.total() == 0 ? "" : Figures.format(", \"input_ms\": %.4f, \"recurrent_ms\": %.4f, "
                        + "\"head_ms\": %.4f, \"optimizer_ms\": %.4f",
                times.input() / MILLI, times.recurrent() / MILLI, times.head() / MILLI, times.optimizer() / MILLI);
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
                    number(line, "gradient_norm"), number(line, "learning_rate"),
                    new StepTimes(nanos(line, "input_ms"), nanos(line, "recurrent_ms"), nanos(line, "head_ms"),
                            nanos(line, "optimizer_ms")), false));
        } catch (NullPointerException | IllegalArgumentException | IllegalStateException
                | UnsupportedOperationException _) { // another object than one of these
            return Optional.empty();
        }
    }

    /** {@return nanoseconds of a member in milliseconds; 0 if it is not there} */
    private static long nanos(JsonObject line, String name) {
        return line.has(name) ? Math.round(line.get(name).getAsDouble() * MILLI) : 0;
    }

    /** {@return a member; NaN of null and of what earlier versions did not write} */
    private static double number(JsonObject line, String name) {
        JsonElement value = line.get(name);
        return value == null || value.isJsonNull() ? Double.NaN : value.getAsDouble();
    }
}
