package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Outputs, last states and gradients of cells, by libtorch's automatic differentiation in float64. */
final class LibtorchCells {
    /** What a pass reads, as tensors that gradients are wanted of. */
    record Leaves(Tensor weightIh, Tensor weightHh, Tensor biasIh, Tensor biasHh, Tensor input, Tensor[] initial,
            Map<String, Tensor> more) {
        static Leaves of(GoldenCase given) {
            var initial = new Tensor[given.cell.planes()];
            Arrays.setAll(initial, plane ->
                    Tensors.leaf(given.initial[plane], given.batchSize, given.planeWidth(plane)));
            var more = new LinkedHashMap<String, Tensor>();
            given.more.forEach((name, tensor) -> more.put(name, Tensors.leaf(tensor.values(), tensor.dimensions())));
            return new Leaves(Tensors.leaf(given.weightIh, given.rows(), given.inputSize),
                    Tensors.leaf(given.weightHh, given.stateShape()),
                    Tensors.leaf(given.biasIh, given.biasRows()), Tensors.leaf(given.biasHh, given.biasRows()),
                    Tensors.leaf(given.input, given.timeSteps, given.batchSize, given.inputSize), initial, more);
        }

        Tensor[] all() {
            var all = new ArrayList<>(List.of(weightIh, weightHh, biasIh, biasHh, input));
            all.addAll(List.of(initial));
            all.addAll(more.values());
            return all.toArray(Tensor[]::new);
        }
    }

    /** Output [T, B, P] and last states [B, P or H]. */
    record Results(Tensor output, Tensor[] last) {
        Tensor[] all() {
            Tensor[] all = Arrays.copyOf(new Tensor[] {output}, 1 + last.length);
            System.arraycopy(last, 0, all, 1, last.length);
            return all;
        }
    }

    private final Path directory;

    LibtorchCells(Path directory) {
        this.directory = directory;
    }

    void write() throws IOException {
        for (GoldenCell cell : GoldenCell.values()) {
            for (GoldenCase given : GoldenCase.of(cell)) {
                try (var _ = new PointerScope()) {
                    Path file = directory.resolve(cell.directory()).resolve(given.name + ".txt");
                    given.given().write(file);
                    results(given).write(file.resolveSibling(given.name + ".libtorch.txt"));
                }
            }
        }
    }

    private static GoldenFile results(GoldenCase given) {
        Leaves leaves = Leaves.of(given);
        boolean packed = switch (given.cell) {
            case LSTM, LSTM_PROJECTION, ELMAN_TANH, ELMAN_RELU, GRU_RESET_AFTER -> true;
            default -> false; // libtorch has no such layer
        };
        Results results = packed ? PackedLayer.run(given, leaves) : WrittenOutSteps.run(given, leaves);
        double[] output = Tensors.read(results.output);
        if (Arrays.stream(output).allMatch(value -> value == 0)) {
            throw new IllegalStateException(given.cell + " " + given.name + ": dead units, take another seed");
        }
        var file = new GoldenFile().text("system", Tensors.system())
                .text("by", packed ? "layer on a packed sequence" : "steps written out in primitive operations")
                .doubles("output", output, given.timeSteps, given.batchSize, given.outputSize);
        for (int plane = 0; plane < results.last.length; plane++) {
            file.doubles("last[" + plane + "]", Tensors.read(results.last[plane]), given.batchSize,
                    given.planeWidth(plane));
        }
        addGradients(file, given, gradients(given, leaves, results));
        return file;
    }

    private static double[][] gradients(GoldenCase given, Leaves leaves, Results results) {
        var incoming = new Tensor[results.all().length];
        incoming[0] = Tensors.of(given.outputGradient, given.timeSteps, given.batchSize, given.outputSize);
        for (int plane = 0; plane < results.last.length; plane++) {
            incoming[1 + plane] = Tensors.of(given.lastGradient[plane], given.batchSize, given.planeWidth(plane));
        }
        Tensor[] all = leaves.all();
        TensorVector gradients = torch.grad(new TensorVector(results.all()), new TensorVector(all),
                new TensorVector(incoming), new BoolOptional(), false, given.cell.leavesOut());
        var numbers = new double[all.length][];
        Arrays.setAll(numbers, i -> gradients.get(i).defined()
                ? Tensors.read(gradients.get(i))
                : new double[Math.toIntExact(all[i].numel())]);
        return numbers;
    }

    private static void addGradients(GoldenFile file, GoldenCase given, double[][] gradients) {
        double[] biasIh = gradients[2];
        double[] biasHh = gradients[3];
        for (int row = 0; row < given.apart(); row++) {
            if (Math.abs(biasIh[row] - biasHh[row]) > 1e-13 * Math.max(1, Math.abs(biasIh[row]))) {
                throw new IllegalStateException(given.cell + " " + given.name + ": row " + row
                        + ": expected one gradient for both biases, got " + biasIh[row] + " and " + biasHh[row]);
            }
        }
        file.doubles("gradient:weightIh", gradients[0], given.rows(), given.inputSize);
        if (given.stateWeights() > 0) {
            file.doubles("gradient:weightHh", gradients[1], given.stateShape());
        }
        file.doubles("gradient:bias", biasIh, given.biasRows());
        if (given.apart() < given.biasRows()) {
            double[] biasHn = Arrays.copyOfRange(biasHh, given.apart(), given.biasRows());
            file.doubles("gradient:biasHn", biasHn, biasHn.length);
        }
        file.doubles("gradient:input", gradients[4], given.timeSteps, given.batchSize, given.inputSize);
        for (int plane = 0; plane < given.cell.planes(); plane++) {
            file.doubles("gradient:initial[" + plane + "]", gradients[5 + plane], given.batchSize,
                    given.planeWidth(plane));
        }
        int index = 5 + given.cell.planes();
        for (var parameter : given.more.entrySet()) {
            file.doubles("gradient:" + parameter.getKey(), gradients[index++], parameter.getValue().dimensions());
        }
    }
}
