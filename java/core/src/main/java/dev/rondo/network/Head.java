package dev.rondo.network;

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

    /** Computes the outputs from what the top layer put out. */
    void forward();

    /** Takes the gradient of the outputs to that of what the top layer put out; adds those of the parameters. */
    void backward();

    /** {@return the head of a pass whose top layer is {@code top}} */
    static Head of(Network network, LayerPass top, NetworkPass owner) {
        boolean lastStep = network.description().head().lastStep();
        // After a pass, plane 0 of the state is the output of each sequence's last valid step.
        MemorySegment h = lastStep ? top.state(0) : top.output();
        MemorySegment hGradient = lastStep ? top.lastGradient(0) : top.outputGradient();
        return network.description().head().dense()
                ? new DenseHead(network, h, hGradient, owner)
                : new Direct(h, hGradient);
    }

    /** No dense layer: what the top layer puts out is the network's output. */
    record Direct(MemorySegment outputs, MemorySegment outputGradient) implements Head {
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
