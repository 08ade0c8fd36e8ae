package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GoldenFile;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The softmax of the native library against the one in plain Java, and against libtorch's. */
class NativeSoftmaxPassTest {
    private static final double GUARD = 12345;
    private static final int GUARDS = 8;

    /** Outputs differ by up to twice this. */
    private static final double LARGEST = 8;

    private Workspace workspace;

    @BeforeEach
    void open() {
        workspace = new Workspace("test");
    }

    @AfterEach
    void close() {
        workspace.close();
    }

    record Body(IsaTier tier, Precision precision) {
        /** Of each exponential: its own error, and that of a rounded difference, which is up to 2 LARGEST. */
        double error() {
            double own = precision == Precision.FLOAT32 ? 2.5e-7 : 1e-15;
            return own + 2 * LARGEST * precision.epsilon() / 2;
        }

        Network network(Loss loss, int classes, int threads) {
            Available.assume(Backend.NATIVE);
            return Network.builder(1).layer(Lstm.of(1)).classes(classes).loss(loss).backend(Backend.NATIVE)
                    .precision(precision).maxIsa(tier).threads(threads).build();
        }
    }

    static Stream<Body> bodies() {
        return Stream.of(IsaTier.values())
                .flatMap(tier -> Stream.of(Precision.values()).map(precision -> new Body(tier, precision)));
    }

    /** Loss, outputs and gradient between guards. */
    private final class Run {
        final LossPass pass;
        final Targets targets;
        final Precision precision;
        final MemorySegment outputs;
        final MemorySegment gradient;
        private final MemorySegment guarded;

        Run(LossPass pass, Network network, SequenceBatch batch, double... values) {
            this.pass = pass;
            this.precision = network.precision();
            this.targets = new Targets(
                    network.description(), precision, batch.timeSteps(), batch.batchSize(), workspace);
            targets.fill(batch);
            this.outputs = workspace.allocate(precision, values.length);
            precision.write(values, outputs, 0, values.length);
            this.guarded = workspace.allocate(precision, values.length + 2L * GUARDS);
            for (long i = 0; i < values.length + 2L * GUARDS; i++) {
                precision.set(guarded, i, GUARD);
            }
            this.gradient = precision.slice(guarded, GUARDS, values.length);
            pass.run(targets, new Head.Direct(outputs, gradient));
        }

        double[] gradients() {
            var all = new double[(int) (gradient.byteSize() / precision.bytes())];
            precision.read(gradient, 0, all, all.length);
            for (int i = 0; i < GUARDS; i++) {
                assertEquals(GUARD, precision.get(guarded, i));
                assertEquals(GUARD, precision.get(guarded, GUARDS + all.length + i));
            }
            return all;
        }
    }

    private static double[] draw(SeededRandom random, int count) {
        return random.doubles(count, -LARGEST, LARGEST).map(x -> (float) x).toArray();
    }

