package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Allocation;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StepperTest {
    private static final int T = 40;
    private static final int V = 11;
    private static final int H = 37;

    private static Network network(Network.Builder builder, Backend backend) {
        return builder.layer(Lstm.of(H)).layer(Lstm.of(H)).classes(V).backend(backend).threads(1).seed(1).build();
    }

    /**
     * Steps and pass compute the same sums in other orders. A logit sums H products of numbers below 1, its error grows
     * with the steps that the state has gone through: {@code 4 * log2(H * T) * eps}, plus the gates' activation error
     * of the same size.
     */
    private static final double TOLERANCE = 8 * Math.ceil(Math.log(H * T) / Math.log(2)) * Precision.FLOAT32.epsilon();

    @ParameterizedTest
    @EnumSource
    void stepsOfTokensAreTheSequence(Backend backend) {
        Available.assume(backend);
        for (Network.Builder builder : List.of(Network.oneHot(V), Network.embedding(V, 5))) {
            int[] ids = new SeededRandom(1).ints(T, 0, V).toArray();
            try (Network network = network(builder, backend); var pass = network.inference(T, 1);
                    Stepper stepper = network.stepper()) {
                pass.forward(SequenceBatch.tokens(ids, T, 1));
                var y = new float[V];
                for (int round = 0; round < 2; round++) { // the second from a reset
                    for (int t = 0; t < T; t++) {
                        stepper.step(ids[t], y);
                        assertRow(pass, t, y);
                    }
                    stepper.reset();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void stepsOfNumbersAreTheSequence(Backend backend) {
        Available.assume(backend);
        int inputs = 3;
        var x = new float[T * inputs];
        var random = new SeededRandom(2);
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat(-1, 1);
        }
        try (Network network = network(Network.builder(inputs), backend); var pass = network.inference(T, 1);
                Stepper stepper = network.stepper()) {
            pass.forward(SequenceBatch.of(x, T, 1, inputs));
            var y = new float[V];
            for (int t = 0; t < T; t++) {
                stepper.step(Arrays.copyOfRange(x, t * inputs, (t + 1) * inputs), y);
                assertRow(pass, t, y);
            }
        }
    }

    /** Streams that change places go on as if each had read what the one before had read. */
    @ParameterizedTest
    @EnumSource
    void streamsGoOnFromTheStatesOfOthers(Backend backend) {
        Available.assume(backend);
        int[] from = {2, 0, 2};
        try (Network network = network(Network.oneHot(V), backend); Stepper stepper = network.stepper(3);
                Stepper alone = network.stepper(3)) {
            var y = new float[3 * V];
            var expected = new float[3 * V];
            for (int[] tokens : new int[][] {{1, 2, 3}, {4, 5, 6}}) {
                stepper.step(tokens, y);
                alone.step(new int[] {tokens[from[0]], tokens[from[1]], tokens[from[2]]}, expected);
            }
            stepper.select(from);
            for (int[] tokens : new int[][] {{7, 8, 9}, {1, 1, 2}}) {
                stepper.step(tokens, y);
                alone.step(tokens, expected);
                assertArrayEquals(expected, y, 0);
            }
            assertEquals("from: expected 3 sequences, got 2",
                    assertThrows(IllegalArgumentException.class, () -> stepper.select(0, 1)).getMessage());
            assertEquals("from: expected 0 to 2, got 3",
                    assertThrows(IllegalArgumentException.class, () -> stepper.select(0, 1, 3)).getMessage());
        }
    }

    /** A stream that takes the place of one that begins anew begins anew, with what its layer has learned. */
    @Test
    void aStreamMayTakeThePlaceOfOneThatBegins() {
        try (Network network = Network.oneHot(V).layer(Layer.of(Lstm.of(H)).learnedInitialState()).classes(V)
                .backend(Backend.REFERENCE).seed(1).build();
                Stepper stepper = network.stepper(2); Stepper fresh = network.stepper()) {
            var y = new float[2 * V];
            var expected = new float[V];
            stepper.step(new int[] {1, 2}, y);
            stepper.reset(1);
            stepper.select(1, 1);
            stepper.step(new int[] {3, 4}, y);
            fresh.step(3, expected);
            assertArrayEquals(expected, Arrays.copyOf(y, V), 0);
        }
    }

    private static void assertRow(NetworkPass pass, int t, float[] y) {
        for (int c = 0; c < V; c++) {
            assertEquals(Precision.FLOAT32.get(pass.outputs(), (long) t * V + c), y[c], TOLERANCE, "step " + t);
        }
    }

    @ParameterizedTest
    @EnumSource
    void steppersRunInParallelOnSharedWeights(Backend backend) throws Exception {
        Available.assume(backend);
        try (Network network = network(Network.oneHot(V), backend); var threads = Executors.newFixedThreadPool(4)) {
            List<Future<float[]>> results = IntStream.range(0, 8)
                    .mapToObj(i -> threads.submit(() -> lastOf(network, i % 2)))
                    .toList();
            for (int i = 0; i < results.size(); i++) {
                assertArrayEquals(lastOf(network, i % 2), results.get(i).get());
            }
        }
    }

    private static float[] lastOf(Network network, long seed) {
        var y = new float[V];
        try (Stepper stepper = network.stepper()) {
            new SeededRandom(seed).ints(200, 0, V).forEach(id -> stepper.step(id, y));
        }
        return y;
    }

    /** The reference is not asked: it copies what it reads into arrays. */
    @ParameterizedTest
    @EnumSource(names = {"VECTOR", "NATIVE"})
    void aStepAllocatesNothing(Backend backend) {
        Available.assume(backend);
        try (Network network = network(Network.oneHot(V), backend); Stepper stepper = network.stepper()) {
            var y = new float[V];
            Allocation.assertNone(() -> stepper.step(1, y));
        }
        try (Network network = Network.builder(2).layer(Layer.of(Lstm.of(H)).zoneout(0.2).learnedInitialState())
                .layer(Layer.of(Lstm.of(H)).residual()).skip().classes(V).backend(backend).threads(1).build();
                Stepper stepper = network.stepper(2)) {
            var x = new float[4];
            var active = new boolean[] {false, true};
            var y = new float[2 * V];
            Allocation.assertNone(() -> stepper.step(x, active, y));
        }
    }

    /** Streams of other lengths in one stepper, of every kind of layer that streams; one is replaced on the way. */
    @ParameterizedTest
    @EnumSource
    void streamsThatHaveNoStepStayAsTheyAre(Backend backend) {
        Available.assume(backend);
        int streams = 3;
        for (Network.Builder builder : List.of(Network.oneHot(V), Network.embedding(V, 5))) {
            try (Network network = builder.layer(Layer.of(Lstm.of(H)).zoneout(0.2).learnedInitialState())
                    .layer(Layer.of(Lstm.of(H)).residual().dropout(0.5)).classes(V).backend(backend).threads(1).seed(1)
                    .build(); Stepper together = network.stepper(streams)) {
                List<Stepper> alone = IntStream.range(0, streams).mapToObj(_ -> network.stepper()).toList();
                var random = new SeededRandom(3);
                var outputs = new float[streams * V];
                for (int t = 0; t < T; t++) {
                    int[] ids = random.ints(streams, 0, V).toArray();
                    boolean everyOne = t % 4 == 0;
                    var active = new boolean[] {t % 2 == 0, true, everyOne || random.nextBoolean()};
                    float[] before = outputs.clone();
                    for (int b = 0; b < streams; b++) {
                        ids[b] = active[b] ? ids[b] : -1;
                    }
                    if (everyOne) {
                        together.step(ids, outputs);
                    } else {
                        together.step(ids, active, outputs);
                    }
                    for (int b = 0; b < streams; b++) {
                        float[] expected = Arrays.copyOfRange(before, b * V, (b + 1) * V);
                        if (active[b]) {
                            alone.get(b).step(ids[b], expected);
                        }
                        assertArrayEquals(expected, Arrays.copyOfRange(outputs, b * V, (b + 1) * V), (float) TOLERANCE);
                    }
                    if (t == T / 2) {
                        together.reset(1);
                        alone.get(1).reset();
                    }
                }
                alone.forEach(Stepper::close);
            }
        }
    }

    @Test
    void stepsOfSeveralStreamsOfNumbers() {
        try (Network network = network(Network.builder(2), Backend.REFERENCE); Stepper one = network.stepper();
                Stepper two = network.stepper(2)) {
            var expected = new float[V];
            var got = new float[2 * V];
            one.step(new float[] {0.5f, -1}, expected);
            two.step(new float[] {Float.NaN, Float.NaN, 0.5f, -1}, new boolean[] {false, true}, got);
            assertArrayEquals(expected, Arrays.copyOfRange(got, V, 2 * V), (float) TOLERANCE);
            assertArrayEquals(new float[V], Arrays.copyOf(got, V));
            two.step(new float[] {0.5f, -1, 0, 0}, got);
            assertArrayEquals(expected, Arrays.copyOf(got, V), (float) TOLERANCE);
            assertSays("active: expected 2 marks, got 1", () -> two.step(new float[4], new boolean[1], got));
            assertSays("input: expected 4 numbers, got 2", () -> two.step(new float[2], got));
            assertSays("input: expected 4 numbers, got 2 tokens",
                    () -> two.step(new int[2], new boolean[2], got));
            assertSays("input: expected 4 numbers, got 2 tokens", () -> two.step(new int[2], got));
            assertSays("output: expected 22 numbers, got 11", () -> two.step(new float[4], expected));
            assertSays("stream: expected 0 to 1, got 2", () -> two.reset(2));
            assertSays("streams: expected at least 1, got 0", () -> network.stepper(0));
            assertSays("streams: expected at most 195225786, of 11 outputs each, got 195225787",
                    () -> network.stepper(195_225_787));
        }
    }

    private static void assertSays(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Network tokens = network(Network.oneHot(V), Backend.REFERENCE);
                Network numbers = network(Network.builder(3), Backend.REFERENCE);
                Stepper ofTokens = tokens.stepper(); Stepper ofNumbers = numbers.stepper()) {
            var y = new float[V];
            assertThrows(IllegalArgumentException.class, () -> ofTokens.step(new float[3], y));
            assertThrows(IllegalArgumentException.class, () -> ofTokens.step(V, y));
            assertThrows(IllegalArgumentException.class, () -> ofTokens.step(0, new float[V - 1]));
            assertThrows(IllegalArgumentException.class, () -> ofNumbers.step(0, y));
            assertThrows(IllegalArgumentException.class, () -> ofNumbers.step(new float[2], y));
        }
    }
}
