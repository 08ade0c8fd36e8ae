package dev.rondo.train;

import java.util.Objects;

/**
 * How the learning rate changes in the course of a training: a factor on the optimiser's own, by the number of the
 * update. A value: what it has learned of the validation loss makes another value.
 *
 * <pre>{@code
 * Trainer.builder(network).optimizer(Adam.of(1e-3)).learningRate(LearningRate.cosine(9_500).warmUp(500))
 * }</pre>
 *
 * <p>All lengths are counted in updates (steps of a trainer), not epochs, but for {@link #onPlateau}, which counts
 * validations. Any lambda from update to factor is a schedule too.
 */
@FunctionalInterface
public interface LearningRate {
    /**
     * {@return the factor on the optimiser's own rate, finite and at least 0}
     *
     * @param step number of the update, from 1 on
     */
    double factor(long step);

    /**
     * {@return the schedule to go on with; by default this}
     *
     * @param validationLoss that was seen; not a number if it could not be had
     */
    default LearningRate after(double validationLoss) {
        return this;
    }

    /** {@return what it remembers of validation losses, for checkpoints; by default nothing} */
    default double[] memory() {
        return new double[0];
    }

    /**
     * {@return this with what an equal schedule remembered; by default this}
     *
     * @param memory as {@link #memory()} gave it
     * @throws IllegalArgumentException if it has another number of elements
     */
    default LearningRate remembering(double[] memory) {
        Objects.requireNonNull(memory, "memory: expected an array, got null");
        return this;
    }

    /** {@return the optimiser's own rate throughout} */
    static LearningRate constant() {
        return new Schedules.Constant();
    }

    /**
     * {@return a staircase: times {@code factor} after every {@code steps} updates}
     *
     * @param factor above 0, finite
     * @param steps at least 1
     * @throws IllegalArgumentException if one of them is not
     */
    static LearningRate step(double factor, long steps) {
        return new Schedules.Step(factor, steps);
    }

    /**
     * {@return exponential decay: as {@link #step}, but evenly}
     *
     * @param factor above 0, finite; of {@code steps} updates
     * @param steps at least 1
     * @throws IllegalArgumentException if one of them is not
     */
    static LearningRate exponential(double factor, long steps) {
        return new Schedules.Exponential(factor, steps);
    }

    /**
     * {@return half a cosine from 1 in the first update to 0 after {@code steps} of them, where it stays (Loshchilov
     * and Hutter, "SGDR", 2017, equation 5, without restarts)}
     *
     * @param steps at least 1
     * @throws IllegalArgumentException if it is not
     */
    static LearningRate cosine(long steps) {
        return new Schedules.Cosine(steps);
    }

    /**
     * {@return times {@code factor} whenever {@code patience} validation losses in a row are not below the lowest one
     * before them; {@link Trainer#observe} tells of them}
     *
     * @param factor above 0 and below 1
     * @param patience validations, at least 1
     * @throws IllegalArgumentException if one of them is not
     */
    static LearningRate onPlateau(double factor, int patience) {
        return new Schedules.Plateau(factor, patience, 1, Double.POSITIVE_INFINITY, 0);
    }

    /**
     * {@return a linear rise over {@code steps} updates, from {@code 1 / steps} to 1, and after them this schedule, its
     * updates counted from there}
     *
     * @param steps at least 1
     * @throws IllegalArgumentException if it is not
     */
    default LearningRate warmUp(long steps) {
        return new Schedules.Lead(steps, true, this);
    }

    /**
     * {@return the optimiser's own rate for {@code steps} updates, and after them this schedule, its updates counted
     * from there}
     *
     * @param steps at least 1
     * @throws IllegalArgumentException if it is not
     */
    default LearningRate hold(long steps) {
        return new Schedules.Lead(steps, false, this);
    }
}
