package dev.rondo.text;

import java.util.Objects;

/**
 * How a run of a training ended.
 *
 * @param step steps since the beginning of the training
 * @param seconds time of this run
 * @param last the last evaluation of this run; null if it ended before there was one
 * @param best the evaluation of this run with the lowest validation loss; null if it ended before there was one
 * @param ending what ended it
 */
public record TrainingSummary(long step, double seconds, Evaluation last, Evaluation best, Ending ending) {
    /** What ended a run. */
    public enum Ending {
        /** Its budget was used up. */
        BUDGET,
        /** The validation loss did not fall for as long as {@link LanguageModelTrainer.Builder#patience} says. */
        PATIENCE,
        /** {@link LanguageModelTrainer#stop()} was called before. */
        STOPPED
    }

    /** Checks its arguments. */
    public TrainingSummary {
        Objects.requireNonNull(ending, "ending: expected one, got null");
    }

    /** {@return whether it was stopped before its budget was used up} */
    public boolean stopped() {
        return ending == Ending.STOPPED;
    }
}
