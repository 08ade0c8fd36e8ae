package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;

/**
 * The dense head: {@code outputs = h W^T + b}, and what a skip adds, on all positions of a pass at once.
 *
 * <p>N positions, T * B or B; H width of the top layer, O outputs; W [O, H], which may be the embedding's, b [O].
 */
final class DenseHead implements Head {
    private final Products products;
    private final long rows;
    private final boolean addToH;
    private final MemorySegment bias; // [O]
    private final Matrix weight; // [O, H]
    private final Matrix weightTransposed; // [H, O]
    private final Matrix weightGradient; // [O, H]; null without gradients
    private final Matrix biasGradient; // [1, O]; null without gradients
    private final Matrix ones; // [1, N]; null without gradients
    private final Matrix h; // [N, H]
    private final Matrix hGradient; // [N, H]; null without gradients
    private final Matrix outputs; // [N, O]
    private final Matrix outputGradient; // [N, O]; null without gradients
    private final Matrix outputGradientTransposed; // [O, N]; null without gradients
    private final SkipPass skip; // null without

    /**
     * A head on what a layer puts out.
     *
     * @param h what it reads, [N, H]
     * @param memory of N positions
     * @param skip null without
     */
    DenseHead(Network network, Reads h, Memory memory, SkipPass skip) {
        Parameters parameters = network.parameters();
        int hidden = network.description().topSize();
        Precision precision = network.precision();
        this.products = memory.products();
        this.rows = h.values().byteSize() / ((long) hidden * precision.bytes());
        int width = network.description().denseOutputs();
        // The gradient of a last state may hold what the caller put there; that of each step's output is ours.
        this.addToH = h.state();
        this.skip = skip;
        this.bias = parameters.view("head.bias");
        String weightName = network.description().headWeight();
        this.weight = Matrix.of(parameters.view(weightName), width, hidden);
        this.weightTransposed = weight.transposed();
        this.h = Matrix.of(h.values(), rows, hidden);
        this.outputs = Matrix.of(memory.outputs(), rows, width);
        boolean training = h.gradient() != null;
        this.weightGradient = training ? Matrix.of(gradient(network, weightName), width, hidden) : null;
        this.biasGradient = training ? Matrix.of(gradient(network, "head.bias"), 1, width) : null;
        this.ones = training ? Matrix.of(memory.ones(), 1, rows) : null;
        this.hGradient = training ? Matrix.of(h.gradient(), rows, hidden) : null;
        this.outputGradient = training ? Matrix.of(memory.gradient(), rows, width) : null;
        this.outputGradientTransposed = training ? outputGradient.transposed() : null;
    }

    /** {@return the gradient of one of the network's parameters} */
    static MemorySegment gradient(Network network, String name) {
        TensorLayout.Tensor tensor = network.parameters().layout().get(name);
        return network.precision().slice(network.gradientSlab(), tensor.offset(), tensor.count());
    }

    /** {@return N} */
    long rows() {
        return rows;
    }

    @Override
    public MemorySegment outputs() {
        return outputs.values();
    }

    @Override
    public MemorySegment outputGradient() {
        return outputGradient == null ? null : outputGradient.values();
    }

    @Override
    public MemorySegment input() {
        return h.values();
    }

    @Override
    public void forward() {
        for (long n = 0; n < rows; n++) {
            MemorySegment.copy(bias, 0, outputs.values(), n * bias.byteSize(), bias.byteSize());
        }
        products.multiply(h, weightTransposed, outputs, true);
        if (skip != null) {
            skip.addTo(outputs);
        }
    }

    @Override
    public void backward() {
        products.multiply(outputGradient, weight, hGradient, addToH);
        products.multiply(outputGradientTransposed, h, weightGradient, true);
        if (skip != null) {
            skip.backward(outputGradient, outputGradientTransposed);
        }
        products.multiply(ones, outputGradient, biasGradient, true);
    }
}
