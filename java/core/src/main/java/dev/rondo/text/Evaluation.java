package dev.rondo.text;

import dev.rondo.train.StepTimes;
import java.util.Objects;

/**
 * What an evaluation during training gave.
 *
 * @param unit what is predicted
 * @param step steps since the beginning of the training
 * @param seconds time since the beginning of this run
 * @param trainLoss mean nats per unit of the steps since the last evaluation
 * @param validationLoss mean nats per unit of the validation text, as {@link LanguageModel#scoreStream(String)} gives
 *     them
 * @param unitsPerSecond learned from since the last evaluation
 * @param gradientNorm norm of all gradients of the last step, before clipping
 * @param learningRate of the last step
 * @param stepTimes how long the parts of a step took, on average since the last evaluation; zeros where it is not known
 * @param best whether the validation loss is the lowest so far
 */
public record Evaluation(
        TextUnit unit,
        long step,
        double seconds,
        double trainLoss,
        double validationLoss,
        double unitsPerSecond,
        double gradientNorm,
        double learningRate,
        StepTimes stepTimes,
        boolean best) {
    /** Checks its arguments. */
    public Evaluation {
        Objects.requireNonNull(unit, "unit: expected one, got null");
        Objects.requireNonNull(stepTimes, "stepTimes: expected some, got null");
    }

    /** {@return the validation loss in what is customary for the unit, {@link TextUnit#measureName()}} */
    public double measure() {
        return unit.measure(validationLoss);
    }
}
