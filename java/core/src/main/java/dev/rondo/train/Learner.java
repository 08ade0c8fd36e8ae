package dev.rondo.train;

import dev.rondo.network.NetworkPass;

/**
 * How a trainer comes to the gradients of a step: {@link Rtrl} or {@link TruncatedBptt}; without one it is
 * back-propagation through time over the batch. An {@link Ekf} takes derivatives of the outputs from these, and makes
 * the updates, too. A value, of which trainers may share one.
 *
 * <p>What a learner keeps of the sequences of a pass lies beside that pass and is freed when it is closed;
 * {@link Trainer#writePast} adds it to a checkpoint. Layers run forwards. At each step the masks of dropout and zoneout
 * are those that the pass has drawn for its batch.
 */
public abstract class Learner {
    Learner() {}

    /**
     * {@return what finds the gradients for the sequences of {@code pass}}
     *
     * @throws IllegalArgumentException if the network is none that it can learn by; the message says why
     */
    abstract OnlineGradients start(NetworkPass pass);

    /** {@return what finds derivatives, whatever updates are made by them} */
    Learner derivatives() {
        return this;
    }
}
