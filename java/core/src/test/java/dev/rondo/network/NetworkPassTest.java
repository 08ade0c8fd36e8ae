package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What passes compute and refuse; on the reference, in float64, where two ways to one number differ by rounding alone.
 */
class NetworkPassTest {
    private static final int T = 6;
    private static final int B = 2;
    private static final int V = 5;

    /** A few operations on numbers near 1, each with a relative error of 1e-16. */
    private static final double ROUNDING = 1e-13;

    private static Network network(Network.Builder builder) {
        return builder.layer(Lstm.of(4)).layer(Lstm.of(3)).classes(V).backend(Backend.REFERENCE)
                .precision(Precision.FLOAT64).seed(1).build();
    }

    private static int[] ids(long seed, int count) {
        return new SeededRandom(seed).ints(count, 0, V).toArray();
    }

    private static double at(MemorySegment segment, long index) {
        return Precision.FLOAT64.get(segment, index);
    }

    private static double[] oneHot(int[] ids) {
        var values = new double[ids.length * V];
        for (int n = 0; n < ids.length; n++) {
            values[n * V + ids[n]] = 1;
        }
        return values;
    }

    @Test
    void oneHotTokensAreTheDenseNetworkOnOneHotVectors() {
        int[] ids = ids(1, T * B);
        int[] targets = ids(2, T * B);
        try (Network tokens = network(Network.oneHot(V)); Network dense = network(Network.builder(V));
                var tokenPass = tokens.pass(T, B); var densePass = dense.pass(T, B)) {
            tokenPass.forward(SequenceBatch.tokens(ids, T, B).targets(targets));
            densePass.forward(SequenceBatch.of(oneHot(ids), T, B, V).targets(targets));
            assertEquals(densePass.loss(), tokenPass.loss(), ROUNDING);
            tokenPass.backward();
            densePass.backward();
            int rows = 16;
            for (int id = 0; id < V; id++) {
                for (int row = 0; row < rows; row++) {
                    assertEquals(at(dense.gradients(), (long) row * V + id),
                            at(tokens.gradients(), (long) id * rows + row), ROUNDING);
                }
            }
        }
    }

    /**
     * Minus the logarithm of the softmax of the outputs at the target, times its weight; in float32 to its own rounding
     * of the outputs, none of which is above 1. What is ignored or beyond a length has none, and all together are the
     * loss.
     */
    @ParameterizedTest
    @EnumSource
    void everyPositionHasItsPartOfTheLoss(Backend backend) {
        Available.assume(backend);
        double[] weights = {1, 2, 0.5, 3, 1};
        int[] targets = ids(2, T * B);
        targets[4] = SequenceBatch.IGNORED;
        int[] lengths = {T, T - 2};
        try (Network network = Network.oneHot(V).layer(Lstm.of(4)).classes(V).seed(1).backend(backend)
                .loss(Loss.softmaxCrossEntropy().classWeights(weights)).build();
                var pass = network.inference(T, B)) {
            pass.forward(SequenceBatch.tokens(ids(1, T * B), T, B).targets(targets).lengths(lengths));
            double sum = 0;
            for (int n = 0; n < T * B; n++) {
                boolean counts = n != 4 && n / B < lengths[n % B];
                double expected = counts ? weights[targets[n]] * nats(pass.outputs(), n, targets[n]) : 0;
                assertEquals(expected, pass.loss(n / B, n % B), 10 * Precision.FLOAT32.epsilon(), "position " + n);
                sum += pass.loss(n / B, n % B);
            }
            assertEquals(pass.loss() * pass.lossWeight(), sum, ROUNDING);
            assertEquals("step: expected 0 to 5, got 6",
                    assertThrows(IllegalArgumentException.class, () -> pass.loss(T, 0)).getMessage());
            assertEquals("sequence: expected 0 to 1, got -1",
                    assertThrows(IllegalArgumentException.class, () -> pass.loss(0, -1)).getMessage());
            pass.forward(SequenceBatch.tokens(ids(1, T * B), T, B));
            assertThrows(IllegalStateException.class, () -> pass.loss(0, 0));
        }
    }

    private static double nats(MemorySegment outputs, int position, int target) {
        double total = 0;
        for (int o = 0; o < V; o++) {
            total += Math.exp(Precision.FLOAT32.get(outputs, (long) position * V + o));
        }
        return Math.log(total) - Precision.FLOAT32.get(outputs, (long) position * V + target);
    }

