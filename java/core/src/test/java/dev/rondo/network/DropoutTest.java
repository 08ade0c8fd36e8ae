package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.network.Topologies.Topology;
import dev.rondo.train.Adam;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Trainer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What dropout and zoneout leave out in training, seen in networks whose numbers are known without them. */
class DropoutTest {
    private static final int T = 20;
    private static final int B = 10;
    private static final int H = 6;

    /** A share of 1200 draws lies within four standard deviations, 4 * 0.5 / sqrt(1200). */
    private static final double SHARE = 0.06;

    /** Rectified units, each of which reads a number of its own, and itself with the weight {@code recurrent}. */
    private static Network units(Layer layer, Backend backend, double recurrent, boolean lastStep) {
        Network.Builder builder = Network.builder(H).layer(layer).noHead().backend(backend).seed(1)
                .inputWeights(Initialization.identity())
                .recurrentWeights(Initialization.identity().times(recurrent));
        return (lastStep ? builder.lastStep() : builder).build();
    }

    private static float[] outputs(NetworkPass pass, float[] x) {
        return outputs(pass, SequenceBatch.of(x, T, B, H));
    }

    private static float[] outputs(NetworkPass pass, SequenceBatch batch) {
        pass.forward(batch);
        return pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static float[] ones() {
        var x = new float[T * B * H];
        Arrays.fill(x, 1);
        return x;
    }

    private static double share(float[] values, float of) {
        return IntStream.range(0, values.length).filter(i -> values[i] == of).count() / (double) values.length;
    }

    @ParameterizedTest
    @EnumSource
    void numbersAreLeftOutAndTheOthersScaled(Backend backend) {
        Available.assume(backend);
        try (Network network = units(Layer.of(Elman.relu(H)).dropout(0.25), backend, 0, false);
                var training = network.pass(T, B); var inference = network.inference(T, B)) {
            float[] dropped = outputs(training, ones());
            float kept = 1 / 0.75f;
            assertEquals(0.25, share(dropped, 0), SHARE);
            assertEquals(1, share(dropped, 0) + share(dropped, kept), 1e-9);
            assertFalse(Arrays.equals(dropped, outputs(training, ones())), "each pass has a mask of its own");
            assertEquals(1, share(outputs(inference, ones()), 1), "nothing is left out in inference");
        }
    }

    /** Steps that are taken again, one by one, have the masks that they had in the batch. */
    @Test
    void stepsOfABatchHaveTheMasksOfTheBatch() {
        Network.Builder builder = Network.builder(H)
                .layer(Layer.of(Gru.of(H)).dropout(0.5).recurrentDropout(0.5).zoneout(0.5))
                .layer(Layer.of(Gru.of(H)).variationalDropout(0.5).recurrentDropout(0.5).zoneout(0.5))
                .layer(Layer.of(Gru.of(H)).dropout(0.5).zoneout(0.5)).noHead().backend(Backend.REFERENCE);
        try (Network network = builder.build(); var pass = network.pass(T + 3, B); var single = network.pass(1, B)) {
            pass.forward(SequenceBatch.of(ones(), T, B, H));
            for (int t = T - 1; t >= 0; t--) {
                single.maskDraw(pass.maskDraw().after(t)).forward(SequenceBatch.of(new float[B * H], 1, B, H));
                for (int layer = 0; layer < 3; layer++) {
                    LayerMasks all = pass.masks(layer);
                    LayerMasks one = single.masks(layer);
                    assertEquals(-1, one.output().mismatch(step(all.output(), layer == 1 ? 0 : t, Float.BYTES)));
                    assertEquals(-1, one.hold().mismatch(step(all.hold(), t, 1)));
                    assertTrue(layer == 2 ? one.recurrent() == null : one.recurrent().mismatch(all.recurrent()) == -1);
                }
            }
            MaskDraw last = pass.maskDraw().after(T - 1);
            single.maskDraw(last);
            assertThrows(IllegalArgumentException.class, () -> last.after(1));
            assertEquals("batch: expected at most the 1 steps that have masks, got 2", assertThrows(
                    IllegalArgumentException.class, () -> pass.maskDraw(last).forward(
                            SequenceBatch.of(new float[2 * B * H], 2, B, H))).getMessage());
        }
    }

    @Test
    void givenMasksGoBeforeASeedUntilTheyAreTakenBack() {
        try (Network network = units(Layer.of(Elman.relu(H)).dropout(0.5), Backend.REFERENCE, 0, false);
                var pass = network.pass(T, B)) {
            assertEquals(0, pass.masks(0).output().toArray(ValueLayout.JAVA_FLOAT)[0], "nothing is drawn yet");
            var given = new MaskDraw(3, T, 0);
            float[] byDraw = outputs(pass.maskDraw(given), ones());
            assertArrayEquals(byDraw, outputs(pass.maskSeed(4), ones()));
            assertEquals(given, pass.maskDraw());
            float[] bySeed = outputs(pass.maskDraw(null), ones());
            assertEquals(new MaskDraw(4, T, 0), pass.maskDraw());
            assertFalse(Arrays.equals(byDraw, bySeed));
            assertArrayEquals(bySeed, outputs(pass, ones()));
        }
    }

    /**
     * A head that reads the embedding past a layer of zeros, by the identity, puts out what is left of the vectors: 0,
     * or what it was by 1 / (1 - rate); drawn for each step, sequence and number.
     */
    @ParameterizedTest
    @EnumSource
    void ofAnEmbeddingNumbersAreLeftOutOrGrow(Backend backend) {
        Available.assume(backend);
        int steps = 50;
        int width = 37;
        double rate = 0.25;
        try (Network network = Network.embedding(3, width).embeddingDropout(rate).layer(Elman.of(2)).skip()
                        .outputs(width).backend(backend).seed(1).build();
                var training = network.pass(steps, B);
                var inference = network.inference(steps, B)) {
            network.parameters().view("head.weight").fill((byte) 0);
            network.parameters().view("head.bias").fill((byte) 0);
            MemorySegment identity = network.parameters().view("head.skipWeight").fill((byte) 0);
            for (int i = 0; i < width; i++) {
                identity.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * (width + 1), 1);
            }
            network.parameters().changed();
            var tokens = new int[steps * B];
            Arrays.setAll(tokens, n -> n % 3);
            float[] whole = outputs(inference, SequenceBatch.tokens(tokens, steps, B));
            float[] dropped = outputs(training, SequenceBatch.tokens(tokens, steps, B));
            int zeros = 0;
            for (int i = 0; i < whole.length; i++) {
                assertTrue(dropped[i] == 0 || Math.abs(dropped[i] * (1 - rate) - whole[i]) < 1e-6, "number " + i);
                zeros += dropped[i] == 0 ? 1 : 0;
            }
            double deviation = Math.sqrt(rate * (1 - rate) * whole.length);
            assertEquals(rate * whole.length, zeros, 4 * deviation); // once in 16,000 draws it is not; of seed 1 it is
            assertFalse(Arrays.equals(Arrays.copyOf(dropped, 3 * B * width),
                    Arrays.copyOfRange(dropped, 3 * B * width, 6 * B * width)), "each step has a mask of its own");
        }
    }

