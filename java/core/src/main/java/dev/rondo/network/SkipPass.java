package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What a head adds to its outputs from the network's input, past all layers: {@code outputs += x V^T}. A head that
 * reads each sequence once reads the input of the last step that the sequence takes.
 *
 * <p>N positions, T * B or B; I width of the input, O outputs; V [O, I].
 */
final class SkipPass {
    private final Products products;
    private final Precision precision;
    private final ActiveRows rows;
    private final int timeSteps;
    private final int batchSize;
    private final LayerPass.Source source;
    private final boolean lastStep;
    private final Matrix x; // [N, I]
    private final Matrix xGradient; // [N, I]; null where nobody wants it
    private final Matrix weightTransposed; // [I, O]
    private final Matrix weight; // [O, I]
    private final Matrix weightGradient; // [O, I]; null without gradients

    /**
     * Memory for a head that reads each sequence once, where the input's rows do not lie together.
     *
     * @param gradient null without gradients
     */
    record Memory(MemorySegment x, MemorySegment gradient) {
        /** {@return memory for a pass; null where it needs none} */
        static Memory of(NetworkPass owner) {
            NetworkDescription description = owner.network().description();
            if (!description.head().skip() || !description.head().lastStep()) {
                return null;
            }
            Precision precision = owner.network().precision();
            long count = (long) owner.batchSize() * description.input().size();
            return new Memory(owner.workspace().allocate(precision, count),
                    owner.training() ? owner.workspace().allocate(precision, count) : null);
        }
    }

    /** Reads T steps of {@code source}; {@code memory} is null for a head that reads each step. */
    SkipPass(NetworkPass owner, Products products, int timeSteps, LayerPass.Source source, Memory memory) {
        Network network = owner.network();
        int width = network.description().input().size();
        this.products = products;
        this.precision = network.precision();
        this.rows = owner.rows();
        this.timeSteps = timeSteps;
        this.batchSize = owner.batchSize();
        this.source = source;
        this.lastStep = memory != null;
        long positions = lastStep ? batchSize : (long) timeSteps * batchSize;
        this.x = Matrix.of(lastStep ? memory.x : source.values(), positions, width);
        this.xGradient = source.gradient() == null
                ? null
                : Matrix.of(lastStep ? memory.gradient : source.gradient(), positions, width);
        this.weight = Matrix.of(network.parameters().view("head.skipWeight"), network.outputSize(), width);
        this.weightTransposed = weight.transposed();
        this.weightGradient = owner.training()
                ? Matrix.of(DenseHead.gradient(network, "head.skipWeight"), network.outputSize(), width)
                : null;
    }

    /** {@return what it reads, [N, I]} */
    MemorySegment input() {
        return x.values();
    }

    void addTo(Matrix outputs) {
        if (lastStep) {
            gather();
        }
        products.multiply(x, weightTransposed, outputs, true);
    }

    /** Assigns the gradient of the input. */
    void backward(Matrix outputGradient, Matrix outputGradientTransposed) {
        products.multiply(outputGradientTransposed, x, weightGradient, true);
        if (xGradient == null) {
            return;
        }
        products.multiply(outputGradient, weight, xGradient, false);
        if (lastStep) {
            scatter();
        } else {
            rows.clearOthers(precision, xGradient.values(), (int) x.columns());
        }
    }

    private void gather() {
        long width = x.columns();
        for (int b = 0; b < batchSize; b++) {
            int t = rows.last(b);
            if (t < 0) {
                Elementwise.zero(precision, x.values(), b * width, width);
            } else {
                Elementwise.copy(
                        precision, source.values(), ((long) t * batchSize + b) * width, x.values(), b * width, width);
            }
        }
    }

    private void scatter() {
        long width = x.columns();
        Elementwise.zero(precision, source.gradient(), 0, timeSteps * batchSize * width);
        for (int b = 0; b < batchSize; b++) {
            int t = rows.last(b);
            if (t >= 0) {
                Elementwise.copy(precision, xGradient.values(), b * width, source.gradient(),
                        ((long) t * batchSize + b) * width, width);
            }
        }
    }
}
