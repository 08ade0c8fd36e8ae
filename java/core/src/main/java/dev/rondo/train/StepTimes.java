package dev.rondo.train;

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
}
