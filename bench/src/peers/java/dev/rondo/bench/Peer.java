package dev.rondo.bench;

/**
 * One layer of one system at one shape, or a {@link WordModel}, float32, ready to be timed. Every system is given the
 * same numbers.
 */
interface Peer extends AutoCloseable {
    /**
     * Forward over the whole batch; in training also backward, to gradients of parameters, input, initial state; of a
     * word model a whole training step.
     */
    void run();

    /**
     * {@return a number that tells whether the systems compute the same: after inference the sum of output * its
     * incoming gradient, after training the sum of weightHh * its gradient; of a word model the loss after the step}
     */
    double check();

    /** {@return name and version} */
    String system();

    @Override
    void close();
}
