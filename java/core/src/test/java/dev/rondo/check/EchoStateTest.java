package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.reservoir.EchoStateNetwork;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EchoStateTest {
    private static Network network(Cell cell) {
        return Network.builder(1).layer(cell).noHead().seed(2).backend(Backend.REFERENCE).precision(Precision.FLOAT64)
                .quiet().build();
    }

    private static float[][] inputs(int steps, float size) {
        var random = new Random(1);
        var inputs = new float[steps][1];
        for (float[] input : inputs) {
            input[0] = size * (2 * random.nextFloat() - 1);
        }
        return inputs;
    }

    /** Small states near 0 fade by the radius at each step. */
    @Test
    void statesFadeByTheRadius() {
        try (Network network = network(Reservoir.of(60).fanIn(6).spectralRadius(0.5))) {
            EchoState echo = EchoState.of(network, inputs(60, 0), 3);
            assertTrue(echo.converges());
            assertEquals(60, echo.steps());
            double rate = Math.pow(echo.distance(45) / echo.distance(15), 1.0 / 30);
            assertEquals(0.5, rate, 0.03);
            assertEquals(0.5, EchoState.effectiveRadius(network, 0), 1e-6);
        }
    }

    @Test
    void aRadiusAbove1KeepsStatesApartUnlessInputsAreStrong() {
        var reservoir = Reservoir.of(60).fanIn(6).spectralRadius(1.5);
        try (Network network = network(reservoir)) {
            assertEquals(1.5, EchoState.effectiveRadius(network, 0), 1e-6);
            assertFalse(EchoState.of(network, inputs(400, 0), 3).converges());
            assertTrue(EchoState.of(network, inputs(400, 20), 3).converges());
        }
    }

    /** An echo state network's reservoir, which reads the target before behind the input. */
    @Test
    void echoStateNetworksAreDrivenByTheirData() {
        double[][] u = numbers(50, 5);
        double[][] d = numbers(50, 6);
        var joined = new double[50][];
        for (int t = 0; t < 50; t++) {
            joined[t] = new double[] {u[t][0], t == 0 ? 0 : d[t - 1][0]};
        }
        try (var model = EchoStateNetwork.builder(1, 1).feedback().reservoir(Reservoir.of(30)).seed(1)
                .options(of -> of.backend(Backend.REFERENCE).precision(Precision.FLOAT64).quiet()).build()) {
            EchoState echo = EchoState.of(model, u, d, 3);
            assertArrayEquals(EchoState.of(model.network(), joined, 3).distances(), echo.distances());
            assertTrue(echo.distance(50) > 0);
            assertNotEquals(echo.distance(50), EchoState.of(model, u, numbers(50, 7), 3).distance(50));
            refused("targets: expected 50 rows, got 49", () -> EchoState.of(model, u, numbers(49, 1), 3));
            refused("inputs[0]: expected 1 numbers, got 2", () -> EchoState.of(model, joined, d, 3));
            refused("targets[0]: expected 1 numbers, got 2", () -> EchoState.of(model, u, joined, 3));
        }
        try (var plain = EchoStateNetwork.builder(1, 1).reservoir(Elman.of(9)).seed(1)
                .options(of -> of.backend(Backend.REFERENCE).quiet()).build()) {
            double[] expected = EchoState.of(plain.network(), u, 3).distances();
            assertArrayEquals(expected, EchoState.of(plain, u, d, 3).distances());
        }
    }

    private static double[][] numbers(int steps, long seed) {
        var random = new Random(seed);
        var numbers = new double[steps][1];
        for (double[] row : numbers) {
            row[0] = random.nextDouble();
        }
        return numbers;
    }

    /** A leaky unit that no weight feeds: x' = (1 - leak) x, whatever the input. */
    @Test
    void leakAlone() {
        try (Network network = network(Reservoir.of(1).dense().leak(0.25))) {
            network.parameters().slab().fill((byte) 0);
            network.parameters().changed();
            EchoState echo = EchoState.of(network, inputs(8, 1), 4);
            for (int t = 1; t <= 8; t++) {
                assertEquals(echo.distance(0) * Math.pow(0.75, t), echo.distance(t), 1e-15);
            }
            assertFalse(echo.converges());
            assertEquals(0.75, EchoState.effectiveRadius(network, 0));
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Network network = network(Elman.of(3))) {
            refused("inputs: expected at least 1 step, got none", () -> EchoState.of(network, new float[0][], 1));
            refused("inputs[0]: expected 1 numbers, got 2", () -> EchoState.of(network, new float[1][2], 1));
            refused("layer: expected one that is a reservoir, got 0", () -> EchoState.effectiveRadius(network, 0));
        }
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
