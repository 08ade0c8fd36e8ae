package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.reservoir.Ridge;
import dev.rondo.train.Adam;
import dev.rondo.train.Ekf;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Learner;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Sgd;
import dev.rondo.train.StepResult;
import dev.rondo.train.Trainer;
import dev.rondo.train.TruncatedBptt;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A head whose weights are the embedding's, beside one that has a copy of them. */
class TiedWeightsTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int V = 11;
    private static final int W = 3;

    /** Sums of some dozen products in float64. */
    private static final double ROUNDING = 1e-13;

    private static Network.Builder untied() {
        return Network.embedding(V, W).layer(Gru.of(5)).layer(Lstm.of(W)).classes(V).seed(4).threads(2).quiet();
    }

    private static Network.Builder tied() {
        return untied().tieWeights();
    }

    private static Network.Builder inFloat64(Network.Builder builder) {
        return builder.backend(Backend.REFERENCE).precision(Precision.FLOAT64);
    }

    /** Ragged, one sequence empty; of the tokens some are only read, some only predicted, some neither. */
    private static SequenceBatch batch(boolean lastStep) {
        var random = new SeededRandom(2);
        return SequenceBatch.tokens(random.ints(T * B, 0, V - 3).toArray(), T, B).lengths(new int[] {T, 0, 3})
                .targets(random.ints(lastStep ? B : T * B, 2, V - 1).toArray());
    }

    @ParameterizedTest
    @EnumSource
    void gradients(Backend backend) {
        Available.assume(backend);
        Precision precision = backend == Backend.VECTOR ? Precision.FLOAT32 : Precision.FLOAT64;
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder builder = lastStep ? tied().lastStep().skip() : tied();
            try (Network network = builder.backend(backend).precision(precision).build()) {
                GradientCheck.of(network).batch(batch(lastStep)).run().assertPasses();
            }
        }
    }

    private static double[] read(Network network, String tensor, boolean gradient) {
        TensorLayout.Tensor at = network.parameters().layout().get(tensor);
        var values = new double[(int) at.count()];
        network.precision().read(
                gradient ? network.gradients() : network.parameters().slab(), at.offset(), values, values.length);
        return values;
    }

    /** Copies all parameters of a tied network; the embedding twice. */
    private static Network copyInTwo(Network tied) {
        Network two = inFloat64(untied()).build();
        for (TensorLayout.Tensor tensor : two.parameters().layout().tensors()) {
            String from = tensor.name().equals("head.weight") ? "embedding.weight" : tensor.name();
            two.parameters().view(tensor.name()).copyFrom(tied.parameters().view(from));
        }
        two.parameters().changed();
        return two;
    }

    @Test
    void theGradientIsThatOfBothUses() {
        try (Network one = inFloat64(tied()).build(); Network two = copyInTwo(one);
                var onePass = one.pass(T, B); var twoPass = two.pass(T, B)) {
            one.zeroGradients();
            two.zeroGradients();
            onePass.forward(batch(false));
            twoPass.forward(batch(false));
            assertEquals(twoPass.loss(), onePass.loss());
            onePass.backward();
            twoPass.backward();
            double[] sum = read(two, "embedding.weight", true);
            double[] ofHead = read(two, "head.weight", true);
            Arrays.setAll(sum, i -> sum[i] + ofHead[i]);
            assertArrayEquals(sum, read(one, "embedding.weight", true), ROUNDING);
            assertArrayEquals(read(two, "layer0.weightIh", true), read(one, "layer0.weightIh", true), ROUNDING);
            assertTrue(Arrays.stream(sum, (V - 1) * W, V * W).allMatch(each -> each != 0),
                    "a token that the batch has nowhere has a gradient, too");
        }
    }

    /** Every row has its part in the norm, and moves. */
    @ParameterizedTest
    @EnumSource
    void aStepGoesOverAllRows(Backend backend) {
        Available.assume(backend);
        double rate = 0.5;
        double limit = 0.01;
        try (Network network = tied().backend(backend).build(); var pass = network.pass(T, B)) {
            var trainer = Trainer.builder(network).optimizer(Sgd.of(rate)).clip(GradientClipping.globalNorm(limit))
                    .build();
            for (int step = 0; step < 3; step++) {
                double[] before = read(network, "embedding.weight", false);
                StepResult result = trainer.step(pass, batch(false));
                double squares = 0;
                for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
                    squares += Arrays.stream(read(network, tensor.name(), true)).map(g -> g * g).sum();
                }
                assertEquals(Math.sqrt(squares), result.gradientNorm(), 1e-12);
                double[] gradient = read(network, "embedding.weight", true);
                double[] after = read(network, "embedding.weight", false);
                for (int i = 0; i < after.length; i++) {
                    assertEquals((float) (before[i] - rate * (limit / result.gradientNorm() * gradient[i])), after[i]);
                    assertTrue(gradient[i] != 0);
                }
            }
        }
    }

    static Stream<Learner> exactLearners() {
        return Stream.of(Rtrl.exact(), TruncatedBptt.lookBack(T));
    }

    /** Real-time gradients are those of back-propagation, so one step of both moves the parameters alike. */
    @ParameterizedTest
    @MethodSource("exactLearners")
    void learners(Learner learner) {
        try (Network expected = inFloat64(tied()).build(); Network actual = inFloat64(tied()).build();
                var expectedPass = expected.pass(T, B); var actualPass = actual.pass(T, B)) {
            Trainer.builder(expected).optimizer(Sgd.of(1)).build().step(expectedPass, batch(false));
            Trainer.builder(actual).optimizer(Sgd.of(1)).learner(learner).build().step(actualPass, batch(false));
            assertArrayEquals(read(expected, "embedding.weight", false), read(actual, "embedding.weight", false),
                    ROUNDING);
        }
    }

    /** Of one step and half the squared error, H^T e is the gradient: by a mean over V outputs, V / 2 times that. */
    @Test
    void kalmanFilter() {
        var values = new double[V];
        Arrays.setAll(values, o -> o % 2);
        SequenceBatch batch = SequenceBatch.tokens(new int[] {7}, 1, 1).targets(values, V);
        try (Network network = inFloat64(tied()).loss(Loss.meanSquaredError()).build(); var pass = network.pass(1, 1)) {
            pass.forward(batch);
            double loss = pass.loss();
            var byGradient = Trainer.builder(network).optimizer(Sgd.of(1e-300)).build().step(pass, batch);
            Trainer trainer = Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perLayer())).build();
            assertEquals(byGradient.gradientNorm() * V / 2, trainer.step(pass, batch).gradientNorm(), 1e-12);
            pass.forward(batch);
            assertTrue(pass.loss() < loss);
        }
    }

    @Test
    void aFileHasTheWeightsOnce(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("model.rondo");
        try (Network network = tied().build(); var pass = network.pass(T, B)) {
            Trainer.builder(network).optimizer(Adam.of(0.01)).build().step(pass, batch(false));
            network.save(file);
            try (Network loaded = Network.load(file); var again = loaded.inference(T, B)) {
                assertEquals(network.description(), loaded.description());
                assertEquals(-1, network.parameters().slab().mismatch(loaded.parameters().slab()));
                pass.forward(batch(false));
                again.forward(batch(false));
                assertEquals(pass.loss(), again.loss(), 1e-6); // the first layer on tokens sums in another order
            }
            assertTrue(network.description().text().endsWith("head 11 eachStep tied softmaxCrossEntropy"));
            List<String> names = network.parameters().layout().tensors().stream().map(TensorLayout.Tensor::name)
                    .toList();
            assertTrue(names.contains("head.bias") && !names.contains("head.weight"), names::toString);
            assertTrue(network.tokenRows().tensors().isEmpty());
        }
    }

    @Test
    void firstWeights() {
        try (Network network = tied().build();
                Network wide = tied().embeddingWeights(Initialization.uniform(7)).build()) {
            double limit = 1 / Math.sqrt(W);
            double largest = Arrays.stream(read(network, "embedding.weight", false)).map(Math::abs).max().orElseThrow();
            assertTrue(largest <= limit && largest > limit / 2, "largest of 33 within " + limit + ": " + largest);
            largest = Arrays.stream(read(wide, "embedding.weight", false)).map(Math::abs).max().orElseThrow();
            assertTrue(largest <= 7 && largest > 3.5, "largest of 33 within 7: " + largest);
        }
    }

    private static void refuses(String message, Network.Builder builder) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    }

    @Test
    void whatCannotBeTied() {
        refuses("tieWeights: expected an embedding as wide as the top layer, 4, got 3",
                Network.embedding(V, W).layer(Lstm.of(4)).classes(V).tieWeights());
        refuses("tieWeights: expected as many outputs as tokens that are embedded, 11, got 12",
                Network.embedding(V, W).layer(Lstm.of(W)).classes(V + 1).tieWeights());
        refuses("tieWeights: expected an embedding that the head shares, got an input without one",
                Network.oneHot(V).layer(Lstm.of(V)).classes(V).tieWeights());
        refuses("tieWeights: expected a dense layer that has weights, got none",
                Network.embedding(V, V).layer(Lstm.of(V)).noHead().tieWeights());
        try (Network network = tied().build()) {
            var data = Dataset.tokens(List.of(new int[] {1, 3}));
            assertEquals("network: expected a dense head with weights of its own, got one with those of the embedding",
                    assertThrows(IllegalArgumentException.class, () -> Ridge.of(1e-3).fit(network, data)).getMessage());
        }
    }
}
