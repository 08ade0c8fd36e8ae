package dev.rondo.train;

import java.util.Objects;

/**
 * How long the parts of a training step took, in nanoseconds of elapsed time; their sum is the step.
 *
 * <pre>{@code
 * trainer.step(pass, batch);
 * StepTimes times = trainer.stepTimes();
 * System.out.printf("head: %.0f %%%n", 100.0 * times.head() / times.total());
 * }</pre>
 *
 * @param input taking in the batch, and the embedding, forward and backward
 * @param recurrent the layers, forward and backward; all that a {@link Learner} does to find gradients
 * @param head the head and the loss, forward and backward; by a learner forward alone, for its own passes go step by
 *     step
 * @param optimizer setting gradients to zero, their norm, clipping, the update; of an {@link Ekf} all that comes after
 *     the forward pass
 */
public record StepTimes(long input, long recurrent, long head, long optimizer) {
    /** {@return the whole step} */
    public long total() {
        return input + recurrent + head + optimizer;
    }

    /**
     * {@return the times of these and other steps, part by part}
     *
     * @param other of other steps
     */
    public StepTimes plus(StepTimes other) {
        Objects.requireNonNull(other, "other: expected times, got null");
        return new StepTimes(input + other.input, recurrent + other.recurrent, head + other.head,
                optimizer + other.optimizer);
    }

    /**
     * {@return the times of one step, if these are those of several}
     *
     * @param steps how many
     * @throws IllegalArgumentException if it is not at least 1
     */
    public StepTimes dividedBy(long steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("steps: expected at least 1, got " + steps);
        }
        return new StepTimes(input / steps, recurrent / steps, head / steps, optimizer / steps);
    }
}