    @Test
    void onlyAnEmbeddingIsDropped() {
        assertSays("embeddingDropout: expected an embedding, got OneHot[size=3]",
                () -> Network.oneHot(3).embeddingDropout(0.1));
        assertSays("embeddingDropout: expected 0 to below 1, got 1.0",
                () -> Network.embedding(3, 2).embeddingDropout(1));
        try (Network network = Network.embedding(3, 2).embeddingDropout(0.1).layer(Elman.of(2)).classes(3).build();
                var pass = network.pass(1, 1)) {
            Trainer trainer = Trainer.builder(network).learner(Rtrl.exact()).optimizer(Adam.of(0.1)).build();
            assertSays("learner: expected back-propagation through the batch for dropout of an embedding, got another",
                    () -> trainer.step(pass, SequenceBatch.tokens(new int[1], 1, 1).targets(new int[1])));
        }
    }

    private static MemorySegment step(MemorySegment masks, int t, int bytes) {
        long size = (long) B * H * bytes;
        return masks.asSlice(t * size, size);
    }

    @Test
    void variationalDropoutIsTheSameAtAllSteps() {
        try (Network network = units(Layer.of(Elman.relu(H)).variationalDropout(0.5), Backend.REFERENCE, 0, false);
                Network once = units(Layer.of(Elman.relu(H)).variationalDropout(0.5), Backend.REFERENCE, 0, true);
                var pass = network.pass(T, B); var lastStep = once.pass(T, B)) {
            float[] dropped = outputs(pass, ones());
            for (int i = 0; i < dropped.length; i++) {
                assertEquals(dropped[i % (B * H)], dropped[i]);
            }
            assertTrue(share(dropped, 0) > 0.2 && share(dropped, 2) > 0.2);
            assertArrayEquals(Arrays.copyOf(dropped, B * H), outputs(lastStep, ones()), "the same seed, the same mask");
        }
    }

