package dev.rondo.bench.golden;

import dev.rondo.bench.golden.LibtorchCells.Leaves;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A step of an LSTM with options that libtorch has no layer for; its layer norm and clamp are libtorch's. */
final class WrittenOutLstm {
    private WrittenOutLstm() {}

    /** One step of one sequence: x [1, I], state h [1, P] and c [1, H]. */
    static Tensor[] step(GoldenCase given, Leaves leaves, Tensor x, Tensor[] state) {
        int size = given.hiddenSize;
        boolean coupled = given.cell.gates == 3;
        Tensor ofInput = normalized(given, leaves, x.matmul(leaves.weightIh().t()), "gainIh", null);
        Tensor ofState = normalized(given, leaves, state[0].matmul(leaves.weightHh().t()), "gainHh", null);
        Tensor taken = ofInput.add(ofState).add(leaves.biasIh()).add(leaves.biasHh());
        Tensor cell = state[1];
        Tensor i = clipped(given, "clip", seeing(leaves, "peepholeI", taken.narrow(1, 0, size), cell)).sigmoid();
        Tensor f = coupled
                ? Tensors.of(new double[] {1}, 1).sub(i)
                : clipped(given, "clip", seeing(leaves, "peepholeF", taken.narrow(1, size, size), cell)).sigmoid();
        Tensor g = clipped(given, "clip", taken.narrow(1, (given.cell.gates - 2L) * size, size)).tanh();
        Tensor c = clipped(given, "cellClip", f.mul(cell).add(i.mul(g)));
        Tensor ofOutput = taken.narrow(1, (given.cell.gates - 1L) * size, size);
        Tensor o = clipped(given, "clip", seeing(leaves, "peepholeO", ofOutput, c)).sigmoid();
        Tensor h = o.mul(normalized(given, leaves, c, "gainCell", "biasCell").tanh());
        Tensor projection = leaves.more().get("weightHr");
        return new Tensor[] {projection == null ? h : h.matmul(projection.t()), c};
    }

    private static Tensor seeing(Leaves leaves, String peephole, Tensor taken, Tensor cell) {
        Tensor weight = leaves.more().get(peephole);
        return weight == null ? taken : taken.add(weight.mul(cell));
    }

    private static Tensor clipped(GoldenCase given, String option, Tensor x) {
        if (given.cell.option(option).isEmpty()) {
            return x;
        }
        double bound = Double.parseDouble(given.cell.option(option).get());
        return torch.clamp(x, new ScalarOptional(new Scalar(-bound)), new ScalarOptional(new Scalar(bound)));
    }

    private static Tensor normalized(GoldenCase given, Leaves leaves, Tensor x, String gain, String bias) {
        if (given.cell.option("layerNorm").isEmpty()) {
            return x;
        }
        double epsilon = Double.parseDouble(given.cell.option("layerNorm").get());
        var shift = bias == null ? new TensorOptional() : new TensorOptional(leaves.more().get(bias));
        return torch.layer_norm(
                x, new long[] {x.size(1)}, new TensorOptional(leaves.more().get(gain)), shift, epsilon, false);
    }
}
