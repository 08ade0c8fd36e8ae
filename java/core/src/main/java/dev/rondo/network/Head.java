package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What stands on the top layer in a pass: where the outputs of the network lie, and their gradient.
 *
 * <p>N positions: all T * B of a head that reads each step, the B sequences of one that reads the last; O outputs.
 */
interface Head {
    /** {@return outputs [N, O]} */
    MemorySegment outputs();

    /** {@return gradient of the outputs, [N, O]; null without gradients, or if they have none} */
    MemorySegment outputGradient();

    /** {@return whether outputs are not computed before {@link #completeOutputs()}} */
    default boolean outputsPending() {
        return false;
    }

    /** Computes outputs that were put off. */
    default void completeOutputs() {}

    /** {@return the sum of a loss of the outputs, as {@link LossPass#sum} says; assigns the gradient} */
    default double sum(LossPass loss, Targets targets, double scale) {
        return loss.sum(targets, outputs(), outputGradient(), scale);
    }

    /** {@return the loss of position {@code n}, which counted in the last {@link #sum}, times its weight} */
    default double loss(LossPass loss, int n) {
        return loss.loss(n);
    }

    /** Sets the gradient of the outputs to zero. */
    default void zeroGradient() {
        if (outputGradient() != null) {
            outputGradient().fill((byte) 0);
        }
    }

    /** {@return what it reads of the top layer, [N, H]} */
    MemorySegment input();

    /** Computes the outputs from what the top layer put out. */
    void forward();

    /** Takes the gradient of the outputs to that of what the top layer put out; adds those of the parameters. */
    void backward();

    /**
     * Memory for outputs of up to N positions, and what multiplies into it.
     *
     * @param outputs [N, O] of the dense layer; null without one, as the rest
     * @param gradient [N, O]; null without gradients
     * @param ones [N], by which gradients are summed over positions; null without gradients
     * @param clusters of an adaptive softmax; null without
     */
    record Memory(MemorySegment outputs, MemorySegment gradient, MemorySegment ones, Products products,
            AdaptiveClusters clusters) {
        static Memory of(NetworkPass owner) {
            Network network = owner.network();
            NetworkHead head = network.description().head();
            if (!head.dense()) {
                return new Memory(null, null, null, null, null);
            }
            long positions = (long) (head.lastStep() ? 1 : owner.timeSteps()) * owner.batchSize();
            int width = network.description().denseOutputs();
            long count = positions * width;
            Precision precision = network.precision();
            MemorySegment outputs = owner.workspace().allocate(precision, count);
            MemorySegment gradient = owner.training() ? owner.workspace().allocate(precision, count) : null;
            MemorySegment ones = owner.training() ? owner.workspace().allocate(precision, positions) : null;
            for (long n = 0; n < positions && ones != null; n++) {
                precision.set(ones, n, 1);
            }
            Products products = Products.of(network.backend(), precision, network.execution());
            AdaptiveClusters clusters = head.loss() instanceof Loss.AdaptiveSoftmax softmax
                    ? new AdaptiveClusters(owner, softmax, Math.toIntExact(positions), products) : null;
            return new Memory(outputs, gradient, ones, products, clusters);
        }
    }

    /**
     * What a head reads of the top layer.
     *
     * @param values [N, H]
     * @param gradient where its gradient goes, [N, H]; null without gradients
     * @param state whether it is a last state, to whose gradient others may have added
     */
    record Reads(MemorySegment values, MemorySegment gradient, boolean state) {}

    /** {@return the head of {@code positions} positions on {@code top}; {@code skip} is null without} */
    static Head of(Network network, LayerPass top, Memory memory, long positions, SkipPass skip) {
        Precision precision = network.precision();
        int width = network.description().topSize();
        int outputs = network.description().denseOutputs();
        var reads = new Reads(PassShape.first(top.read(), precision, positions, width),
                PassShape.first(top.readGradient(), precision, positions, width), top.readsState());
        if (!network.description().head().dense()) {
            return new Direct(reads.values, reads.gradient);
        }
        var own = new Memory(
                PassShape.first(memory.outputs, precision, positions, outputs),
                PassShape.first(memory.gradient, precision, positions, outputs),
                PassShape.first(memory.ones, precision, positions, 1),
                memory.products, memory.clusters);
        var dense = new DenseHead(network, reads, own, skip);
        return memory.clusters == null ? dense : new AdaptiveHead(dense, reads, memory.clusters, positions);
    }

    /** No dense layer: what the top layer puts out is the network's output. */
    record Direct(MemorySegment outputs, MemorySegment outputGradient) implements Head {
        @Override
        public MemorySegment input() {
            return outputs;
        }

        @Override
        public void forward() {
            // The top layer wrote the outputs.
        }

        @Override
        public void backward() {
            // The top layer reads the gradient where it lies.
        }
    }
}