    /** Units that keep their state, 1 from the first step on: what is left of it is a power of the mask's factor. */
    @ParameterizedTest
    @EnumSource
    void recurrentDropoutMultipliesTheOldOutput(Backend backend) {
        Available.assume(backend);
        try (Network network = units(Layer.of(Elman.relu(H)).recurrentDropout(0.5), backend, 1, false);
                var training = network.pass(T, B); var inference = network.inference(T, B)) {
            var x = new float[T * B * H];
            Arrays.fill(x, 0, B * H, 1);
            float[] dropped = outputs(training, x);
            int zeros = 0;
            for (int i = 0; i < B * H; i++) {
                float factor = dropped[B * H + i];
                assertTrue(factor == 0 || factor == 2, "factor " + factor);
                zeros += factor == 0 ? 1 : 0;
                for (int t = 0; t < T; t++) {
                    assertEquals(t == 0 ? 1 : (float) Math.pow(factor, t), dropped[t * B * H + i]);
                }
            }
            assertTrue(zeros > B * H / 4 && zeros < 3 * B * H / 4, zeros + " zeros");
            assertEquals(1, share(outputs(inference, x), 1));
        }
    }

    /** Units that show the number of the step: what zoneout holds shows that of an earlier one. */
    @ParameterizedTest
    @EnumSource
    void zoneoutHoldsUnits(Backend backend) {
        Available.assume(backend);
        try (Network network = units(Layer.of(Elman.relu(H)).zoneout(0.3), backend, 0, false);
                var training = network.pass(T, B); var inference = network.inference(T, B)) {
            var x = new float[T * B * H];
            for (int i = 0; i < x.length; i++) {
                x[i] = 1 + i / (B * H);
            }
            float[] held = outputs(training, x);
            float[] expected = outputs(inference, x);
            int holds = 0;
            double mean = 0;
            for (int i = 0; i < x.length; i++) {
                float before = i < B * H ? 0 : held[i - B * H];
                assertTrue(held[i] == x[i] || held[i] == before, held[i] + " after " + before + " at " + x[i]);
                holds += held[i] == before ? 1 : 0;
                mean = i % (B * H) == 0 ? 0.3 * mean + 0.7 * x[i] : mean; // all units of a step are the same
                assertEquals(mean, expected[i], 1e-4, "0.3 old + 0.7 new");
            }
            assertEquals(0.3, holds / (double) x.length, SHARE);
        }
    }

    /**
     * The smallest rate there is changes no bit of a sum, but takes the way by steps: over padding and held steps, in
     * both directions, and on all kinds of input. A state is a sum of some dozen products, rounded at each step.
     */
    @ParameterizedTest
    @EnumSource
    void stepsOfZoneoutAreTheSequence(Backend backend) {
        Available.assume(backend);
        for (String input : List.of("dense", "oneHot", "embedding")) {
            SequenceBatch batch = (input.equals("dense")
                    ? numbers(H)
                    : SequenceBatch.tokens(new SeededRandom(1).ints(T * B, 0, H).toArray(), T, B))
                    .lengths(IntStream.range(0, B).map(b -> b * 2).toArray()).hold(alternating());
            var outputs = new float[2][];
            for (int i = 0; i < 2; i++) {
                Network.Builder builder = switch (input) {
                    case "dense" -> Network.builder(H);
                    case "oneHot" -> Network.oneHot(H);
                    default -> Network.embedding(H, 3);
                };
                Layer layer = Layer.of(Lstm.of(H)).bidirectional().zoneout(i * Double.MIN_VALUE);
                try (Network network = builder.layer(layer).noHead().backend(backend).seed(1).build();
                        var pass = network.inference(T, B)) {
                    pass.forward(batch);
                    outputs[i] = pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
                }
            }
            assertArrayEquals(outputs[0], outputs[1], 1e-5f, input);
        }
    }

