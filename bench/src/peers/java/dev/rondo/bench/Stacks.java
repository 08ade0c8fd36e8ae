package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import dev.rondo.cell.CellShape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** What is compared: one layer, or at S9 two of them on top of each other, as a case for each layer. */
final class Stacks {
    private static final String TWO_LAYERS = "S9";

    private Stacks() {}

    /**
     * {@return the layers of a shape, the lowest first; only that one's input counts}
     *
     * @throws IllegalArgumentException if there is no such shape
     */
    static List<GoldenCase> of(GoldenCell cell, String shape) {
        CellShape bottom = shape.equals(TWO_LAYERS) ? StackBenchmark.SHAPE : CellBenchmark.shape(shape);
        int layers = shape.equals(TWO_LAYERS) ? StackBenchmark.LAYERS : 1;
        var stack = new ArrayList<GoldenCase>();
        for (int layer = 0; layer < layers; layer++) {
            int inputSize = layer == 0 ? bottom.inputSize() : bottom.hiddenSize();
            stack.add(GoldenCase.of(cell, bottom.timeSteps(), bottom.batchSize(), inputSize, bottom.hiddenSize()));
        }
        return stack;
    }

    /** {@return operations of the products, as they are usually counted: backward has twice those of forward} */
    static double flops(GoldenCell cell, String shape, boolean training) {
        double forward = of(cell, shape).stream().mapToDouble(layer -> 2.0 * layer.timeSteps * layer.batchSize
                * layer.rows() * (layer.inputSize + layer.hiddenSize)).sum();
        return forward * (training ? 3 : 1);
    }

    /** {@return a plane of the initial states, [layers, B, H]} */
    static double[] initial(List<GoldenCase> stack, int plane) {
        return stack.stream().flatMapToDouble(layer -> DoubleStream.of(layer.initial[plane])).toArray();
    }
}
