package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.check.FiniteDifferences.Variable;
import org.junit.jupiter.api.Test;

class FiniteDifferencesTest {
    @Test
    void derivativesOfKnownFunctions() {
        for (double at : new double[] {-1.5, 0, 0.3, 2}) {
            double[] x = {at};
            // Rounding of the function is divided by the step, 1e-3.
            assertEquals(Math.exp(at), FiniteDifferences.derivative(() -> Math.exp(x[0]), Variable.of(x, 0)), 1e-11);
            assertEquals(Math.cos(at), FiniteDifferences.derivative(() -> Math.sin(x[0]), Variable.of(x, 0)), 1e-11);
            // A polynomial of the fourth degree has no remainder.
            double fourth = FiniteDifferences.derivative(() -> Math.pow(x[0], 4), Variable.of(x, 0));
            assertEquals(4 * at * at * at, fourth, 1e-11);
            assertArrayEquals(new double[] {at}, x);
        }
    }
}
