package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.SparsePattern;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Spectral radii of matrices whose eigenvalues are known, and by all ways of computing them. */
class SpectralRadiusTest {
    @Test
    void smallMatrices() {
        assertEquals(3, SpectralRadius.of(new double[][] {{-3}}));
        assertEquals(0, SpectralRadius.of(new double[][] {{0}}));
        assertEquals(2, SpectralRadius.of(new double[][] {{0, 2}, {-2, 0}}), 1e-15); // 2i, -2i
        assertEquals(Math.sqrt(5), SpectralRadius.of(new double[][] {{1, -2}, {2, 1}}), 1e-15); // 1 + 2i, 1 - 2i
        assertEquals(4, SpectralRadius.of(new double[][] {{2, 0, 0}, {0, -4, 0}, {0, 0, 3}}), 1e-15);
        assertEquals(1, SpectralRadius.of(new double[][] {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}}), 1e-14); // roots of 1
    }

    /** Powers of such a matrix turn a vector for ever: their growth says nothing of one step. */
    @ParameterizedTest
    @ValueSource(ints = {3, 8, 33, 150, 260, 401})
    void aComplexPairDominates(int size) {
        var random = new Random(3);
        double[][] a = new double[size][size];
        for (int i = 2; i < size; i++) {
            a[i][i] = 0.9 * random.nextDouble();
        }
        a[0][0] = a[1][1] = 0.6;
        a[0][1] = -0.8;
        a[1][0] = 0.8;
        assertRadius(1, mixed(a, random), 1e-11);
    }

    /** Eigenvalues of a circulant matrix are the discrete Fourier transform of its first column. */
    @ParameterizedTest
    @ValueSource(ints = {5, 16, 101, 257})
    void circulantMatrices(int size) {
        var random = new Random(4);
        double[] column = random.doubles(size, -1, 1).toArray();
        var a = new double[size][size];
        double radius = 0;
        for (int j = 0; j < size; j++) {
            double real = 0;
            double imaginary = 0;
            for (int k = 0; k < size; k++) {
                a[k][j] = column[(k - j + size) % size];
                real += column[k] * Math.cos(2 * Math.PI * j * k / size);
                imaginary += column[k] * Math.sin(2 * Math.PI * j * k / size);
            }
            radius = Math.max(radius, Math.hypot(real, imaginary));
        }
        assertRadius(radius, a, 1e-11);
    }

    /** A double eigenvalue with one eigenvector is right to the square root of the rounding, and no better. */
    @Test
    void defectiveMatrices() {
        assertRadius(2, new double[][] {{2, 1, 0}, {0, 2, 0}, {0, 0, 1}}, 1e-7);
        double[][] a = new double[40][40];
        for (int i = 0; i < 38; i++) {
            a[i][i] = 0.03 * i;
        }
        a[38][38] = a[39][39] = -1.5;
        a[38][39] = 1;
        assertRadius(1.5, mixed(a, new Random(5)), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 500})
    void nilpotentMatricesHaveRadius0(int size) {
        var a = new double[size][size];
        assertRadius(0, a, 0);
        var random = new Random(6);
        for (int i = 0; i < size; i++) {
            for (int j = Math.max(0, i - 3); j < i; j++) {
                a[i][j] = random.nextGaussian();
            }
        }
        assertRadius(0, a, 0);
    }

    private static void assertRadius(double expected, double[][] a, double tolerance) {
        assertEquals(expected, Eigenvalues.of(a, false).radius(), tolerance, "QR");
        assertEquals(expected, SpectralRadius.of(a), tolerance, "of");
        assertEquals(expected, SpectralRadius.byArnoldi(a.length, map(a)), tolerance, "Arnoldi");
        if (OpenBlas.hasLapack()) {
            assertEquals(expected, Eigenvalues.of(a, true).radius(), tolerance, "LAPACK");
        }
    }

    private static SpectralRadius.LinearMap map(double[][] a) {
        return (x, y) -> Arrays.setAll(y, r -> {
            double sum = 0;
            for (int j = 0; j < x.length; j++) {
                sum += a[r][j] * x[j];
            }
            return sum;
        });
    }

    /** {@return a matrix with the same eigenvalues: reflections on both sides, which are their own inverses} */
    private static double[][] mixed(double[][] a, Random random) {
        int n = a.length;
        for (int turn = 0; turn < 3; turn++) {
            double[] v = random.doubles(n, -1, 1).toArray();
            double norm = Arrays.stream(v).map(value -> value * value).sum();
            for (int pass = 0; pass < 2; pass++) {
                for (int r = 0; r < n; r++) {
                    double sum = 0;
                    for (int j = 0; j < n; j++) {
                        sum += v[j] * a[r][j];
                    }
                    for (int j = 0; j < n; j++) {
                        a[r][j] -= 2 * sum / norm * v[j];
                    }
                }
                a = transposed(a);
            }
        }
        return a;
    }

    private static double[][] transposed(double[][] a) {
        var result = new double[a.length][a.length];
        for (int r = 0; r < a.length; r++) {
            for (int j = 0; j < a.length; j++) {
                result[j][r] = a[r][j];
            }
        }
        return result;
    }

    /** The eigenvalues of plain Java are those of LAPACK, each of them. */
    @Test
    void qrFindsWhatLapackFinds() {
        assumeTrue(OpenBlas.hasLapack(), "no LAPACK");
        for (int size : new int[] {1, 2, 3, 10, 57, 130}) {
            var random = new Random(size);
            var a = new double[size][];
            Arrays.setAll(a, r -> random.doubles(size, -1, 1).toArray());
            double[][] expected = sorted(OpenBlas.eigenvalues(a));
            double[][] actual = sorted(Eigenvalues.of(a, false));
            for (int i = 0; i < size; i++) {
                assertEquals(expected[i][0], actual[i][0], 1e-10, size + " rows");
                assertEquals(expected[i][1], actual[i][1], 1e-10, size + " rows");
            }
        }
    }

    private static double[][] sorted(Eigenvalues values) {
        var all = new double[values.count()][];
        Arrays.setAll(all, i -> new double[] {values.real(i), values.imaginary(i)});
        Arrays.sort(all, (a, b) -> Math.abs(a[0] - b[0]) > 1e-9 ? Double.compare(a[0], b[0])
                : Double.compare(a[1], b[1]));
        return all;
    }

    /** Random sparse matrices, the many eigenvalues of which fill a disc. */
    @ParameterizedTest
    @ValueSource(ints = {120, 401, 700})
    void arnoldiFindsWhatAllEigenvaluesSay(int size) {
        var pattern = SparsePattern.fanIn(size, 10, size);
        var random = new Random(7);
        double[] values = random.doubles(pattern.count(), -1, 1).toArray();
        var a = new double[size][size];
        for (int r = 0; r < size; r++) {
            for (int k = pattern.rowStart(r); k < pattern.rowStart(r + 1); k++) {
                a[r][pattern.column(k)] = values[k];
            }
        }
        double expected = Eigenvalues.of(a).radius();
        double actual = SpectralRadius.byArnoldi(size, (x, y) -> pattern.multiply(values, x, y));
        assertEquals(expected, actual, 1e-8 * expected);
        assertEquals(expected, SpectralRadius.of(pattern, values), 1e-8 * expected);
    }

    /** A triangular matrix with a pair in front, in mixed order: its eigenvalues are its diagonal and the pair. */
    @ParameterizedTest
    @ValueSource(ints = {1500, 3001, 10007})
    void largeMatrices(int size) {
        var random = new Random(8);
        int[] place = IntStream.range(0, size).toArray();
        for (int i = size - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int other = place[i];
            place[i] = place[j];
            place[j] = other;
        }
        double[] diagonal = random.doubles(size, -0.95, 0.95).toArray();
        double[] beside = random.doubles(size, -0.3, 0.3).toArray();
        int[] column = IntStream.range(0, size).map(i -> i + 1 < size ? random.nextInt(i + 1, size) : i).toArray();
        double radius = SpectralRadius.of(size, (x, y) -> {
            for (int i = 2; i < size; i++) {
                y[place[i]] = diagonal[i] * x[place[i]] + (column[i] > i ? beside[i] * x[place[column[i]]] : 0);
            }
            y[place[0]] = 0.6 * x[place[0]] - 0.8 * x[place[1]] + 0.1 * x[place[2]];
            y[place[1]] = 0.8 * x[place[0]] + 0.6 * x[place[1]];
        });
        assertEquals(1, radius, 1e-8);
    }

    /** More rows than Arnoldi's process has: all eigenvalues of a permutation are of size 1, and none stands out. */
    @Test
    void manyEigenvaluesOfOneSize() {
        int size = 4003; // up to 4000 all eigenvalues would be computed
        double radius = SpectralRadius.of(size, (x, y) -> {
            for (int i = 0; i < size; i++) {
                y[i] = -0.8 * x[(i + 1) % size];
            }
        });
        assertEquals(0.8, radius, 1e-10);
    }

    @Test
    void whatIsNoMatrixIsRefused() {
        refused("matrix: expected at least 1 row, got none", () -> SpectralRadius.of(new double[0][]));
        refused("matrix[1]: expected 2 numbers, got 3",
                () -> SpectralRadius.of(new double[][] {{1, 2}, {3, 4, 5}}));
        refused("matrix[0]: expected finite numbers, got NaN",
                () -> SpectralRadius.of(new double[][] {{Double.NaN, 2}, {3, 4}}));
        refused("size: expected at least 1, got 0", () -> SpectralRadius.of(0, (x, y) -> {}));
        refused("values: expected 4, got 3",
                () -> SpectralRadius.of(SparsePattern.fanIn(4, 1, 0), new double[3]));
        double[] large = new double[4];
        Arrays.fill(large, Double.POSITIVE_INFINITY);
        String message = assertThrows(IllegalArgumentException.class,
                () -> SpectralRadius.of(SparsePattern.fanIn(4, 1, 0), large)).getMessage();
        assertTrue(message.contains("expected finite numbers"), message);
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
