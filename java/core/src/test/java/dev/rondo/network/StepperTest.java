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
