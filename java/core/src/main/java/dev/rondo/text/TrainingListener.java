package dev.rondo.text;

/** Hears of a training's progress, in the thread that trains. What it throws ends the run and arrives at the caller. */
public interface TrainingListener {
    /**
     * A step was made; does nothing unless overridden.
     *
     * @param progress where the training stands
     */
    default void step(TrainingProgress progress) {}

    /**
     * The validation text was evaluated; does nothing unless overridden.
     *
     * @param evaluation what it gave
     */
    default void evaluation(Evaluation evaluation) {}
}
