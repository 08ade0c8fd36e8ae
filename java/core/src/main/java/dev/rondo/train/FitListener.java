package dev.rondo.train;

/**
 * Hears how {@link Trainer#fit} goes on, in the thread that trains. It may call {@link Trainer#stop()}; what it
 * throws ends the training and arrives at the caller.
 */
@FunctionalInterface
public interface FitListener {
    /**
     * After an epoch, its validation included.
     *
     * @param epoch what it gave
     */
    void epochEnded(EpochResult epoch);

    /**
     * After a step; does nothing unless overridden.
     *
     * @param step what it gave
     */
    default void stepEnded(StepResult step) {
        // Most listeners want epochs only.
    }
}
