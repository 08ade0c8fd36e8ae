package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GoldenFile;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The losses against their definitions, computed by hand. */
class LossPassTest {
    private static final Precision FLOAT64 = Precision.FLOAT64;

    private Workspace workspace;

    @BeforeEach
    void open() {
        workspace = new Workspace("test");
    }

    @AfterEach
    void close() {
        workspace.close();
    }

    /** A loss over outputs of T steps x B sequences, O each, and what it gave last. */
    private final class Run {
        final Targets targets;
        final LossPass pass;
        final Precision precision;
        MemorySegment gradient;

        Run(Loss loss, boolean lastStep, int timeSteps, int batchSize, int outputs, Precision precision) {
            var head = new NetworkHead(outputs, lastStep, loss);
            var description = new NetworkDescription(new NetworkInput.Dense(1), List.of(Layer.of(Lstm.of(1))), head);
            this.precision = precision;
            this.targets = new Targets(description, precision, timeSteps, batchSize, workspace);
            this.pass = LossPass.of(loss, precision, outputs);
        }

        Run(Loss loss, int timeSteps, int batchSize, int outputs) {
            this(loss, false, timeSteps, batchSize, outputs, FLOAT64);
        }

        Run run(SequenceBatch batch, double... outputs) {
            targets.fill(batch);
            MemorySegment values = workspace.allocate(precision, outputs.length);
            precision.write(outputs, values, 0, outputs.length);
            gradient = workspace.allocate(precision, outputs.length);
            gradient.fill((byte) 9);
            pass.run(targets, new Head.Direct(values, gradient));
            return this;
        }

