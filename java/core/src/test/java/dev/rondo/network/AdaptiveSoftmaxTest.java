package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.reservoir.Ridge;
import dev.rondo.train.Ekf;
import dev.rondo.train.Learner;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Sgd;
import dev.rondo.train.Trainer;
import dev.rondo.train.TruncatedBptt;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adaptive softmax beside its equations, written out. */
class AdaptiveSoftmaxTest {
    private static final int T = 7;
    private static final int B = 3;
    private static final int CLASSES = 11;
    private static final int H = 5;

    /** Three frequent classes, and clusters of three, of one and of four, the last of one number. */
    private static final Loss.AdaptiveSoftmax SOFTMAX = Loss.adaptiveSoftmax(3, 6, 7).divValue(1.75);

    private static Network.Builder builder(Backend backend) {
        return Network.embedding(CLASSES, 4).layer(Gru.of(H)).outputs(CLASSES).loss(SOFTMAX).backend(backend).threads(2)
                .seed(3).quiet();
    }

    private static Precision widest(Backend backend) {
        return backend == Backend.VECTOR ? Precision.FLOAT32 : Precision.FLOAT64;
    }

    /** Ragged, one sequence empty, a target ignored; targets of all kinds. */
    private static SequenceBatch batch(boolean lastStep) {
        var random = new SeededRandom(2);
        int[] targets = IntStream.range(0, lastStep ? B : T * B).map(n -> (n * 4 + 2) % CLASSES).toArray();
        targets[1] = SequenceBatch.IGNORED;
        return SequenceBatch.tokens(random.ints(T * B, 0, CLASSES).toArray(), T, B).lengths(new int[] {T, 0, 4})
                .targets(targets);
    }

