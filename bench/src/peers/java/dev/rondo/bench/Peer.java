package dev.rondo.bench;

/** One layer of one system at one shape, float32, ready to be timed. Every system is given the same numbers. */
interface Peer extends AutoCloseable {
    /** Forward over the whole batch; in training also backward, to gradients of parameters, input, initial state. */
    void run();

    /**
     * {@return a number that tells whether the systems compute the same: after inference the sum of output * its
     * incoming gradient, after training the sum of weightHh * its gradient}
     */
    double check();

    /** {@return name and version} */
    String system();

    @Override
    void close();
}
