package dev.rondo.reservoir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.Products;
import dev.rondo.memory.Precision;
import dev.rondo.network.SeededRandom;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RidgeRegressionTest {
    private static final double EPSILON = 0x1p-52;

    private final SeededRandom random = new SeededRandom(7);

    /** Those that multiply in float64. */
    static Stream<Backend> backends() {
        return Backends.available().stream().filter(backend -> backend != Backend.VECTOR);
    }

    private static RidgeRegression on(Backend backend, int features, int outputs, boolean bias) {
        return new RidgeRegression(features, outputs, bias,
                Products.of(backend, Precision.FLOAT64, Execution.threads(2)));
    }

    private double[][] numbers(int rows, int columns) {
        return IntStream.range(0, rows).mapToObj(_ -> random.doubles(columns, -1, 1).toArray())
                .toArray(double[][]::new);
    }

    private static LinearReadout fit(RidgeRegression regression, double[][] x, double[][] y, double lambda) {
        for (int t = 0; t < x.length; t++) {
            regression.add(x[t], y[t]);
        }
        return regression.solve(lambda);
    }

    /** The example of scikit-learn's user guide, section 1.1.2, Ridge regression. */
    @Test
    void lambdaAndBiasAreThoseOfScikitLearn() {
        double[][] x = {{0, 0}, {0, 0}, {1, 1}};
        double[][] y = {{0}, {0.1}, {1}};
        try (var regression = RidgeRegression.of(2, 1)) {
            LinearReadout readout = fit(regression, x, y, 0.5);
            assertArrayEquals(new double[] {0.34545455, 0.34545455}, readout.weights(), 1e-8);
            assertEquals(0.13636364, readout.bias()[0], 1e-8);
        }
    }

    /** Large enough that products are shared, and with a solution taken on the way. OpenBLAS promises nothing. */
    @Test
    void threadsAndSolvingInBetweenChangeNoBit() {
        assumeFalse(Backends.best() == Backend.NATIVE
                && Backends.details(Backend.NATIVE, Execution.threads(1)).contains("BASELINE"));
        double[][] x = numbers(700, 300);
        double[][] y = numbers(700, 3);
        try (var one = RidgeRegression.of(300, 3, 1); var two = RidgeRegression.of(300, 3, 2)) {
            LinearReadout expected = fit(one, x, y, 0.1);
            fit(two, Arrays.copyOf(x, 333), y, 0.1);
            LinearReadout found = fit(two, Arrays.copyOfRange(x, 333, 700), Arrays.copyOfRange(y, 333, 700), 0.1);
            assertArrayEquals(expected.weights(), found.weights());
            assertArrayEquals(expected.bias(), found.bias());
            assertEquals(one.meanSquaredError(expected), two.meanSquaredError(expected));
        }
    }

    /**
     * Against normal equations solved in a hundred digits, with several blocks and panels; 1e3 is room for the
     * condition of these numbers, and eps times the number of rows for the sums.
     */
    @ParameterizedTest
    @MethodSource("backends")
    void isWhatNormalEquationsGiveInAHundredDigits(Backend backend) {
        double[][] x = numbers(300, 40);
        double[][] y = numbers(300, 2);
        try (var regression = on(backend, 40, 2, true)) {
            LinearReadout readout = fit(regression, x, y, 0.3);
            for (int o = 0; o < 2; o++) {
                double[] expected = exact(x, y, o, 0.3);
                assertEquals(expected[0], readout.bias()[o], 1e3 * 300 * EPSILON);
                for (int j = 0; j < 40; j++) {
                    assertEquals(expected[j + 1], readout.weight(o, j), 1e3 * 300 * EPSILON);
                }
            }
        }
    }

    /** {@return bias and weights of one output} */
    private static double[] exact(double[][] x, double[][] y, int output, double lambda) {
        MathContext digits = new MathContext(100);
        int n = x[0].length + 1;
        var a = new BigDecimal[n][n + 1];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= n; j++) {
                a[i][j] = new BigDecimal(i == j && i > 0 ? lambda : 0);
                for (int t = 0; t < x.length; t++) {
                    double right = j == n ? y[t][output] : j == 0 ? 1 : x[t][j - 1];
                    var product = new BigDecimal(i == 0 ? 1 : x[t][i - 1]).multiply(new BigDecimal(right), digits);
                    a[i][j] = a[i][j].add(product, digits);
                }
            }
        }
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                BigDecimal factor = k == i ? null : a[k][i].divide(a[i][i], digits);
                for (int j = i; k != i && j <= n; j++) {
                    a[k][j] = a[k][j].subtract(factor.multiply(a[i][j], digits), digits);
                }
            }
        }
        int last = n;
        return IntStream.range(0, n).mapToDouble(i -> a[i][last].divide(a[i][i], digits).doubleValue()).toArray();
    }

    /**
     * Rows of a known singular value decomposition U S V^T: columns of U and V are cosines, those of U orthogonal to a
     * constant, so that the bias has no part in it. Singular values fall from 1 to 1e-10.
     */
    private static final class IllConditioned {
        static final int T = 500;
        static final int N = 21;
        static final double CONDITION = 1e10;

        final double[] s = IntStream.range(0, N).mapToDouble(k -> Math.pow(CONDITION, -k / (N - 1.0))).toArray();
        final double[][] x = new double[T][N];
        final double[][] y = new double[T][1];
        final double[] w = IntStream.range(0, N).mapToDouble(j -> Math.cos(j * j)).toArray();

        IllConditioned() {
            for (int t = 0; t < T; t++) {
                y[t][0] = 0.5;
                for (int k = 0; k < N; k++) {
                    double u = Math.sqrt(2.0 / T) * Math.cos(Math.PI * (t + 0.5) * (k + 1) / T);
                    for (int j = 0; j < N; j++) {
                        x[t][j] += u * s[k] * v(j, k);
                        y[t][0] += u * s[k] * v(j, k) * w[j];
                    }
                }
            }
        }

        static double v(int j, int k) {
            return (k == 0 ? Math.sqrt(1.0 / N) : Math.sqrt(2.0 / N)) * Math.cos(Math.PI * (j + 0.5) * k / N);
        }

        /** {@return V diag(s^2 / (s^2 + lambda)) V^T w} */
        double[] solution(double lambda) {
            var solution = new double[N];
            for (int k = 0; k < N; k++) {
                double c = 0;
                for (int j = 0; j < N; j++) {
                    c += v(j, k) * w[j];
                }
                for (int j = 0; j < N; j++) {
                    solution[j] += v(j, k) * c * s[k] * s[k] / (s[k] * s[k] + lambda);
                }
            }
            return solution;
        }
    }

    private static double distance(double[] a, double[] b) {
        return Math.sqrt(IntStream.range(0, a.length).mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i])).sum());
    }

    /** The error may be condition times eps, and 10 of these. Normal equations in float64 have no digit of it. */
    @ParameterizedTest
    @MethodSource("backends")
    void leastSquaresSurviveAConditionOf1e10(Backend backend) {
        var rows = new IllConditioned();
        try (var regression = on(backend, IllConditioned.N, 1, true)) {
            LinearReadout readout = fit(regression, rows.x, rows.y, 0);
            double bound = 10 * IllConditioned.CONDITION * EPSILON * distance(rows.w, new double[IllConditioned.N]);
            assertEquals(0, distance(rows.w, readout.weights()), bound);
            assertEquals(0.5, readout.bias()[0], 1e-13);
        }
        double plain = distance(rows.w, normalEquations(rows.x, rows.y, 0));
        assertTrue(!(plain < 0.1), "normal equations are off by " + plain);
    }

    /** With lambda 1e-14 the condition is 1e7; the bound is as above. */
    @ParameterizedTest
    @MethodSource("backends")
    void ridgeSurvivesAConditionOf1e10(Backend backend) {
        var rows = new IllConditioned();
        try (var regression = on(backend, IllConditioned.N, 1, true)) {
            LinearReadout readout = fit(regression, rows.x, rows.y, 1e-14);
            double[] expected = rows.solution(1e-14);
            double bound = 10 * 1e7 * EPSILON * distance(expected, new double[IllConditioned.N]);
            assertEquals(0, distance(expected, readout.weights()), bound);
            assertTrue(distance(expected, rows.w) > 0.1, "lambda changes the solution");
        }
    }

    /** {@return weights without bias, by elimination without pivots in float64} */
    private static double[] normalEquations(double[][] x, double[][] y, double lambda) {
        int n = x[0].length;
        var a = new double[n][n + 1];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    a[i][j] += x[t][i] * x[t][j];
                }
                a[i][n] += x[t][i] * y[t][0];
            }
        }
        for (int i = 0; i < n; i++) {
            a[i][i] += lambda;
        }
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                double factor = k == i ? 0 : a[k][i] / a[i][i];
                for (int j = i; j <= n; j++) {
                    a[k][j] -= factor * a[i][j];
                }
            }
        }
        return IntStream.range(0, n).mapToDouble(i -> a[i][n] / a[i][i]).toArray();
    }

    /** A look at the solution on the way changes nothing either. The blocks that rows are taken in have 256. */
    @ParameterizedTest
    @ValueSource(ints = {700, 512})
    void rowsInAnyPiecesGiveTheSameBits(int rows) {
        double[][] x = numbers(rows, 35);
        double[][] y = numbers(rows, 2);
        try (var one = RidgeRegression.of(35, 2); var two = RidgeRegression.of(35, 2)) {
            LinearReadout whole = fit(one, x, y, 1e-3);
            for (int[] piece : new int[][] {{0, 1}, {1, 7}, {7, 263}, {263, rows}}) {
                for (int t = piece[0]; t < piece[1]; t++) {
                    two.add(x[t], y[t]);
                }
                two.solve(1e-3);
            }
            assertArrayEquals(whole.weights(), two.solve(1e-3).weights());
            assertArrayEquals(whole.bias(), two.solve(1e-3).bias());
        }
    }

    @Test
    void eachOutputIsARegressionOfItsOwn() {
        double[][] x = numbers(100, 9);
        double[][] y = numbers(100, 3);
        try (var together = RidgeRegression.of(9, 3)) {
            LinearReadout all = fit(together, x, y, 0.1);
            for (int o = 0; o < 3; o++) {
                int output = o;
                double[][] own = Arrays.stream(y).map(row -> new double[] {row[output]}).toArray(double[][]::new);
                try (var alone = RidgeRegression.of(9, 1)) {
                    LinearReadout single = fit(alone, x, own, 0.1);
                    assertEquals(single.bias()[0], all.bias()[o], 1e-14);
                    for (int j = 0; j < 9; j++) {
                        assertEquals(single.weight(0, j), all.weight(o, j), 1e-14);
                    }
                }
            }
        }
    }

    /** Of one row the bias explains all; without it, w = x y / (|x|^2 + lambda). */
    @Test
    void oneRowIsEnough() {
        double[] x = {3, 0, 4};
        try (var withBias = RidgeRegression.of(3, 1); var without = RidgeRegression.throughOrigin(3, 1)) {
            withBias.add(x, new double[] {7});
            assertArrayEquals(new double[3], withBias.solve(0.1).weights(), 1e-15);
            assertEquals(7, withBias.solve(0.1).bias()[0], 1e-15);
            without.add(x, new double[] {7});
            double share = 7 / (25 + 0.1);
            assertArrayEquals(new double[] {3 * share, 0, 4 * share}, without.solve(0.1).weights(), 1e-15);
            assertEquals(0, without.solve(0.1).bias()[0]);
        }
    }

    /** W = X^T (X X^T + lambda I)^-1 Y, of two rows and 50 features. */
    @Test
    void fewerRowsThanFeaturesHaveADualSolution() {
        double[][] x = numbers(2, 50);
        double[][] y = numbers(2, 1);
        double a = dot(x[0], x[0]) + 1e-2;
        double b = dot(x[0], x[1]);
        double d = dot(x[1], x[1]) + 1e-2;
        double determinant = a * d - b * b;
        double c0 = (d * y[0][0] - b * y[1][0]) / determinant;
        double c1 = (a * y[1][0] - b * y[0][0]) / determinant;
        double[] expected = IntStream.range(0, 50).mapToDouble(j -> c0 * x[0][j] + c1 * x[1][j]).toArray();
        try (var regression = RidgeRegression.throughOrigin(50, 1)) {
            assertArrayEquals(expected, fit(regression, x, y, 1e-2).weights(), 1e-14);
        }
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    @Test
    void theErrorIsThatOfTheRows() {
        double[][] x = numbers(300, 10);
        double[][] y = numbers(300, 2);
        try (var regression = RidgeRegression.of(10, 2)) {
            LinearReadout readout = fit(regression, x, y, 3);
            double sum = 0;
            var out = new double[2];
            for (int t = 0; t < 300; t++) {
                readout.apply(x[t], out);
                sum += Math.pow(out[0] - y[t][0], 2) + Math.pow(out[1] - y[t][1], 2);
            }
            assertEquals(sum / 600, regression.meanSquaredError(readout), 1e-13);
            assertEquals(300, regression.rows());
        }
    }

    /** Points around three corners. */
    @Test
    void classesArePredictedByTheLargestOutput() {
        double[][] corners = {{0, 0}, {1, 0}, {0, 1}};
        try (var regression = RidgeRegression.of(2, 3)) {
            for (int n = 0; n < 300; n++) {
                regression.add(around(corners[n % 3]), n % 3);
            }
            LinearReadout readout = regression.solve(1e-3);
            int right = 0;
            for (int n = 0; n < 300; n++) {
                right += readout.classify(around(corners[n % 3])) == n % 3 ? 1 : 0;
            }
            assertTrue(right > 290, right + " of 300");
            assertEquals(2, new LinearReadout(new double[] {0, 0, 0}, new double[] {1, 2, 5}).classify(new double[1]));
            assertThrows(IllegalArgumentException.class, () -> regression.add(new double[2], 3));
        }
    }

    private double[] around(double[] corner) {
        return new double[] {corner[0] + 0.15 * random.nextGaussian(), corner[1] + 0.15 * random.nextGaussian()};
    }

    @Test
    void whatRowsDoNotDecideIsSaid() {
        double[][] y = numbers(20, 1);
        double[][] x = numbers(20, 3);
        Arrays.stream(x).forEach(row -> row[2] = 2 * row[0] - 3 * row[1] + 1);
        try (var regression = RidgeRegression.of(3, 1)) {
            var dependent = assertThrows(IllegalArgumentException.class, () -> fit(regression, x, y, 0));
            assertEquals("lambda: expected one above 0, for feature 2 is a combination of those before it, got 0.0",
                    dependent.getMessage());
            regression.solve(1e-6);
        }
        try (var regression = RidgeRegression.of(3, 1)) {
            assertEquals("rows: expected at least one, got none",
                    assertThrows(IllegalArgumentException.class, () -> regression.solve(1)).getMessage());
            regression.add(x[0], y[0]);
            assertEquals("lambda: expected one above 0, for there are 1 rows for 4 weights of each output, got 0.0",
                    assertThrows(IllegalArgumentException.class, () -> regression.solve(0)).getMessage());
        }
    }

    @Test
    void badNumbersAreRefused() {
        var regression = RidgeRegression.of(2, 1);
        for (double lambda : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertEquals("lambda: expected a number of at least 0, got " + lambda,
                    assertThrows(IllegalArgumentException.class, () -> regression.solve(lambda)).getMessage());
        }
        assertEquals("x[1]: expected a number from -1.0E150 to 1.0E150, got NaN",
                assertThrows(IllegalArgumentException.class,
                        () -> regression.add(new double[] {0, Double.NaN}, new double[1])).getMessage());
        assertEquals("y[0]: expected a number from -1.0E150 to 1.0E150, got Infinity",
                assertThrows(IllegalArgumentException.class,
                        () -> regression.add(new double[2], new double[] {Double.POSITIVE_INFINITY})).getMessage());
        assertEquals("x: expected 2 numbers, got 3", assertThrows(IllegalArgumentException.class,
                () -> regression.add(new double[3], new double[1])).getMessage());
        assertThrows(IllegalArgumentException.class, () -> RidgeRegression.of(0, 1));
        assertThrows(IllegalArgumentException.class,
                () -> regression.add(new double[] {1e200, 0}, new double[] {1}));
        regression.close();
        assertThrows(IllegalStateException.class, () -> regression.add(new double[2], new double[1]));
        assertThrows(IllegalStateException.class, () -> regression.solve(1));
    }
}
