package dev.rondo.reservoir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecursiveLeastSquaresTest {
    private static final int N = 12;

    private final SeededRandom random = new SeededRandom(3);

    private double[] row(int count) {
        return random.doubles(count, -1, 1).toArray();
    }

    private static double[] withOne(double[] x) {
        var all = new double[x.length + 1];
        all[0] = 1;
        System.arraycopy(x, 0, all, 1, x.length);
        return all;
    }

    /**
     * A row that is n rows old counts f^n, alpha f^T: ridge over rows times the root of that. P begins at 1 / alpha =
     * 1000 and loses as many times eps in its first rows: 1e-11 is room for that and for the sums, 1e-8 what is asked.
     */
    private void assertIsRidge(double forgetting, int rows) {
        double alpha = 1e-3;
        var rule = RecursiveLeastSquares.of(N, 2, alpha).forgetting(forgetting);
        try (var regression = RidgeRegression.throughOrigin(N + 1, 2)) {
            for (int t = 0; t < rows; t++) {
                double[] x = row(N);
                double[] y = row(2);
                rule.learn(x, y);
                double weight = Math.pow(forgetting, 0.5 * (rows - 1 - t));
                regression.add(times(weight, withOne(x)), times(weight, y));
            }
            LinearReadout ridge = regression.solve(alpha * Math.pow(forgetting, rows));
            LinearReadout online = rule.readout();
            for (int o = 0; o < 2; o++) {
                assertEquals(ridge.weight(o, 0), online.bias()[o], 1e-11);
                for (int j = 0; j < N; j++) {
                    assertEquals(ridge.weight(o, j + 1), online.weight(o, j), 1e-11);
                }
            }
        }
    }

    private static double[] times(double factor, double[] numbers) {
        var product = new double[numbers.length];
        for (int i = 0; i < product.length; i++) {
            product[i] = factor * numbers[i];
        }
        return product;
    }

    @Test
    void withoutForgettingItIsRidgeWithLambdaAlpha() {
        assertIsRidge(1, 300);
        assertIsRidge(1, 5); // fewer rows than weights
    }

    @Test
    void withForgettingItIsRidgeOfWeightedRows() {
        assertIsRidge(0.97, 200);
    }

    /** The law changes; what forgets follows. */
    @Test
    void whatForgetsFollowsALawThatChanges() {
        var forgets = RecursiveLeastSquares.of(2, 1).forgetting(0.9);
        var keeps = RecursiveLeastSquares.of(2, 1);
        for (int t = 0; t < 400; t++) {
            double[] x = row(2);
            double[] y = {t < 200 ? x[0] : -x[0] + 2};
            forgets.learn(x, y);
            keeps.learn(x, y);
        }
        assertArrayEquals(new double[] {-1, 0}, forgets.readout().weights(), 1e-6);
        assertEquals(2, forgets.readout().bias()[0], 1e-6);
        assertEquals(0, keeps.readout().weight(0, 0), 0.2);
    }

    /** Rows that do not vary: P grows where they do not reach, until it has no digits; what was learned is kept. */
    @Test
    void rowsThatDoNotVaryEndWithAnError() {
        for (double[] x : new double[][] {{0.3, -0.7}, {0, 0}}) {
            var rule = RecursiveLeastSquares.of(2, 1).forgetting(0.9);
            for (int t = 0; t < 50; t++) {
                double[] own = row(2);
                rule.learn(own, new double[] {own[0] + 2 * own[1] + 3});
            }
            double[] y = {x[0] + 2 * x[1] + 3};
            LinearReadout last = rule.readout();
            IllegalStateException refused = null;
            for (int t = 0; t < 20_000 && refused == null; t++) {
                last = rule.readout();
                try {
                    rule.learn(x, y);
                } catch (IllegalStateException e) {
                    refused = e;
                }
            }
            assertTrue(refused.getMessage().startsWith(
                    "rows: expected such that vary, or a forgetting nearer to 1 than 0.9, got f + x^T P x = "),
                    refused.getMessage());
            assertArrayEquals(last.weights(), rule.readout().weights());
            assertArrayEquals(last.bias(), rule.readout().bias());
            var said = new double[1];
            rule.readout().apply(x, said);
            assertEquals(y[0], said[0], 1e-6);
        }
    }

    @Test
    void badNumbersAreRefused() {
        assertEquals("alpha: expected a number above 0, got 0.0", assertThrows(IllegalArgumentException.class,
                () -> RecursiveLeastSquares.of(2, 1, 0)).getMessage());
        var rule = RecursiveLeastSquares.of(2, 1);
        for (double factor : new double[] {0, 1.01, Double.NaN}) {
            assertEquals("forgetting: expected above 0 to 1, got " + factor,
                    assertThrows(IllegalArgumentException.class, () -> rule.forgetting(factor)).getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> rule.learn(new double[3], new double[1]));
        assertEquals("x[0]: expected a number from -1.0E150 to 1.0E150, got NaN",
                assertThrows(IllegalArgumentException.class,
                        () -> rule.learn(new double[] {Double.NaN, 0}, new double[1])).getMessage());
        assertArrayEquals(new double[2], rule.readout().weights());
    }

    /** P and weights go on to the bit, and so does what is learned after. */
    @Test
    void aRuleGoesOnFromAFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("rule.rondo");
        var rule = RecursiveLeastSquares.of(N, 2, 1e-2).forgetting(0.98);
        for (int t = 0; t < 50; t++) {
            rule.learn(row(N), row(2));
        }
        rule.save(file);
        var loaded = RecursiveLeastSquares.load(file);
        for (int t = 0; t < 50; t++) {
            double[] x = row(N);
            double[] y = row(2);
            rule.learn(x, y);
            loaded.learn(x, y);
        }
        assertArrayEquals(rule.readout().weights(), loaded.readout().weights());
        assertArrayEquals(rule.readout().bias(), loaded.readout().bias());
    }

    @Test
    void aFileThatHoldsNoRuleIsRefused(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("rule.rondo");
        Checkpoint.builder().text("note", "mine").write(file);
        assertThrows(CheckpointException.class, () -> RecursiveLeastSquares.load(file));
        var factor = MemorySegment.ofArray(new double[] {1});
        var numbers = MemorySegment.ofArray(new double[4]);
        for (long[] sizes : new long[][] {{2, 2}, {-1, 1}, {Long.MAX_VALUE, 1}, {1, Integer.MAX_VALUE}}) {
            Checkpoint.builder().longs("rls.sizes", sizes).numbers("rls.forgetting", Precision.FLOAT64, factor)
                    .numbers("rls.inverse", Precision.FLOAT64, numbers)
                    .numbers("rls.weights", Precision.FLOAT64, numbers)
                    .write(file);
            assertThrows(CheckpointException.class, () -> RecursiveLeastSquares.load(file), sizes[0] + ", " + sizes[1]);
        }
    }
}
