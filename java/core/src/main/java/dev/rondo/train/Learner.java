package dev.rondo.train;

import dev.rondo.network.NetworkPass;

/**
 * How a trainer comes to the gradients of a step: {@link Rtrl} or {@link TruncatedBptt}; without one it is
 * back-propagation through time over the batch. An {@link Ekf} takes derivatives of the outputs from these, and makes the
 * updates, too. A value, of which trainers may share one.
 *
 * <p>What a learner keeps of the sequences of a pass lies beside that pass and is freed when it is closed; it is not
 * part of a checkpoint. Layers run forwards, without dropout or zoneout: the masks of a step would have to be drawn
 * again.
 */
public abstract class Learner {
    Learner() {}

    /**
     * {@return what finds the gradients for the sequences of {@code pass}}
     *
     * @throws IllegalArgumentException if the network is none that it can learn by; the message says why
     */
    abstract OnlineGradients start(NetworkPass pass);
}
