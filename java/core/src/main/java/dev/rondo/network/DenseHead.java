package dev.rondo.network;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The dense head: {@code logits = h W^T + b}, on all positions of a pass at once.
 *
 * <p>N = T * B rows, H width of the top layer, C classes; W [C, H], b [C].
 */
final class DenseHead {
    private final Precision precision;
    private final Products products;
    private final long rows;
    private final int classes;
    private final MemorySegment bias; // [C]
    private final Matrix weight; // [C, H]
    private final Matrix weightTransposed; // [H, C]
    private final Matrix weightGradient; // [C, H]; null without gradients
    private final MemorySegment biasGradient; // [C]; null without gradients
    private final Matrix h; // [N, H]
    private final Matrix hGradient; // [N, H]; null without gradients
    private final Matrix logits; // [N, C]
    private final Matrix logitsGradient; // [N, C]; null without gradients
    private final Matrix logitsGradientTransposed; // [C, N]; null without gradients
    private final double[] row;
    private final double[] sums;

    DenseHead(Network network, LayerPass top, NetworkPass owner) {
        Parameters parameters = network.parameters();
        int width = network.description().topSize();
        this.precision = network.precision();
        this.products = Products.of(network.backend(), precision, network.execution());
        this.rows = (long) owner.timeSteps() * owner.batchSize();
        this.classes = network.outputSize();
        this.bias = parameters.view("head.bias");
        this.weight = Matrix.of(parameters.view("head.weight"), classes, width);
        this.weightTransposed = weight.transposed();
        this.h = Matrix.of(top.output(), rows, width);
        this.logits = Matrix.of(owner.workspace().allocate(precision, rows * classes), rows, classes);
        boolean training = owner.training();
        this.weightGradient = training ? Matrix.of(gradient(network, "head.weight"), classes, width) : null;
        this.biasGradient = training ? gradient(network, "head.bias") : null;
        this.hGradient = training ? Matrix.of(top.outputGradient(), rows, width) : null;
        this.logitsGradient =
                training ? Matrix.of(owner.workspace().allocate(precision, rows * classes), rows, classes) : null;
        this.logitsGradientTransposed = training ? logitsGradient.transposed() : null;
        this.row = new double[classes];
        this.sums = new double[classes];
    }

    private static MemorySegment gradient(Network network, String name) {
        TensorLayout.Tensor tensor = network.parameters().layout().get(name);
        return network.precision().slice(network.gradients(), tensor.offset(), tensor.count());
    }

    /** {@return logits [N, C]} */
    MemorySegment logits() {
        return logits.values();
    }

    /** {@return where the loss puts the gradient of the logits, [N, C]} */
    MemorySegment logitsGradient() {
        return logitsGradient.values();
    }

    void forward() {
        for (long n = 0; n < rows; n++) {
            MemorySegment.copy(bias, 0, logits.values(), n * bias.byteSize(), bias.byteSize());
        }
        products.multiply(h, weightTransposed, logits, true);
    }

    /** Assigns the gradient of h; adds those of the parameters. */
    void backward() {
        products.multiply(logitsGradient, weight, hGradient, false);
        products.multiply(logitsGradientTransposed, h, weightGradient, true);
        Arrays.fill(sums, 0);
        for (long n = 0; n < rows; n++) {
            precision.read(logitsGradient.values(), n * classes, row, classes);
            for (int c = 0; c < classes; c++) {
                sums[c] += row[c];
            }
        }
        precision.read(biasGradient, 0, row, classes);
        for (int c = 0; c < classes; c++) {
            row[c] += sums[c];
        }
        precision.write(row, biasGradient, 0, classes);
    }
}