    @Test
    void statesThatAreNotThereAreRefused() {
        try (Network network = network(Network.oneHot(V)); var pass = network.pass(T, B)) {
            assertEquals("layer: expected 0 to 1, got 2",
                    assertThrows(IllegalArgumentException.class, () -> pass.state(2, 0)).getMessage());
            assertEquals("layer: expected 0 to 1, got -1",
                    assertThrows(IllegalArgumentException.class, () -> pass.stateGradient(-1, 0)).getMessage());
            assertEquals("plane: expected 0 to 1, got 2",
                    assertThrows(IllegalArgumentException.class, () -> pass.lastStateGradient(1, 2)).getMessage());
        }
    }

    private static List<Network> everyKind(Backend backend) {
        return Stream.of(Network.builder(3), Network.oneHot(V), Network.embedding(V, 4))
                .map(builder -> builder.layer(Lstm.of(7)).layer(Lstm.of(3)).backend(backend).threads(2).seed(1))
                .flatMap(builder -> Stream.of(builder.classes(V).build(), builder.noHead().build(),
                        builder.lastStep().classes(V).build()))
                .toList();
    }

    private static SequenceBatch random(Network network, int steps) {
        boolean tokens = network.description().input().tokens();
        int positions = network.description().head().lastStep() ? 3 : 3 * steps;
        var numbers = new float[9 * steps];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i * 7 % 11 * 0.1f - 0.5f;
        }
        SequenceBatch batch = tokens
                ? SequenceBatch.tokens(ids(steps, 3 * steps), steps, 3)
                : SequenceBatch.of(numbers, steps, 3, 3);
        batch = batch.lengths(new int[] {steps, 1, steps / 2});
        return network.description().head().loss() == null ? batch : batch.targets(ids(7, positions));
    }

    private static float[] outputsAndGradients(Network network, NetworkPass pass, SequenceBatch batch) {
        network.gradients().fill((byte) 0);
        pass.forward(batch);
        pass.outputGradient().set(ValueLayout.JAVA_FLOAT, 0, 0.5f);
        pass.backward();
        float[] outputs = pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
        float[] gradients = network.gradients().toArray(ValueLayout.JAVA_FLOAT);
        float[] both = Arrays.copyOf(outputs, outputs.length + gradients.length);
        System.arraycopy(gradients, 0, both, outputs.length, gradients.length);
        return both;
    }

    /**
     * What earlier, longer batches left behind does not show. NATIVE takes the products of few rows another way,
     * chosen by the size of the pass: some hundred float32 terms below 1 in another order.
     */
    @ParameterizedTest
    @EnumSource
    void aPassTakesBatchesOfFewerStepsAsOneMadeForThem(Backend backend) {
        Available.assume(backend);
        for (Network network : everyKind(backend)) {
            try (network; var wide = network.pass(37, 3)) {
                for (int steps : new int[] {37, 1, 5, 36, 1}) {
                    SequenceBatch batch = random(network, steps);
                    try (var own = network.pass(steps, 3)) {
                        assertArrayEquals(outputsAndGradients(network, own, batch),
                                outputsAndGradients(network, wide, batch), backend == Backend.NATIVE ? 1e-5f : 0);
                    }
                }
                assertThrows(IllegalArgumentException.class, () -> wide.forward(random(network, 38)));
            }
        }
    }

    @Test
    void anEmbeddingOfUnitVectorsIsOneHot() {
        int[] ids = ids(1, T * B);
        int[] targets = ids(2, T * B);
        try (Network embedding = network(Network.embedding(V, V)); Network dense = network(Network.builder(V));
                var embeddingPass = embedding.pass(T, B); var densePass = dense.pass(T, B)) {
            MemorySegment all = embedding.parameters().slab();
            Precision.FLOAT64.slice(all, V * V, dense.parameters().count()).copyFrom(dense.parameters().slab());
            double[] unitVectors = oneHot(new int[] {0, 1, 2, 3, 4});
            embedding.parameters().view("embedding.weight").copyFrom(MemorySegment.ofArray(unitVectors));
            embedding.parameters().changed();
            embeddingPass.forward(SequenceBatch.tokens(ids, T, B).targets(targets));
            densePass.forward(SequenceBatch.of(oneHot(ids), T, B, V).targets(targets));
            assertEquals(densePass.loss(), embeddingPass.loss(), ROUNDING);
        }
    }

    @Test
    void onlyTheRowsOfTokensThatOccurHaveGradients() {
        try (Network network = network(Network.embedding(V, 3)); var pass = network.pass(T, B)) {
            var ids = new int[T * B];
            Arrays.fill(ids, 2);
            pass.forward(SequenceBatch.tokens(ids, T, B).targets(ids(2, T * B)));
            pass.backward();
            for (int id = 0; id < V; id++) {
                for (int w = 0; w < 3; w++) {
                    assertEquals(id == 2, at(network.gradients(), id * 3 + w) != 0);
                }
            }
        }
    }

    @Test
    void twoChunksWithTheStateCarriedAreOnePass() {
        int[] ids = ids(1, 2 * T * B);
        int[] targets = ids(2, 2 * T * B);
        try (Network network = network(Network.oneHot(V)); var whole = network.inference(2 * T, B);
                var half = network.inference(T, B).carryState(true)) {
            whole.forward(SequenceBatch.tokens(ids, 2 * T, B).targets(targets));
            double loss = 0;
            for (int chunk = 0; chunk < 2; chunk++) {
                half.forward(chunk(ids, targets, chunk));
                loss += half.loss() / 2;
            }
            assertEquals(whole.loss(), loss, ROUNDING);
            assertStates(whole, half);

            half.resetState();
            half.forward(chunk(ids, targets, 1));
            double fromZero = half.loss();
            half.carryState(false).forward(chunk(ids, targets, 1));
            assertEquals(fromZero, half.loss());
        }
    }

    private static SequenceBatch chunk(int[] ids, int[] targets, int chunk) {
        long bytes = (long) T * B * Integer.BYTES;
        MemorySegment tokens = MemorySegment.ofArray(ids).asSlice(chunk * bytes, bytes);
        MemorySegment classes = MemorySegment.ofArray(targets).asSlice(chunk * bytes, bytes);
        return SequenceBatch.tokens(tokens, T, B).targets(classes);
    }

    private static void assertStates(NetworkPass expected, NetworkPass got) {
        for (int layer = 0; layer < 2; layer++) {
            for (int plane = 0; plane < 2; plane++) {
                MemorySegment values = expected.state(layer, plane);
                for (long i = 0; i < values.byteSize() / Double.BYTES; i++) {
                    assertEquals(at(values, i), at(got.state(layer, plane), i), ROUNDING);
                }
            }
        }
    }

    @Test
    void aShortSequenceIsTheSequenceAlone() {
        int[] ids = ids(1, T * B);
        int[] targets = ids(2, T * B);
        int length = 4;
        var alone = new int[length];
        var aloneTargets = new int[length];
        for (int t = 0; t < length; t++) {
            alone[t] = ids[t * B + 1];
            aloneTargets[t] = targets[t * B + 1];
        }
        try (Network network = network(Network.oneHot(V)); var pass = network.inference(T, B);
                var single = network.inference(length, 1)) {
            pass.forward(SequenceBatch.tokens(ids, T, B).targets(targets).lengths(new int[] {0, length}));
            single.forward(SequenceBatch.tokens(alone, length, 1).targets(aloneTargets));
            assertEquals(length, pass.counted());
            assertEquals(single.loss(), pass.loss(), ROUNDING);
            assertEquals(at(single.state(1, 0), 2), at(pass.state(1, 0), 5), ROUNDING);
        }
    }

    @Test
    void aBatchIsReadAnewAtEachPass() {
        int[] ids = ids(1, T * B);
        SequenceBatch batch = SequenceBatch.tokens(ids, T, B).targets(ids(2, T * B));
        try (Network network = network(Network.oneHot(V)); var pass = network.inference(T, B)) {
            pass.forward(batch);
            double before = pass.loss();
            ids[0] = (ids[0] + 1) % V;
            pass.forward(batch);
            assertTrue(pass.loss() != before);
        }
    }

    @Test
    void numbersOfAnotherPrecisionAreConverted() {
        var values = new SeededRandom(1).doubles(T * B * 3, -1, 1).map(x -> (float) x).toArray();
        var floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        try (Network network = network(Network.builder(3)); var pass = network.inference(T, B)) {
            pass.forward(SequenceBatch.of(values, T, B, 3).targets(ids(2, T * B)));
            double expected = pass.loss();
            pass.forward(SequenceBatch.of(floats, T, B, 3).targets(ids(2, T * B)));
            assertEquals(expected, pass.loss());
        }
    }

    @Test
    void gradientsAddUp() {
        SequenceBatch batch = SequenceBatch.tokens(ids(1, T * B), T, B).targets(ids(2, T * B));
        try (Network network = network(Network.embedding(V, 3)); var pass = network.pass(T, B)) {
            pass.forward(batch);
            pass.backward();
            double[] once = network.gradients().toArray(ValueLayout.JAVA_DOUBLE);
            pass.forward(batch);
            pass.backward();
            for (int i = 0; i < once.length; i++) {
                assertEquals(2 * once[i], at(network.gradients(), i), ROUNDING);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatALongerBatchLeftInTheBuffersDoesNotMatter(Backend backend) {
        Available.assume(backend);
        SequenceBatch full = SequenceBatch.tokens(ids(1, T * B), T, B).targets(ids(2, T * B));
        SequenceBatch part = SequenceBatch.tokens(ids(3, T * B), T, B).targets(ids(4, T * B)).lengths(new int[] {2, 0});
        try (Network network = Network.embedding(V, 3).layer(Lstm.of(4)).layer(Lstm.of(3)).classes(V).backend(backend)
                        .threads(1).build();
                var used = network.pass(T, B); var fresh = network.pass(T, B)) {
            used.forward(full);
            used.backward();
            assertArrayEquals(gradients(fresh, part), gradients(used, part));
        }
    }

    private static float[] gradients(NetworkPass pass, SequenceBatch batch) {
        pass.network().gradients().fill((byte) 0);
        pass.forward(batch);
        pass.backward();
        return pass.network().gradients().toArray(ValueLayout.JAVA_FLOAT);
    }

    /** A batch that does not fit a network of tokens, T x B, and what the message says. */
    record Misfit(SequenceBatch batch, String message) {}

    static Stream<Misfit> misfits() {
        int[] ids = ids(1, T * B);
        int[] wrong = ids.clone();
        wrong[3] = V;
        return Stream.of(
                new Misfit(SequenceBatch.tokens(ids(1, T), T, 1),
                        "batch: expected at most 6 time steps x exactly 2 sequences, got 6 x 1"),
                new Misfit(SequenceBatch.of(new float[T * B], T, B, 1), "batch: expected tokens, got numbers"),
                new Misfit(SequenceBatch.tokens(wrong, T, B), "tokens[1, 1]: expected 0 to 4, got 5"),
                new Misfit(SequenceBatch.tokens(ids, T, B).lengths(new int[] {1, 7}),
                        "lengths[1]: expected 0 to 6, got 7"),
                new Misfit(SequenceBatch.tokens(ids, T, B).targets(wrong),
                        "targets[1, 1]: expected 0 to 4, or -1 = ignored, got 5"));
    }

    @ParameterizedTest
    @MethodSource("misfits")
    void aBatchThatDoesNotFitIsRefused(Misfit misfit) {
        for (Network.Builder builder : List.of(Network.oneHot(V), Network.embedding(V, 2))) {
            try (Network network = network(builder); var pass = network.pass(T, B)) {
                var e = assertThrows(IllegalArgumentException.class, () -> pass.forward(misfit.batch));
                assertEquals(misfit.message, e.getMessage());
                assertThrows(IllegalStateException.class, pass::backward);
            }
        }
    }

    @Test
    void arraysOfTheWrongSizeAreRefused() {
        var e = assertThrows(IllegalArgumentException.class, () -> SequenceBatch.tokens(new int[11], T, B));
        assertEquals("tokens: expected 12 elements of 4 bytes, got 44 bytes", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> SequenceBatch.of(new float[11], T, B, 1));
        SequenceBatch batch = SequenceBatch.tokens(new int[12], T, B);
        assertThrows(IllegalArgumentException.class, () -> batch.targets(new int[3]));
        assertThrows(IllegalArgumentException.class, () -> batch.lengths(new int[T]));
        assertThrows(IllegalArgumentException.class, () -> batch.hold(new byte[2]));
    }

    @Test
    void backwardWantsAForwardPassWithTargets() {
        SequenceBatch batch = SequenceBatch.tokens(ids(1, T * B), T, B);
        try (Network network = network(Network.oneHot(V)); var pass = network.pass(T, B);
                var inference = network.inference(T, B)) {
            assertThrows(IllegalStateException.class, pass::backward);
            pass.forward(batch);
            assertThrows(IllegalStateException.class, pass::backward);
            assertThrows(IllegalStateException.class, pass::loss);
            pass.forward(batch.targets(ids(2, T * B)));
            pass.backward();
            assertThrows(IllegalStateException.class, pass::backward);
            inference.forward(batch.targets(ids(2, T * B)));
            assertThrows(IllegalStateException.class, inference::backward);
            assertThrows(IllegalStateException.class, () -> inference.stateGradient(0, 0));
        }
    }

    @Test
    void aPrecisionThatTheBackendLacksIsSaidWhenTheNetworkIsBuilt() {
        Available.assume(Backend.VECTOR);
        var builder = Network.builder(5).layer(Lstm.of(3)).noHead().backend(Backend.VECTOR);
        builder.build().close();
        assertEquals("VECTOR: float64 is not supported; use REFERENCE or NATIVE", assertThrows(
                UnsupportedOperationException.class, builder.precision(Precision.FLOAT64)::build).getMessage());
    }
}
