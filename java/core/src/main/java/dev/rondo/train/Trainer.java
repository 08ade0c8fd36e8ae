package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Trains a network, step by step: forward, backward, clip, update.
 *
 * <pre>{@code
 * var trainer = Trainer.builder(network).optimizer(Adam.of(2e-3)).clip(GradientClipping.globalNorm(5)).build();
 * try (var pass = network.pass(timeSteps, batchSize).carryState(true)) {
 *     for (SequenceBatch batch : batches) {
 *         System.out.println(trainer.step(pass, batch).loss());
 *     }
 * }
 * }</pre>
 *
 * <p>The optimiser's state lies in the network's workspace, so there is nothing to close. One thread at a time.
 */
public final class Trainer {
    private final Network network;
    private final GradientClipping clipping;
    private final GradientNorm norm;
    private final OptimizerState optimizer;

    private Trainer(Builder builder) {
        this.network = builder.network;
        this.clipping = builder.clipping;
        this.norm = new GradientNorm(network.precision());
        this.optimizer = builder.optimizer.start(network.parameters());
    }

    /** {@return a builder of a trainer of {@code network}} */
    public static Builder builder(Network network) {
        return new Builder(Objects.requireNonNull(network, "network: expected one, got null"));
    }

    /** {@return the network that is trained} */
    public Network network() {
        return network;
    }

    /** {@return what the optimiser remembers} */
    public OptimizerState optimizerState() {
        return optimizer;
    }

    /** {@return how many steps were made} */
    public long steps() {
        return optimizer.steps();
    }

    /**
     * Makes one step on {@code batch}.
     *
     * @param pass a pass of the network, with gradients, of the batch's shape
     * @param batch sequences with targets
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     * @throws IllegalArgumentException if pass or batch do not fit
     */
    public StepResult step(NetworkPass pass, SequenceBatch batch) {
        if (pass.network() != network) {
            throw new IllegalArgumentException("pass: expected one of this trainer's network, got another's");
        }
        MemorySegment gradients = network.gradients();
        gradients.fill((byte) 0);
        pass.forward(batch);
        pass.backward();
        double gradientNorm = norm.of(gradients);
        if (!Double.isFinite(gradientNorm)) {
            throw nonFinite(gradients);
        }
        optimizer.update(gradients, clipping.scale(gradientNorm));
        return new StepResult(optimizer.steps(), pass.loss(), pass.counted(), gradientNorm);
    }

    /** Finds who is to blame: the first gradient that is not finite, or the greatest if only their squares overflow. */
    private NonFiniteGradientException nonFinite(MemorySegment gradients) {
        Precision precision = network.precision();
        TensorLayout layout = network.parameters().layout();
        long worst = 0;
        for (long i = 0; i < layout.count(); i++) {
            double gradient = precision.get(gradients, i);
            if (!Double.isFinite(gradient)) {
                worst = i;
                break;
            }
            if (Math.abs(gradient) > Math.abs(precision.get(gradients, worst))) {
                worst = i;
            }
        }
        TensorLayout.Tensor tensor = layout.at(worst);
        String element = tensor.element(worst - tensor.offset());
        return new NonFiniteGradientException(element, precision.get(gradients, worst), optimizer.steps() + 1);
    }

    /** Says how a network shall be trained. */
    public static final class Builder {
        private final Network network;
        private Optimizer optimizer = Adam.of(1e-3);
        private GradientClipping clipping = GradientClipping.none();

        private Builder(Network network) {
            this.network = network;
        }

        /** Sets the rule of updates; default Adam with a learning rate of 1e-3. */
        public Builder optimizer(Optimizer value) {
            this.optimizer = Objects.requireNonNull(value, "optimizer: expected one, got null");
            return this;
        }

        /** Sets the clipping of gradients; default none. */
        public Builder clip(GradientClipping value) {
            this.clipping = Objects.requireNonNull(value, "clipping: expected one, got null");
            return this;
        }

        /** {@return the trainer, its optimiser's state fresh} */
        public Trainer build() {
            return new Trainer(this);
        }
    }
}
