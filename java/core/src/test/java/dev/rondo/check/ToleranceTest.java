package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkInput;
import java.util.List;
import org.junit.jupiter.api.Test;

class ToleranceTest {
    private static final double EPS = 0x1p-23;
    private final Cell cell = Lstm.of(8);

    @Test
    void boundsFollowFromTheLongestSum() {
        // Forward: a pre-activation sums 7 inputs, 8 units and a bias; 16 terms, 4 doublings.
        assertEquals(4 * 4 * EPS + 4 * EPS, Tolerance.forward(cell, cell.shape(1, 2, 7), Precision.FLOAT32).bound());
        // Ten steps: 160 terms, 8 doublings.
        assertEquals(4 * 8 * EPS + 4 * EPS, Tolerance.forward(cell, cell.shape(10, 2, 7), Precision.FLOAT32).bound());
        // Backward: 32 rows; or the batch, where that is more.
        assertEquals(8 * 5 * EPS + 4 * EPS, Tolerance.backward(cell, cell.shape(1, 2, 7), Precision.FLOAT32).bound());
        assertEquals(8 * 6 * EPS + 4 * EPS, Tolerance.backward(cell, cell.shape(1, 64, 7), Precision.FLOAT32).bound());
        assertTrue(Tolerance.forward(cell, cell.shape(1, 2, 7), Precision.FLOAT32).elementwise());
    }

    @Test
    void aNetworkIsTheSumOfItsLayersAndItsHead() {
        var layers = List.of(Layer.of(cell), Layer.of(Gru.of(4)));
        var network = new NetworkDescription(new NetworkInput.Dense(7), layers, 3);
        // The LSTM's 32 rows; the GRU's 16; the head's 4 units.
        double roundings = 8 * (5 + 4 + 2) * EPS + 3 * 4 * EPS;
        assertEquals(roundings, Tolerance.gradients(network, 1, 2, Precision.FLOAT32).bound(), 1e-18);
        assertFalse(Tolerance.gradients(network, 1, 2, Precision.FLOAT32).elementwise());
    }

    @Test
    void oneElementCountsInOneStep() {
        var elementwise = new Tolerance(1e-6, true);
        assertEquals(0.5, elementwise.error(new double[] {2, 3, 4}, new double[] {2, 3, 2}), 1e-15);
        // Smaller than the mean: relative to that.
        double mean = Math.sqrt(0.75);
        assertEquals(0.1, elementwise.error(new double[] {1, 1, 1, 1e-9}, new double[] {1, 1, 1, 0.1 * mean}), 1e-8);
    }

    @Test
    void theNormCountsInMoreSteps() {
        var norm = new Tolerance(1e-6, false);
        assertEquals(0.4, norm.error(new double[] {3, 4}, new double[] {3, 6}), 1e-15);
        assertEquals(0.02, norm.error(new double[] {1e-3}, new double[] {2e-3}), 1e-15);
    }

    @Test
    void zeroAndWhatIsNotANumber() {
        for (boolean elementwise : new boolean[] {false, true}) {
            var tolerance = new Tolerance(1e-6, elementwise);
            assertEquals(0, tolerance.error(new double[] {0, 0}, new double[] {0, -0.0}));
            assertEquals(Double.POSITIVE_INFINITY, tolerance.error(new double[] {0, 1}, new double[] {1e-300, 1}));
            assertEquals(Double.POSITIVE_INFINITY, tolerance.error(new double[] {1, 1}, new double[] {1, Double.NaN}));
            assertEquals(Double.POSITIVE_INFINITY,
                    tolerance.error(new double[] {1, 1}, new double[] {1, Double.NEGATIVE_INFINITY}));
            assertThrows(IllegalArgumentException.class, () -> tolerance.error(new double[2], new double[3]));
        }
    }
}