    private static byte[] alternating() {
        var held = new byte[T * B];
        for (int i = 0; i < held.length; i += 3) {
            held[i] = 1;
        }
        return held;
    }

    static Stream<Arguments> masked() {
        return Stream.of(Backend.values()).flatMap(backend ->
                Topologies.masked().stream().map(topology -> Arguments.of(backend, topology)));
    }

    /** One seed gives the masks, whatever the number of threads; every pass has other ones, unless they are fixed. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("masked")
    void masksComeFromTheSeed(Backend backend, Topology topology) {
        Available.assume(backend);
        float[][][] outputs = new float[2][3][];
        for (int threads = 1; threads <= 2; threads++) {
            try (Network network = topology.layers().apply(Network.builder(Topologies.INPUTS)).classes(3).seed(9)
                    .backend(backend).threads(threads).build(); var pass = network.pass(T, B)) {
                SequenceBatch batch = numbers(Topologies.INPUTS);
                for (int i = 0; i < 3; i++) {
                    pass.forward(batch);
                    outputs[threads - 1][i] = pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
                }
                assertFalse(Arrays.equals(outputs[0][0], outputs[0][1]));
                pass.maskSeed(5).forward(batch);
                float[] fixed = pass.outputs().toArray(ValueLayout.JAVA_FLOAT);
                pass.forward(batch);
                assertArrayEquals(fixed, pass.outputs().toArray(ValueLayout.JAVA_FLOAT));
            }
        }
        assertArrayEquals(outputs[0], outputs[1]);
    }

    private static SequenceBatch numbers(int width) {
        var x = new float[T * B * width];
        var random = new SeededRandom(4);
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat(-1, 1);
        }
        return SequenceBatch.of(x, T, B, width);
    }

    static Stream<Arguments> allocating() {
        return masked().filter(arguments -> arguments.get()[0] == Backend.NATIVE);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("allocating")
    void forwardAndBackwardAllocateNothing(Backend backend, Topology topology) {
        Available.assume(backend);
        try (Network network = topology.layers().apply(Network.builder(Topologies.INPUTS)).skip().lastStep().classes(3)
                .backend(backend).build(); var pass = network.pass(3, 2); var inference = network.inference(3, 2)) {
            SequenceBatch batch = SequenceBatch.of(new float[3 * 2 * Topologies.INPUTS], 3, 2, Topologies.INPUTS)
                    .lengths(new int[] {3, 1}).targets(new int[2]);
            Allocation.assertNone(() -> {
                pass.forward(batch);
                pass.backward();
                inference.forward(batch);
            });
        }
    }

    @Test
    void ratesThatAreNoneAreRefused() {
        Layer layer = Layer.of(Gru.of(2));
        assertSays("dropout: expected 0 to below 1, got 1.0", () -> layer.dropout(1));
        assertSays("dropout: expected 0 to below 1, got -0.1", () -> layer.variationalDropout(-0.1));
        assertSays("recurrentDropout: expected 0 to below 1, got NaN", () -> layer.recurrentDropout(Double.NaN));
        assertSays("recurrentDropout: expected a cell that multiplies its old output, got mingru",
                () -> Layer.of(MinGru.of(3)).recurrentDropout(0.5));
        Layer.of(IndRnn.of(3)).recurrentDropout(0.5);
        assertSays("zoneout: expected 0 to below 1, got 1.5", () -> layer.zoneout(1.5));
    }

    private static void assertSays(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
