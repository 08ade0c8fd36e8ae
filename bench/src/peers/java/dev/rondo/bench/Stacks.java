package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCase;
import dev.rondo.bench.golden.GoldenCell;
import dev.rondo.cell.CellShape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What is compared: one layer, or at S9 two of them on top of each other, as a case for each layer; or a
 * {@link WordModel}, whose layers these are.
 */
final class Stacks {
    private static final String TWO_LAYERS = "S9";

    private Stacks() {}

    /**
     * {@return the layers of a shape, the lowest first; only that one's input counts}
     *
     * @throws IllegalArgumentException if there is no such shape
     */
    static List<GoldenCase> of(GoldenCell cell, String shape) {
        return shapes(shape).stream()
                .map(layer -> GoldenCase.of(cell, layer.timeSteps(), layer.batchSize(), layer.inputSize(),
                        layer.hiddenSize()))
                .toList();
    }

    /** {@return the sizes of the layers of a shape, the lowest first} */
    static List<CellShape> shapes(String shape) {
        if (WordModel.SHAPES.contains(shape)) {
            CellShape model = CellBenchmark.shape(shape);
            return Collections.nCopies(WordModel.LAYERS, new CellShape(
                    model.timeSteps(), model.batchSize(), model.hiddenSize(), model.hiddenSize()));
        }
        if (!shape.equals(TWO_LAYERS)) {
            return List.of(CellBenchmark.shape(shape));
        }
        CellShape bottom = StackBenchmark.SHAPE;
        var upper = new CellShape(bottom.timeSteps(), bottom.batchSize(), bottom.hiddenSize(), bottom.hiddenSize());
        var layers = new ArrayList<>(Collections.nCopies(StackBenchmark.LAYERS, upper));
        layers.set(0, bottom);
        return layers;
    }

    /** {@return operations of the products, as they are usually counted: backward has twice those of forward} */
    static double flops(GoldenCell cell, String shape, boolean training) {
        if (WordModel.SHAPES.contains(shape)) {
            var model = new WordModel(CellBenchmark.shape(shape));
            double width = model.shape().hiddenSize();
            return model.flops(cell.gates * width * 2 * width);
        }
        double forward = shapes(shape).stream().mapToDouble(layer -> 2.0 * layer.rows() * cell.gates
                * layer.hiddenSize() * (layer.inputSize() + layer.hiddenSize())).sum();
        return forward * (training ? 3 : 1);
    }

    /** {@return a plane of the initial states, [layers, B, H]} */
    static double[] initial(List<GoldenCase> stack, int plane) {
        return stack.stream().flatMapToDouble(layer -> DoubleStream.of(layer.initial[plane])).toArray();
    }
}