    @ParameterizedTest
    @EnumSource
    void gradients(Backend backend) {
        Available.assume(backend);
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder builder = lastStep ? builder(backend).lastStep() : builder(backend);
            try (Network network = builder.precision(widest(backend)).build()) {
                GradientCheck.of(network).batch(batch(lastStep)).run().assertPasses();
            }
        }
    }

    private static double[] read(Network network, String name) {
        TensorLayout.Tensor tensor = network.parameters().layout().get(name);
        var values = new double[(int) tensor.count()];
        network.precision().read(network.parameters().slab(), tensor.offset(), values, values.length);
        return values;
    }

    private static double[] times(double[] matrix, double[] vector) {
        var product = new double[matrix.length / vector.length];
        for (int i = 0; i < matrix.length; i++) {
            product[i / vector.length] += matrix[i] * vector[i % vector.length];
        }
        return product;
    }

    private static double[] logSoftmax(double[] z) {
        double sum = Arrays.stream(z).map(Math::exp).sum();
        return Arrays.stream(z).map(each -> each - Math.log(sum)).toArray();
    }

    /** {@return log p of all classes}, as in the Javadoc of {@link Loss.AdaptiveSoftmax} */
    private static double[] logProbabilities(Network network, double[] h) {
        double[] z = times(read(network, "head.weight"), h);
        double[] bias = read(network, "head.bias");
        Arrays.setAll(z, c -> z[c] + bias[c]);
        double[] frequent = logSoftmax(z);
        var all = Arrays.copyOf(frequent, CLASSES);
        int[] cutoffs = {3, 6, 7, CLASSES};
        for (int i = 0; i < 3; i++) {
            double[] p = times(read(network, "head.tail" + i + ".projection"), h);
            double[] cluster = logSoftmax(times(read(network, "head.tail" + i + ".weight"), p));
            assertEquals(cutoffs[i + 1] - cutoffs[i], cluster.length);
            for (int c = 0; c < cluster.length; c++) {
                all[cutoffs[i] + c] = frequent[3 + i] + cluster[c];
            }
        }
        return all;
    }

    /** A dozen roundings of numbers below 8. */
    @ParameterizedTest
    @EnumSource
    void outputsAreTheLogProbabilitiesOfAllClasses(Backend backend) {
        Available.assume(backend);
        double rounding = 100 * widest(backend).epsilon();
        try (Network network = builder(backend).precision(widest(backend)).build(); var pass = network.pass(T, B);
                var inference = network.inference(T, B); var stepper = network.stepper()) {
            var random = new SeededRandom(8); // biases begin as zeros
            for (int c = 0; c < 6; c++) {
                network.precision().set(network.parameters().view("head.bias"), c, random.nextDouble());
            }
            network.parameters().changed();
            int[] words = new SeededRandom(4).ints(T * B, 0, CLASSES).toArray();
            int[] next = new SeededRandom(5).ints(T * B, 0, CLASSES).toArray();
            pass.forward(SequenceBatch.tokens(words, T, B).targets(next));
            inference.forward(SequenceBatch.tokens(words, T, B));
            var h = new double[H];
            var actual = new double[CLASSES];
            var step = new float[CLASSES];
            double loss = 0;
            for (int n = 0; n < T * B; n++) {
                network.precision().read(pass.headInput(), (long) n * H, h, H);
                double[] expected = logProbabilities(network, h);
                loss -= expected[next[n]] / (T * B);
                network.precision().read(pass.outputs(), (long) n * CLASSES, actual, CLASSES);
                assertArrayEquals(expected, actual, rounding);
                network.precision().read(inference.outputs(), (long) n * CLASSES, actual, CLASSES);
                assertArrayEquals(expected, actual, rounding);
                assertEquals(1, Arrays.stream(actual).map(Math::exp).sum(), rounding);
                if (n % B == 1) {
                    stepper.step(words[n], step);
                    for (int c = 0; c < CLASSES; c++) {
                        assertEquals(expected[c], step[c], 100 * Precision.FLOAT32.epsilon());
                    }
                }
            }
            assertEquals(loss, pass.loss(), rounding);
            Metrics metrics = network.evaluate(
                    Dataset.sequences(List.of(Sequence.tokens(words).stepLabels(next))));
            assertEquals(Math.exp(metrics.loss()), metrics.perplexity());
            assertEquals(CLASSES, metrics.confusionMatrix().classes());
        }
    }

    private static double[] gradients(Network network) {
        var values = new double[(int) network.parameters().count()];
        network.precision().read(network.gradients(), 0, values, values.length);
        return values;
    }

    /** What is minus the log-probability of its class, in whatever cluster that is; nothing where none counts. */
    @ParameterizedTest
    @EnumSource
    void everyPositionHasItsPartOfTheLoss(Backend backend) {
        Available.assume(backend);
        try (Network network = builder(backend).precision(widest(backend)).build(); var pass = network.inference(T, B)) {
            SequenceBatch batch = batch(false);
            pass.forward(batch);
            double sum = 0;
            int[] lengths = {T, 0, 4};
            for (int n = 0; n < T * B; n++) {
                int target = (n * 4 + 2) % CLASSES;
                boolean counts = n != 1 && n / B < lengths[n % B];
                double expected =
                        counts ? -network.precision().get(pass.outputs(), (long) n * CLASSES + target) : 0;
                // A logit is the sum of two products of H numbers below 1; three logarithms go into each of both.
                assertEquals(expected, pass.loss(n / B, n % B), 30 * network.precision().epsilon(), "position " + n);
                sum += pass.loss(n / B, n % B);
            }
            assertEquals(pass.loss() * pass.lossWeight(), sum, 1e-13);
        }
    }

    @Test
    void askingForOutputsChangesNoGradient() {
        try (Network network = builder(Backend.REFERENCE).build(); var pass = network.pass(T, B)) {
            network.zeroGradients();
            pass.forward(batch(false));
            pass.backward();
            double[] expected = gradients(network);
            network.zeroGradients();
            pass.forward(batch(false));
            pass.outputs();
            pass.backward();
            assertArrayEquals(expected, gradients(network));
            network.zeroGradients();
            pass.forward(batch(false).targetMask(new byte[T * B])); // after a batch of which some counted
            assertEquals(0, pass.loss());
            pass.backward();
            assertArrayEquals(new double[expected.length], gradients(network));
        }
    }

    /**
     * A cluster of which 16 positions at most are held at once has 18: beside batches of one step each. The gradient
     * of what the head reads sums 2^20 terms in float32, of which the errors add up as in a random walk.
     */
    @Test
    void clustersInPieces() {
        Available.assume(Backend.NATIVE);
        int classes = 2 + (1 << 20);
        int[] targets = new SeededRandom(7).ints(20, 2, classes).toArray();
        targets[4] = 0;
        targets[19] = 1;
        double[] inputs = new SeededRandom(6).doubles(targets.length * 2L, -1, 1).toArray();
        Initialization wide = Initialization.uniform(1);
        try (Network network = Network.builder(2).layer(Elman.of(3)).outputs(classes).loss(Loss.adaptiveSoftmax(2))
                        .backend(Backend.NATIVE).inputWeights(wide).recurrentWeights(Initialization.uniform(1e-9))
                        .seed(1).quiet().build();
                var whole = network.pass(1, targets.length); var single = network.pass(1, 1)) {
            network.zeroGradients();
            whole.forward(SequenceBatch.of(inputs, 1, targets.length, 2).targets(targets));
            whole.backward();
            double[] actual = gradients(network);
            network.zeroGradients();
            double loss = 0;
            for (int n = 0; n < targets.length; n++) {
                single.forward(SequenceBatch.of(new double[] {inputs[2 * n], inputs[2 * n + 1]}, 1, 1, 2)
                        .targets(new int[] {targets[n]}));
                loss += single.loss();
                single.backward();
            }
            assertEquals(loss / targets.length, whole.loss(), 1e-6 * loss);
            double[] expected = gradients(network);
            double worst = 0;
            double largest = 0;
            for (int i = 0; i < expected.length; i++) {
                worst = Math.max(worst, Math.abs(expected[i] / targets.length - actual[i]));
                largest = Math.max(largest, Math.abs(actual[i]));
            }
            double walk = Math.sqrt(classes) * Precision.FLOAT32.epsilon();
            assertTrue(worst < 4 * walk * largest, worst + " of " + largest);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"VECTOR", "NATIVE"})
    void stepsAllocateNothing(Backend backend) {
        Available.assume(backend);
        try (Network network = builder(backend).build(); var pass = network.pass(T, B);
                var stepper = network.stepper()) {
            SequenceBatch batch = batch(false);
            var output = new float[CLASSES];
            Allocation.assertNone(() -> {
                pass.forward(batch);
                pass.backward();
                stepper.step(3, output);
            });
        }
    }

    @Test
    void aFileHasIt(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("model.rondo");
        try (Network network = builder(Backend.REFERENCE).build(); var pass = network.pass(T, B)) {
            Trainer.builder(network).optimizer(Sgd.of(1)).build().step(pass, batch(false));
            network.save(file);
            assertTrue(network.description().text().endsWith(
                    "head 11 eachStep adaptiveSoftmax cutoffs=3,6,7 divValue=1.75"), network.description()::text);
            try (Network loaded = Network.load(file)) {
                assertEquals(network.description(), loaded.description());
                assertEquals(-1, network.parameters().slab().mismatch(loaded.parameters().slab()));
            }
            assertTrue(network.description().head().classesAtEachStep());
        }
    }

    /** As PyTorch's: 64 // 4 and 64 // 16; 6 classes and 2 clusters; none narrower than one number. */
    @Test
    void layout() {
        TensorLayout layout = new NetworkDescription(new NetworkInput.Dense(2), List.of(Layer.of(Lstm.of(64))),
                new NetworkHead(30, false, Loss.adaptiveSoftmax(6, 17))).layout();
        assertEquals(List.of(8, 64), layout.get("head.weight").shape());
        assertEquals(List.of(8), layout.get("head.bias").shape());
        assertEquals(List.of(16, 64), layout.get("head.tail0.projection").shape());
        assertEquals(List.of(11, 16), layout.get("head.tail0.weight").shape());
        assertEquals(List.of(4, 64), layout.get("head.tail1.projection").shape());
        assertEquals(List.of(13, 4), layout.get("head.tail1.weight").shape());
        assertEquals(1, Loss.adaptiveSoftmax(1, 2, 3).width(2, 15));
    }

    private static void refuses(String message, Supplier<?> maker) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, maker::get).getMessage());
    }

    @Test
    void whatIsNone() {
        refuses("cutoffs: expected at least one, ascending, from 1 on, got []", () -> Loss.adaptiveSoftmax());
        refuses("cutoffs: expected at least one, ascending, from 1 on, got [0]", () -> Loss.adaptiveSoftmax(0));
        refuses("cutoffs: expected at least one, ascending, from 1 on, got [2, 5, 5]",
                () -> Loss.adaptiveSoftmax(2, 5, 5));
        refuses("divValue: expected a number of at least 1, got 0.5", () -> Loss.adaptiveSoftmax(2).divValue(0.5));
        Network.Builder ofOne = Network.embedding(1, 3).layer(Lstm.of(3)).outputs(1).loss(Loss.adaptiveSoftmax(1));
        refuses("cutoffs: expected them below the number of classes, 1, got 1", ofOne::build);
        refuses("adaptiveSoftmax: expected a dense layer that reads the top layer, with weights of its own, got tied"
                + " ones", builder(Backend.REFERENCE).layer(Lstm.of(4)).tieWeights()::build);
        refuses("adaptiveSoftmax: expected a dense layer that reads the top layer, with weights of its own, got a skip",
                builder(Backend.REFERENCE).skip()::build);
        refuses("adaptiveSoftmax: expected a dense layer that reads the top layer, with weights of its own, got none",
                builder(Backend.REFERENCE).noHead()::build);
        for (String head : List.of("cutoffs=2.5 divValue=4", "cutoffs=2 divValue=x", "cutoffs= divValue=4", "cutoffs=2",
                "cutoffs=9 divValue=4", "divValue=4 cutoffs=2")) {
            assertThrows(IllegalArgumentException.class, () -> NetworkDescription.parse(
                    "input dense 3\nlayer lstm 4\nhead 9 eachStep adaptiveSoftmax " + head), head);
        }
    }

    /** Which need the gradient of the outputs. */
    @Test
    void otherLearners() {
        try (Network network = builder(Backend.REFERENCE).build(); var pass = network.pass(T, B)) {
            for (Learner learner : List.of(Rtrl.exact(), TruncatedBptt.lookBack(3), Ekf.global())) {
                Trainer trainer = Trainer.builder(network).learner(learner).build();
                refuses("learner: expected back-propagation through the batch for an adaptive softmax, got another",
                        () -> trainer.step(pass, batch(false)));
            }
            pass.forward(batch(false));
            assertEquals("outputGradient: expected outputs that have a gradient, got those of an adaptive softmax",
                    assertThrows(IllegalStateException.class, pass::outputGradient).getMessage());
            refuses("network: expected a dense head with weights of its own, got an adaptive softmax", () ->
                    Ridge.of(1e-3).fit(network, Dataset.tokens(List.of(new int[] {1, 3}))));
        }
    }
}
