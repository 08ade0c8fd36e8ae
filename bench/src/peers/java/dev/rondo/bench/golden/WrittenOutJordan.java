package dev.rondo.bench.golden;

import dev.rondo.bench.golden.LibtorchCells.Leaves;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A step of a Jordan network, which libtorch has no layer for. */
final class WrittenOutJordan {
    private WrittenOutJordan() {}

    /** One step of one sequence: x [1, I], state y [1, O], then s [1, O] and h [1, H] where there are such. */
    static Tensor[] step(GoldenCase given, Leaves leaves, Tensor x, Tensor[] state) {
        int size = given.hiddenSize;
        int outputs = given.outputSize;
        Optional<String> decay = given.cell.option("decay");
        Tensor bias = leaves.biasIh().add(leaves.biasHh());
        Tensor context = state[decay.isPresent() ? 1 : 0];
        Tensor sum = x.matmul(leaves.weightIh().t()).add(bias.narrow(0, 0, size))
                .add(context.matmul(leaves.weightHh().narrow(1, 0, outputs).t()));
        if (given.cell.option("elman").isPresent()) {
            Tensor weightOfHidden = leaves.weightHh().narrow(1, outputs, size);
            sum = sum.add(state[state.length - 1].matmul(weightOfHidden.t()));
        }
        Tensor h = activated(given.cell.option("activation").orElse("tanh"), sum);
        Tensor ofHidden = h.matmul(leaves.more().get("weightHy").t()).add(bias.narrow(0, size, outputs));
        Tensor y = activated(given.cell.option("outputActivation").orElse("identity"), ofHidden);
        var after = new ArrayList<>(List.of(y));
        decay.ifPresent(alpha -> after.add(y.add(state[1].mul(new Scalar(Double.parseDouble(alpha))))));
        if (given.cell.option("elman").isPresent()) {
            after.add(h);
        }
        return after.toArray(Tensor[]::new);
    }

    private static Tensor activated(String function, Tensor x) {
        return switch (function) {
            case "identity" -> x;
            case "tanh" -> x.tanh();
            case "relu" -> x.relu();
            case "sigmoid" -> x.sigmoid();
            default -> throw new IllegalArgumentException("activation: expected one of Jordan's, got " + function);
        };
    }
}
