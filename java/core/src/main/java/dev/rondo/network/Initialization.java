package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.util.random.RandomGenerator;

/**
 * First values of all parameters, drawn in float64 in the order of the slab and rounded, so that one seed gives the
 * same network on every backend, and the same weights whether tokens come as ids or as one-hot numbers.
 *
 * <ul>
 *   <li>Weights from the input of a layer, and of the head: uniform within {@code sqrt(6 / (fanIn + fanOut))} (Glorot
 *       and Bengio 2010), the fans being the block's width and rows.
 *   <li>Weights from a state: uniform within {@code 1 / sqrt(H)} (LeCun et al., "Efficient BackProp", 1998, up to the
 *       factor sqrt(3); what PyTorch does).
 *   <li>Biases: {@link Cell#initialBias}, 0 in the head.
 *   <li>Embeddings: uniform with variance 1, which Glorot's rule expects of an input.
 * </ul>
 */
final class Initialization {
    private final NetworkDescription description;
    private final Parameters parameters;

    Initialization(NetworkDescription description, Parameters parameters) {
        this.description = description;
        this.parameters = parameters;
    }

    void run(RandomGenerator random) {
        TensorLayout layout = parameters.layout();
        if (description.input() instanceof NetworkInput.Embedding) {
            fill(layout.get("embedding.weight"), Math.sqrt(3), random);
        }
        for (int layer = 0; layer < description.layers().size(); layer++) {
            Cell cell = description.layers().get(layer);
            long offset = description.offset(layer, layout);
            for (ParameterBlock block : cell.blocks(description.inputSize(layer), description.inputKind(layer))) {
                fill(cell, block, offset + block.offset(), random);
            }
        }
        if (description.head().dense()) {
            fill(layout.get("head.weight"), glorot(description.topSize(), description.outputSize()), random);
        }
        parameters.changed();
    }

    private void fill(Cell cell, ParameterBlock block, long offset, RandomGenerator random) {
        Precision precision = parameters.precision();
        double limit = block.source() == Source.INPUT
                ? glorot(block.width(), block.rows())
                : 1 / Math.sqrt(cell.hiddenSize());
        int width = block.elementwise() ? 1 : block.width();
        for (int r = 0; r < block.rows(); r++) {
            for (int j = 0; j < width; j++) {
                long index = offset + (long) r * block.rowStride() + (long) j * block.columnStride();
                double value = block.source() == Source.ONE
                        ? cell.initialBias(block.row() + r)
                        : uniform(limit, random);
                precision.set(parameters.slab(), index, value);
            }
        }
    }

    private void fill(TensorLayout.Tensor tensor, double limit, RandomGenerator random) {
        for (long i = tensor.offset(); i < tensor.offset() + tensor.count(); i++) {
            parameters.precision().set(parameters.slab(), i, uniform(limit, random));
        }
    }

    private static double uniform(double limit, RandomGenerator random) {
        return (2 * random.nextDouble() - 1) * limit;
    }

    private static double glorot(int fanIn, int fanOut) {
        return Math.sqrt(6.0 / (fanIn + fanOut));
    }
}
