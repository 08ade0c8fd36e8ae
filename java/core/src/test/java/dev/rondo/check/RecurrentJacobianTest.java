package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecurrentJacobianTest {
    private static final int T = 4;
    private static final double[] VALUES = new Random(1).doubles(T * 2 * 3, -1, 1).toArray();

    /** The whole state of two layers, h and c of the one and h of the other, by central differences. */
    @Test
    void isThatOfFiniteDifferences() {
        try (Network network = Network.builder(3).layer(Lstm.of(3)).layer(Gru.of(2)).outputs(1)
                        .precision(Precision.FLOAT64).seed(2).build();
                var pass = network.pass(T, 2).carryState(true)) {
            SequenceBatch batch = SequenceBatch.of(VALUES, T, 2, 3);
            for (int step : new int[] {0, T - 1}) {
                double[][] jacobian = RecurrentJacobian.of(network, batch, 1, step).values();
                assertEquals(8, jacobian.length);
                for (int column = 0; column < 8; column++) {
                    double[] above = stateAfter(pass, step, column, 1e-5);
                    double[] below = stateAfter(pass, step, column, -1e-5);
                    for (int row = 0; row < 8; row++) {
                        // Differences over 1e-5 leave some 1e-10 of states of order one.
                        assertEquals((above[row] - below[row]) / 2e-5, jacobian[row][column], 1e-8,
                                "step " + step + ": " + row + ", " + column);
                    }
                }
            }
        }
    }

    /** Sequence 1 after {@code step}, entered in a state of which one number was moved. */
    private static double[] stateAfter(NetworkPass pass, int step, int column, double by) {
        pass.resetState();
        if (step > 0) {
            pass.forward(SequenceBatch.of(Arrays.copyOf(VALUES, step * 6), step, 2, 3));
        }
        int[][] planes = {{0, 0, 3}, {0, 1, 3}, {1, 0, 2}};
        int at = column;
        for (int[] plane : planes) {
            if (at >= 0 && at < plane[2]) {
                var state = pass.state(plane[0], plane[1]);
                Precision.FLOAT64.set(state, plane[2] + at, Precision.FLOAT64.get(state, plane[2] + at) + by);
            }
            at -= plane[2];
        }
        pass.forward(SequenceBatch.of(Arrays.copyOfRange(VALUES, step * 6, step * 6 + 6), 1, 2, 3));
        var after = new double[8];
        int i = 0;
        for (int[] plane : planes) {
            for (int k = 0; k < plane[2]; k++) {
                after[i++] = Precision.FLOAT64.get(pass.state(plane[0], plane[1]), plane[2] + k);
            }
        }
        return after;
    }

    @Test
    void ofTokensIsThatOfOneHotNumbers() {
        try (Network tokens = Network.oneHot(3).layer(Elman.of(4)).outputs(1).seed(1).build();
                Network numbers = Network.builder(3).layer(Elman.of(4)).outputs(1).seed(1).build()) {
            var ids = SequenceBatch.tokens(new int[] {2, 0, 1}, 3, 1);
            var values = SequenceBatch.of(new float[] {0, 0, 1, 1, 0, 0, 0, 1, 0}, 3, 1, 3);
            // The same sums in float32, in another order.
            assertEquals(RecurrentJacobian.of(numbers, values, 0, 2).spectralRadius(),
                    RecurrentJacobian.of(tokens, ids, 0, 2).spectralRadius(), 1e-6);
        }
    }

    @Test
    void knowsTheRadiusOfMatrices() {
        double c = 0.7 * Math.cos(0.3);
        double s = 0.7 * Math.sin(0.3);
        assertEquals(0.7, RecurrentJacobian.spectralRadius(new double[][] {{c, -s}, {s, c}}), 1e-8);
        assertEquals(2, RecurrentJacobian.spectralRadius(new double[][] {{2, 100, 3}, {0, 1, 5}, {0, 0, -1.5}}), 1e-8);
        assertEquals(0, RecurrentJacobian.spectralRadius(new double[][] {{0, 1, 7}, {0, 0, 1}, {0, 0, 0}}));
        assertEquals(1, RecurrentJacobian.spectralRadius(new double[][] {{1, 1}, {0, 1}}), 1e-8); // defective
        // Their first powers have one norm.
        assertEquals(0, RecurrentJacobian.spectralRadius(new double[][] {{0, 1, 0}, {0, 0, 1}, {0, 0, 0}}));
        assertEquals(0.5, RecurrentJacobian.spectralRadius(bidiagonal(8, 0.5, 0.5)), 1e-8);
        assertEquals(0.5, RecurrentJacobian.spectralRadius(bidiagonal(37, 0.5, 1)), 1e-4); // one eigenvector for 37
        assertEquals(3e-300, RecurrentJacobian.spectralRadius(new double[][] {{-3e-300}}), 1e-308);
        assertEquals(Double.NaN, RecurrentJacobian.spectralRadius(new double[][] {{Double.NaN}}));
        assertEquals("matrix: expected rows of 2 numbers, got one of 3",
                assertThrows(IllegalArgumentException.class,
                        () -> RecurrentJacobian.spectralRadius(new double[][] {{1, 2}, {1, 2, 3}})).getMessage());
    }

    private static double[][] bidiagonal(int n, double diagonal, double above) {
        var matrix = new double[n][n];
        for (int i = 0; i < n; i++) {
            matrix[i][i] = diagonal;
            if (i + 1 < n) {
                matrix[i][i + 1] = above;
            }
        }
        return matrix;
    }

    @Test
    void refusesMasks() {
        try (Network network = Network.builder(3).layer(Layer.of(Elman.of(4)).zoneout(0.1)).outputs(1).build()) {
            SequenceBatch batch = SequenceBatch.of(VALUES, T, 2, 3);
            String message = "network: expected one without dropout and zoneout, got one with "
                    + network.description().layers().getFirst().dropout();
            assertEquals(message, assertThrows(IllegalArgumentException.class,
                    () -> RecurrentJacobian.of(network, batch, 0, 0)).getMessage());
            assertEquals(message, assertThrows(IllegalArgumentException.class,
                    () -> GradientFlow.of(network, batch)).getMessage());
        }
    }

    @Test
    void refusesWhatIsNotThere() {
        try (Network network = Network.builder(3).layer(Elman.of(4)).outputs(1).build()) {
            SequenceBatch batch = SequenceBatch.of(VALUES, T, 2, 3);
            assertThrows(IndexOutOfBoundsException.class, () -> RecurrentJacobian.of(network, batch, 2, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> RecurrentJacobian.of(network, batch, 0, T));
        }
    }
}