        void assertGradient(double... expected) {
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], precision.get(gradient, i), precision.epsilon(), "element " + i);
            }
        }
    }

    private static SequenceBatch batch(int timeSteps, int batchSize) {
        return SequenceBatch.of(new double[timeSteps * batchSize], timeSteps, batchSize, 1);
    }

    @Test
    void softmaxOfOneRow() {
        var run = new Run(Loss.softmaxCrossEntropy(), 1, 1, 3)
                .run(batch(1, 1).targets(new int[] {2}), Math.log(1), Math.log(2), Math.log(5));
        assertEquals(Math.log(8.0 / 5), run.pass.mean(), 1e-15);
        run.assertGradient(1.0 / 8, 2.0 / 8, 5.0 / 8 - 1);
    }

    @Test
    void theMeanIsOverRowsThatCount() {
        // Row (0, 1) is ignored; (1, 1) lies beyond the length of sequence 1.
        var run = new Run(Loss.softmaxCrossEntropy(), 2, 2, 2).run(
                batch(2, 2).targets(new int[] {0, -1, 0, 0}).lengths(new int[] {2, 1}),
                0, 0, 50, 0, 0, Math.log(3), 0, 60);
        assertEquals(2, run.targets.counted());
        assertEquals(2, run.pass.weight());
        assertEquals((Math.log(2) + Math.log(4)) / 2, run.pass.mean(), 1e-15);
        run.assertGradient(-0.25, 0.25, 0, 0, -0.375, 0.375, 0, 0);
    }

    @Test
    void aMaskIgnoresAsWell() {
        var run = new Run(Loss.softmaxCrossEntropy(), 2, 2, 2).run(
                batch(2, 2).targets(new int[] {0, 1, 0, 0}).targetMask(new byte[] {1, 0, 7, 0}),
                0, 0, 50, 0, 0, Math.log(3), 0, 60);
        assertEquals(2, run.targets.counted());
        assertEquals((Math.log(2) + Math.log(4)) / 2, run.pass.mean(), 1e-15);
        run.assertGradient(-0.25, 0.25, 0, 0, -0.375, 0.375, 0, 0);
    }

    /** What does not count may be anything. */
    @Test
    void targetsThatDoNotCountAreNotLookedAt() {
        var run = new Run(Loss.softmaxCrossEntropy(), 2, 2, 2);
        SequenceBatch batch = batch(2, 2).targets(new int[] {0, 99, -7, 0}).lengths(new int[] {1, 2});
        run.run(batch.targetMask(new byte[] {1, 0, 1, 1}), new double[8]);
        assertEquals(2, run.targets.counted());
    }

    /** Of a head that reads the last step a sequence counts whatever its length. */
    @Test
    void aTargetPerSequence() {
        var run = new Run(Loss.softmaxCrossEntropy(), true, 5, 3, 2, FLOAT64).run(
                batch(5, 3).targets(new int[] {0, 1, -1}).lengths(new int[] {5, 0, 2}),
                0, 0, 0, Math.log(3), 1, 1);
        assertEquals(2, run.targets.counted());
        assertEquals((Math.log(2) + Math.log(4.0 / 3)) / 2, run.pass.mean(), 1e-15);
        run.assertGradient(-0.25, 0.25, 0.125, -0.125, 0, 0);
    }

    /** Losses log 2 and log 4 of classes of weight 3 and 0.5: the mean is (3 log 2 + 0.5 log 4) / 3.5. */
    @Test
    void classWeights() {
        var loss = Loss.softmaxCrossEntropy().classWeights(3, 0.5);
        var run = new Run(loss, 1, 3, 2).run(
                batch(1, 3).targets(new int[] {0, 1, -1}), 0, 0, Math.log(3), 0, 7, 8);
        assertEquals(2, run.targets.counted());
        assertEquals(3.5, run.pass.weight());
        assertEquals((3 * Math.log(2) + 0.5 * Math.log(4)) / 3.5, run.pass.mean(), 1e-15);
        run.assertGradient(-1.5 / 3.5, 1.5 / 3.5, 0.375 / 3.5, -0.375 / 3.5, 0, 0);
    }

    @Test
    void classesOfWeightZeroAlone() {
        var run = new Run(Loss.softmaxCrossEntropy().classWeights(0, 1), 1, 1, 2).run(
                batch(1, 1).targets(new int[] {0}), 3, 4);
        assertEquals(0, run.pass.mean());
        run.assertGradient(0, 0);
    }

    @Test
    void greatLogitsDoNotOverflow() {
        var run = new Run(Loss.softmaxCrossEntropy(), 1, 1, 2);
        SequenceBatch batch = batch(1, 1).targets(new int[] {1});
        assertEquals(1e4, run.run(batch, 1e4, 0.0).pass.mean(), 1e-9);
        assertEquals(Math.log(2), run.run(batch, -1e4, -1e4).pass.mean(), 1e-15);
    }

    /** Labels 1, 0 and 0.25 at odds 3, 1/3 and 1: losses log(4/3), log(4/3), log 2; gradients s(z) - y. */
    @Test
    void sigmoidOfOneRow() {
        var run = new Run(Loss.sigmoidCrossEntropy(), 1, 1, 3).run(
                batch(1, 1).targets(new double[] {1, 0, 0.25}, 3), Math.log(3), -Math.log(3), 0);
        assertEquals((2 * Math.log(4.0 / 3) + Math.log(2)) / 3, run.pass.mean(), 1e-15);
        run.assertGradient(-0.25 / 3, 0.25 / 3, 0.25 / 3);
    }

    /** A loss of z where a wrong answer is sure, of exp(-z) where a right one is, neither infinite nor rounded away. */
    @Test
    void sigmoidIsStable() {
        var run = new Run(Loss.sigmoidCrossEntropy(), 1, 1, 1);
        SequenceBatch no = batch(1, 1).targets(new double[] {0}, 1);
        SequenceBatch yes = batch(1, 1).targets(new double[] {1}, 1);
        assertEquals(1e4, run.run(no, 1e4).pass.mean());
        run.assertGradient(1);
        assertEquals(1e4, run.run(yes, -1e4).pass.mean());
        run.assertGradient(-1);
        assertEquals(1, run.run(yes, 40).pass.mean() / Math.exp(-40), 1e-15);
        assertEquals(1, run.run(no, -40).pass.mean() / Math.exp(-40), 1e-15);
        assertEquals(0, run.run(yes, 1e4).pass.mean());
    }

    /** Errors 1, -2 in the position that counts first, 3, 0 in the other: (1 + 4 + 9 + 0) / 4. */
    @Test
    void squaredError() {
        var run = new Run(Loss.meanSquaredError(), 1, 3, 2).run(
                batch(1, 3).targets(new double[] {1, 2, Double.NaN, 0, 5, 5}, 2).targetMask(new byte[] {1, 0, 1}),
                2, 0, 9, 9, 8, 5);
        assertEquals(2, run.targets.counted());
        assertEquals(14.0 / 4, run.pass.mean());
        run.assertGradient(2.0 / 4, -4.0 / 4, 0, 0, 6.0 / 4, 0);
    }

    @Test
    void aMarkPerNumber() {
        var run = new Run(Loss.meanSquaredError(), 1, 2, 2).run(
                batch(1, 2).targets(new double[] {1, 2, 0, 5}, 2).targetMask(new byte[] {1, 0, 1, 1}), 2, 9, 3, 5);
        assertEquals(2, run.targets.counted());
        assertEquals(3, run.pass.weight());
        assertEquals(10.0 / 3, run.pass.mean());
        run.assertGradient(2.0 / 3, 0, 6.0 / 3, 0);
    }

    static Stream<Arguments> golden() {
        return GoldenFile.all("losses").stream()
                .flatMap(file -> Stream.of(Precision.values()).map(precision -> Arguments.of(file, precision)));
    }

    /** Against libtorch: the same formulas, so that a few roundings separate them, in the last place of the outputs. */
    @ParameterizedTest
    @MethodSource("golden")
    void losses(GoldenFile golden, Precision precision) {
        Loss loss = switch (golden.toString().replaceFirst("losses/(softmax|sigmoid|mean).*", "$1")) {
            case "softmax" -> Loss.softmaxCrossEntropy()
                    .classWeights(golden.has("classWeights") ? golden.doubles("classWeights") : new double[0]);
            case "sigmoid" -> Loss.sigmoidCrossEntropy();
            default -> Loss.meanSquaredError();
        };
        int rows = golden.dimension("outputs", 0);
        int width = golden.dimension("outputs", 1);
        SequenceBatch batch = batch(1, rows);
        if (loss.classTargets()) {
            batch = batch.targets(golden.integers("targets"));
        } else {
            var marks = new byte[rows * width];
            int[] counted = golden.integers("counted");
            IntStream.range(0, marks.length).forEach(i -> marks[i] = (byte) counted[i]);
            batch = batch.targets(golden.doubles("targets"), width).targetMask(marks);
        }
        var run = new Run(loss, false, 1, rows, width, precision).run(batch, golden.doubles("outputs"));
        assertEquals(golden.number("loss"), run.pass.mean(), 4 * Math.ulp(golden.number("loss")));
        double[] gradient = golden.doubles("gradient");
        for (int i = 0; i < gradient.length; i++) {
            double rounding = 4 * precision.epsilon() * Math.max(Math.abs(gradient[i]), 1.0 / rows);
            assertEquals(gradient[i], precision.get(run.gradient, i), rounding, "element " + i);
        }
    }

    @Test
    void targetsOfAnotherPrecisionAreConverted() {
        var run = new Run(Loss.meanSquaredError(), true, 4, 1, 2, Precision.FLOAT32)
                .run(batch(4, 1).targets(new double[] {0.5, 0.25}, 2), 1, 1);
        assertEquals((0.25 + 0.5625) / 2, run.pass.mean());
        run.assertGradient(0.5, 0.75);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingThatCountsIsALossOfZero(boolean masked) {
        SequenceBatch none = batch(1, 1).targets(new int[] {masked ? 0 : -1});
        var run = new Run(Loss.softmaxCrossEntropy(), 1, 1, 2)
                .run(masked ? none.targetMask(new byte[1]) : none, 1, 2);
        assertEquals(0, run.pass.mean());
        run.assertGradient(0, 0);
    }

    @Test
    void targetsThatDoNotFitAreNamed() {
        var softmax = new Run(Loss.softmaxCrossEntropy(), 2, 2, 3);
        refused("targets[1, 1]: expected 0 to 2, or -1 = ignored, got 3",
                () -> softmax.run(batch(2, 2).targets(new int[] {0, 0, 0, 3})));
        refused("targets: expected 4, one per step, got 2",
                () -> softmax.run(batch(2, 2).targets(new int[2])));
        refused("targets: expected classes, got numbers",
                () -> softmax.run(batch(2, 2).targets(new float[12], 3)));
        refused("targetMask: expected 4, one per step, got 2",
                () -> softmax.run(batch(2, 2).targets(new int[4]).targetMask(new byte[2])));
        var perSequence = new Run(Loss.sigmoidCrossEntropy(), true, 2, 2, 3, FLOAT64);
        refused("targets: expected numbers, got classes",
                () -> perSequence.run(batch(2, 2).targets(new int[2])));
        refused("targets: expected 2, one per sequence, got 4",
                () -> perSequence.run(batch(2, 2).targets(new float[12], 3)));
        refused("targetMask: expected 2, one per sequence, or 6, got 4",
                () -> perSequence.run(batch(2, 2).targets(new float[6], 3).targetMask(new byte[4])));
        refused("targets: expected 3 numbers per position, got 2",
                () -> perSequence.run(batch(2, 2).targets(new float[4], 2)));
        refused("targets[1, 2]: expected 0 to 1, got 1.5",
                () -> perSequence.run(batch(2, 2).targets(new double[] {0, 0, 0, 0, 0, 1.5}, 3)));
        refused("targets: expected none, for the network has no loss; got some", () -> new Targets(
                new NetworkDescription(
                        new NetworkInput.Dense(1), List.of(Layer.of(Lstm.of(1))), new NetworkHead(3, false, null)),
                FLOAT64, 2, 2, workspace).fill(batch(2, 2).targets(new int[4])));
        refused("targets: expected 4 elements of 4 bytes, per step, or 2, per sequence, got 12 bytes",
                () -> batch(2, 2).targets(new int[3]));
        refused("classWeights[1]: expected a number of at least 0, got -1.0",
                () -> Loss.softmaxCrossEntropy().classWeights(1, -1));
        refused("classWeights: expected 3, one per output, got 2", () -> Network.builder(1).layer(Lstm.of(1))
                .classes(3).loss(Loss.softmaxCrossEntropy().classWeights(1, 2)).build());
    }

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