    /** Random targets, some of them ignored, some masked, some beyond a length. */
    private static SequenceBatch batch(SeededRandom random, int timeSteps, int batchSize, int classes) {
        var mask = new byte[timeSteps * batchSize];
        random.nextBytes(mask);
        return SequenceBatch.of(new double[timeSteps * batchSize], timeSteps, batchSize, 1)
                .targets(random.ints((long) timeSteps * batchSize, -1, classes).toArray())
                .targetMask(mask)
                .lengths(random.ints(batchSize, 1, timeSteps + 1).toArray());
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void equalsPlainJava(Body body) {
        var random = new SeededRandom(1);
        for (int classes : new int[] {1, 3, 37, 200}) {
            for (int rows = 1; rows <= 3; rows++) {
                compare(body, random, Loss.softmaxCrossEntropy(), rows, classes);
                double[] weights = random.doubles(classes, 0.1, 3).toArray();
                compare(body, random, Loss.softmaxCrossEntropy().classWeights(weights), rows, classes);
            }
        }
    }

    private void compare(Body body, SeededRandom random, Loss loss, int rows, int classes) {
        SequenceBatch batch = batch(random, rows, 2, classes);
        double[] outputs = draw(random, 2 * rows * classes);
        try (Network network = body.network(loss, classes, 1)) {
            LossPass pass = assertInstanceOf(NativeSoftmaxPass.class, LossPass.of(network, 2 * rows));
            var got = new Run(pass, network, batch, outputs);
            var expected = new Run(LossPass.of(loss, body.precision, classes), network, batch, outputs);
            assertEquals(expected.pass.weight(), pass.weight());
            assertEquals(expected.pass.mean(), pass.mean(), body.error() + 8 * Math.ulp(expected.pass.mean()));
            double[] gradient = got.gradients();
            double[] wanted = expected.gradients();
            for (int i = 0; i < wanted.length; i++) {
                // Plain Java subtracts the class's 1 from what may be nearly 1.
                double tolerance = (2 * body.error() + 3 * body.precision.epsilon()) * Math.abs(wanted[i]) + 0x1p-50;
                assertEquals(wanted[i], gradient[i], tolerance, "element " + i);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void whatIsNoNumberGoesThroughAsInPlainJava(Body body) {
        int classes = 5;
        SequenceBatch batch = SequenceBatch.of(new double[6], 6, 1, 1).targets(new int[] {0, 1, 2, 3, 4, -1});
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (int at = 0; at < 6 * classes; at++) {
                double[] outputs = draw(new SeededRandom(2), 6 * classes);
                outputs[at] = bad;
                try (Network network = body.network(Loss.softmaxCrossEntropy(), classes, 1)) {
                    var got = new Run(LossPass.of(network, 6), network, batch, outputs);
                    var expected = new Run(
                            LossPass.of(Loss.softmaxCrossEntropy(), body.precision, classes), network, batch, outputs);
                    assertEquals(expected.pass.mean(), got.pass.mean(), body.error() * 2);
                    assertArrayEquals(expected.gradients(), got.gradients(), body.error() * 2);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void theNumberOfThreadsChangesNoBit(Body body) {
        var random = new SeededRandom(3);
        SequenceBatch batch = batch(random, 50, 40, 65);
        double[] outputs = draw(random, 50 * 40 * 65);
        double loss = 0;
        double[] gradient = null;
        for (int threads = 1; threads <= 3; threads++) {
            try (Network network = body.network(Loss.softmaxCrossEntropy(), 65, threads);
                    NetworkPass _ = network.pass(1, 1)) { // threads run while a plan is open
                var run = new Run(LossPass.of(network, 50 * 40), network, batch, outputs);
                if (threads == 1) {
                    loss = run.pass.mean();
                    gradient = run.gradients();
                }
                assertEquals(loss, run.pass.mean());
                assertArrayEquals(gradient, run.gradients());
            }
        }
    }

    static Stream<GoldenFile> golden() {
        return GoldenFile.all("losses").stream().filter(file -> file.toString().contains("softmax"));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void lossesAreLibtorchs(GoldenFile golden) {
        int rows = golden.dimension("outputs", 0);
        int classes = golden.dimension("outputs", 1);
        Loss loss = Loss.softmaxCrossEntropy()
                .classWeights(golden.has("classWeights") ? golden.doubles("classWeights") : new double[0]);
        SequenceBatch batch = SequenceBatch.of(new double[rows], 1, rows, 1).targets(golden.integers("targets"));
        bodies().forEach(body -> {
            try (Network network = body.network(loss, classes, 1)) {
                var run = new Run(LossPass.of(network, rows), network, batch, golden.doubles("outputs"));
                double[] outputs = golden.doubles("outputs");
                double range = Arrays.stream(outputs).max().orElseThrow() - Arrays.stream(outputs).min().orElseThrow();
                // The file's outputs are rounded to the precision, too.
                double error = body.error() + 2 * range * body.precision.epsilon();
                assertEquals(golden.number("loss"), run.pass.mean(), error);
                assertArrayEquals(golden.doubles("gradient"), run.gradients(), 2 * error);
            }
        });
    }

    @Test
    void nothingThatCountsIsALossOfZero() {
        try (Network network = new Body(IsaTier.AVX512, Precision.FLOAT32).network(Loss.softmaxCrossEntropy(), 2, 1)) {
            SequenceBatch batch = SequenceBatch.of(new double[1], 1, 1, 1).targets(new int[] {-1});
            var run = new Run(LossPass.of(network, 1), network, batch, Double.NaN, 2);
            assertEquals(0, run.pass.mean());
            assertArrayEquals(new double[2], run.gradients());
        }
    }

    @Test
    void aLossAllocatesNothing() {
        try (Network network = new Body(IsaTier.AVX512, Precision.FLOAT32).network(Loss.softmaxCrossEntropy(), 5, 1)) {
            SequenceBatch batch = SequenceBatch.of(new double[2], 2, 1, 1).targets(new int[] {0, 4});
            var run = new Run(LossPass.of(network, 2), network, batch, new double[10]);
            var head = new Head.Direct(run.outputs, run.gradient);
            Allocation.assertNone(() -> run.pass.run(run.targets, head));
        }
    }
}
