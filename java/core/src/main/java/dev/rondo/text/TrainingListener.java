package dev.rondo.text;

/** Hears of a training's progress, in the thread that trains. */
public interface TrainingListener {
    /** A step was made. */
    default void step(TrainingProgress progress) {}

    /** The validation text was evaluated. */
    default void evaluation(Evaluation evaluation) {}
}
