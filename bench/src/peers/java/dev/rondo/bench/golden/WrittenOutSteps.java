package dev.rondo.bench.golden;

import dev.rondo.bench.golden.LibtorchCells.Leaves;
import dev.rondo.bench.golden.LibtorchCells.Results;
import dev.rondo.cell.SparsePattern;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A pass of cells that libtorch has no layer for: products, sigmoids and tanh written out here for one sequence at a
 * time, each from its own first (reversed: own last) element on; libtorch differentiates them.
 */
final class WrittenOutSteps {
    private WrittenOutSteps() {}

    static Results run(GoldenCase given, Leaves leaves) {
        var outputs = new Tensor[given.timeSteps * given.batchSize];
        Arrays.setAll(outputs, i -> Tensors.of(new double[given.outputSize], 1, given.outputSize));
        int planes = given.cell.planes();
        var last = new Tensor[planes][given.batchSize];
        for (int b = 0; b < given.batchSize; b++) {
            int length = given.lengths[b];
            int row = b;
            var state = new Tensor[planes];
            Arrays.setAll(state, plane -> leaves.initial()[plane].narrow(0, row, 1));
            for (int step = 0; step < length; step++) {
                int t = given.reversed ? length - 1 - step : step;
                Tensor x = leaves.input().select(0, t).narrow(0, b, 1);
                if (given.cell.isJordan()) {
                    state = WrittenOutJordan.step(given, leaves, x, state);
                } else {
                    state = given.cell.isLstm()
                            ? WrittenOutLstm.step(given, leaves, x, state)
                            : new Tensor[] {step(given, leaves, x, state[0])};
                }
                outputs[t * given.batchSize + b] = state[0];
            }
            for (int plane = 0; plane < planes; plane++) {
                last[plane][b] = state[plane];
            }
        }
        Tensor output = torch.cat(new TensorVector(outputs), 0)
                .view(given.timeSteps, given.batchSize, given.outputSize);
        return new Results(output, Arrays.stream(last).map(rows -> torch.cat(new TensorVector(rows), 0))
                .toArray(Tensor[]::new));
    }

    /** One step of one sequence: x [1, I], h [1, H]. */
    private static Tensor step(GoldenCase given, Leaves leaves, Tensor x, Tensor h) {
        Tensor ofInput = x.matmul(leaves.weightIh().t()).add(leaves.biasIh());
        if (given.cell == GoldenCell.ELMAN_SIGMOID) {
            return ofInput.add(h.matmul(leaves.weightHh().t())).add(leaves.biasHh()).sigmoid();
        }
        int size = given.hiddenSize;
        Tensor withBias = ofInput.add(leaves.biasHh());
        switch (given.cell) {
            case INDRNN_RELU, INDRNN_TANH, INDRNN_SIGMOID -> {
                Tensor sum = withBias.add(h.mul(leaves.weightHh().t()));
                return switch (given.cell) {
                    case INDRNN_RELU -> sum.relu();
                    case INDRNN_TANH -> sum.tanh();
                    default -> sum.sigmoid();
                };
            }
            case RESERVOIR_SPARSE, RESERVOIR_LEAKY, RESERVOIR_DENSE -> {
                return reservoir(given, withBias.add(h.matmul(stateWeights(given, leaves).t())), h);
            }
            case MINGRU -> {
                return mix(h, withBias.narrow(1, size, size), withBias.narrow(1, 0, size).sigmoid());
            }
            case MINLSTM -> {
                Tensor i = withBias.narrow(1, 0, size).sigmoid();
                Tensor f = withBias.narrow(1, size, size).sigmoid();
                return mix(h, withBias.narrow(1, 2L * size, size), i.div(i.add(f)));
            }
            default -> {
                return gruResetBefore(ofInput, leaves, h, size);
            }
        }
    }

    /** (1 - leak) h + gain f(sum). */
    private static Tensor reservoir(GoldenCase given, Tensor sum, Tensor h) {
        double leak = given.cell.option("leak").map(Double::parseDouble).orElse(1.0);
        double gain = given.cell.option("gain").map(Double::parseDouble).orElse(leak);
        Tensor f = switch (given.cell.option("activation").orElse("tanh")) {
            case "relu" -> sum.relu();
            case "sigmoid" -> sum.sigmoid();
            default -> sum.tanh();
        };
        return h.mul(new Scalar(1 - leak)).add(f.mul(new Scalar(gain)));
    }

    /** A reservoir's weights [H, H], those that are not there being 0. */
    private static Tensor stateWeights(GoldenCase given, Leaves leaves) {
        SparsePattern connections = given.connections();
        int size = given.hiddenSize;
        if (connections == null) {
            return leaves.weightHh();
        }
        var places = new double[size * size * connections.count()];
        for (int r = 0; r < size; r++) {
            for (int k = connections.rowStart(r); k < connections.rowStart(r + 1); k++) {
                places[(r * size + connections.column(k)) * connections.count() + k] = 1;
            }
        }
        return Tensors.of(places, size * size, connections.count()).matmul(leaves.weightHh()).view(size, size);
    }

    /** (1 - share) h + share g. */
    private static Tensor mix(Tensor h, Tensor g, Tensor share) {
        return h.sub(share.mul(h)).add(share.mul(g));
    }

    private static Tensor gruResetBefore(Tensor ofInput, Leaves leaves, Tensor h, int size) {
        Tensor r = gate(ofInput, leaves, h, 0, size).sigmoid();
        Tensor z = gate(ofInput, leaves, h, size, size).sigmoid();
        Tensor n = gate(ofInput, leaves, r.mul(h), 2L * size, size).tanh();
        return mix(n, h, z);
    }

    /** Rows {@code from} to {@code from + size} of the pre-activations. */
    private static Tensor gate(Tensor ofInput, Leaves leaves, Tensor operand, long from, int size) {
        return ofInput.narrow(1, from, size).add(operand.matmul(leaves.weightHh().narrow(0, from, size).t()))
                .add(leaves.biasHh().narrow(0, from, size));
    }
}
