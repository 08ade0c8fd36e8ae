package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Losses of libtorch and their gradients with respect to the outputs of a network. */
final class LibtorchLosses {
    private static final int ROWS = 7;
    private static final int OUTPUTS = 5;
    private static final long SEED = 30;
    private static final int MEAN = 1; // at::Reduction::Mean
    private static final int IGNORED = -1;

    private final Path directory;
    private final Draw draw = new Draw(SEED);
    private final double[] outputs = draw.uniform(ROWS * OUTPUTS, 3);

    LibtorchLosses(Path directory) {
        this.directory = directory;
        // One row so large that an exponential by itself would overflow in float32.
        for (int i = 0; i < OUTPUTS; i++) {
            outputs[OUTPUTS + i] *= 64;
        }
    }

    void write() throws IOException {
        int[] classes = draw.integers(ROWS, OUTPUTS);
        int[] someClasses = classes.clone();
        someClasses[2] = IGNORED;
        someClasses[5] = IGNORED;
        double[] weights = Arrays.stream(draw.uniform(OUTPUTS, 2)).map(Math::abs).toArray();
        crossEntropy("softmax-cross-entropy", classes, null);
        crossEntropy("softmax-cross-entropy-ignored", someClasses, null);
        crossEntropy("softmax-cross-entropy-weighted", classes, weights);
        crossEntropy("softmax-cross-entropy-weighted-ignored", someClasses, weights);

        int[] all = new int[ROWS * OUTPUTS];
        Arrays.fill(all, 1);
        int[] rows = all.clone();
        Arrays.fill(rows, 3 * OUTPUTS, 5 * OUTPUTS, 0);
        int[] elements = draw.integers(ROWS * OUTPUTS, 2);
        double[] values = draw.uniform(ROWS * OUTPUTS, 2);
        double[] labels = Arrays.stream(draw.integers(ROWS * OUTPUTS, 2)).asDoubleStream().toArray();
        labels[3] = 0.25; // a probability is a target too
        for (var counted : new Object[][] {{"", all}, {"-rows", rows}, {"-elements", elements}}) {
            values("sigmoid-cross-entropy" + counted[0], labels, (int[]) counted[1]);
            values("mean-squared-error" + counted[0], values, (int[]) counted[1]);
        }
    }

    private void crossEntropy(String name, int[] classes, double[] weights) throws IOException {
        Tensor logits = Tensors.leaf(outputs, ROWS, OUTPUTS);
        var weight = weights == null ? new TensorOptional() : new TensorOptional(Tensors.of(weights, OUTPUTS));
        Tensor loss = torch.cross_entropy_loss(logits, Tensors.of(classes, ROWS), weight, MEAN, IGNORED, 0);
        var file = file().integers("targets", classes, ROWS);
        if (weights != null) {
            file.fractions("classWeights", weights, OUTPUTS);
        }
        finish(name, file, loss, logits);
    }

    /** The mean over the elements that count, which are picked out before libtorch sees them. */
    private void values(String name, double[] targets, int[] counted) throws IOException {
        Tensor given = Tensors.leaf(outputs, ROWS, OUTPUTS);
        Tensor mask = Tensors.of(counted, ROWS, OUTPUTS).toType(torch.ScalarType.Bool);
        Tensor some = given.masked_select(mask);
        Tensor wanted = Tensors.of(targets, ROWS, OUTPUTS).masked_select(mask);
        Tensor loss = name.startsWith("sigmoid")
                ? torch.binary_cross_entropy_with_logits(some, wanted) : torch.mse_loss(some, wanted);
        var file = file().fractions("targets", targets, ROWS, OUTPUTS).integers("counted", counted, ROWS, OUTPUTS);
        finish(name, file, loss, given);
    }

    private GoldenFile file() {
        return new GoldenFile().text("system", Tensors.system()).text("seed", Long.toString(SEED))
                .fractions("outputs", outputs, ROWS, OUTPUTS);
    }

    private void finish(String name, GoldenFile file, Tensor loss, Tensor given) throws IOException {
        loss.backward();
        file.number("loss", loss.item_double())
                .doubles("gradient", Tensors.read(given.grad()), ROWS, OUTPUTS).write(directory.resolve(name + ".txt"));
    }
}
