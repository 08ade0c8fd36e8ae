package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
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
