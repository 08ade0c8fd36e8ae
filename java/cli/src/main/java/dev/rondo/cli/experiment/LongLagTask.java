package dev.rondo.cli.experiment;

import dev.rondo.network.Loss;
import java.util.random.RandomGenerator;

/** A task of Hochreiter and Schmidhuber (1997): a target at the end of a sequence that depends on early steps. */
interface LongLagTask {
    /** {@return the name on the command line} */
    String name();

    /** {@return what the task is, in one line} */
    String summary();

    /** {@return what was published, in one line} */
    String wasPublished();

    /** {@return I} */
    int inputSize();

    /** {@return O} */
    int outputs();

    /** {@return the length of the longest sequence} */
    int longest();

    /** {@return what outputs are compared with targets by} */
    Loss loss();

    /** {@return an output unit's activation for what the head puts out} */
    double activation(double output);

    /** {@return the absolute error that each output unit must keep below for a sequence to be processed correctly} */
    double tolerance();

    /** {@return what the mean absolute error of the most recent sequences must be below for a success} */
    double meanError();

    /** {@return sequences after which a trial has failed} */
    long mostSequences();

    /**
     * Draws one sequence.
     *
     * @param random what to draw from
     * @param steps [longest][I], zeros, to be filled
     * @param target [O], to be filled
     * @return its length
     */
    int draw(RandomGenerator random, float[][] steps, float[] target);
}
