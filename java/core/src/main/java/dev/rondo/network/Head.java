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

    /** {@return gradient of the outputs, [N, O]; null without gradients} */
    MemorySegment outputGradient();

    /** {@return what it reads of the top layer, [N, H]} */
    MemorySegment input();

    /** Computes the outputs from what the top layer put out. */
    void forward();

    /** Takes the gradient of the outputs to that of what the top layer put out; adds those of the parameters. */
    void backward();

    /**
     * Memory for outputs of up to N positions, and what multiplies into it.
     *
     * @param outputs [N, O]; null without a dense layer, as the rest
     * @param gradient [N, O]; null without gradients
     * @param ones [N], by which gradients are summed over positions; null without gradients
     */
    record Memory(MemorySegment outputs, MemorySegment gradient, MemorySegment ones, Products products) {
        static Memory of(NetworkPass owner) {
            Network network = owner.network();
            NetworkHead head = network.description().head();
            if (!head.dense()) {
                return new Memory(null, null, null, null);
            }
            long positions = (long) (head.lastStep() ? 1 : owner.timeSteps()) * owner.batchSize();
            long count = positions * head.outputs();
            Precision precision = network.precision();
            MemorySegment outputs = owner.workspace().allocate(precision, count);
            MemorySegment gradient = owner.training() ? owner.workspace().allocate(precision, count) : null;
            MemorySegment ones = owner.training() ? owner.workspace().allocate(precision, positions) : null;
            for (long n = 0; n < positions && ones != null; n++) {
                precision.set(ones, n, 1);
            }
            return new Memory(outputs, gradient, ones, Products.of(network.backend(), precision, network.execution()));
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
        var reads = new Reads(PassShape.first(top.read(), precision, positions, width),
                PassShape.first(top.readGradient(), precision, positions, width), top.readsState());
        if (!network.description().head().dense()) {
            return new Direct(reads.values, reads.gradient);
        }
        var own = new Memory(
                PassShape.first(memory.outputs, precision, positions, network.outputSize()),
                PassShape.first(memory.gradient, precision, positions, network.outputSize()),
                PassShape.first(memory.ones, precision, positions, 1),
                memory.products);
        return new DenseHead(network, reads, own, skip);
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
