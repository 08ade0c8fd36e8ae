package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every body of the matrix products against the sum of products, written down once more. */
class ProductsTest {
    private static final double GUARD = 12345;

    /**
     * The matrix product C [m, n] = A [m, k] B [k, n]. Sizes lie around the vector widths; the last is worth OpenBLAS.
     */
    private static final List<int[]> SIZES = List.of(
            new int[] {1, 1, 1}, new int[] {1, 37, 20}, new int[] {20, 1, 37}, new int[] {7, 5, 1},
            new int[] {16, 16, 16}, new int[] {15, 17, 33}, new int[] {31, 65, 64},
            new int[] {67, 97, 130}, new int[] {203, 151, 167});

    record Body(Backend backend, IsaTier tier, int threads, Precision precision) {
        Products products() {
            Available.assume(backend);
            return Products.of(backend, precision, new Execution(threads, tier));
        }
    }

    static Stream<Body> bodies() {
        Stream<Body> reference = Stream.of(Precision.values())
                .map(precision -> new Body(Backend.REFERENCE, IsaTier.BASELINE, 1, precision));
        Stream<Body> others = Stream.of(IsaTier.values()).flatMap(tier -> Stream.of(
                new Body(Backend.VECTOR, tier, 1, Precision.FLOAT32),
                new Body(Backend.NATIVE, tier, 1, Precision.FLOAT32),
                new Body(Backend.NATIVE, tier, 2, Precision.FLOAT32),
                new Body(Backend.NATIVE, tier, 1, Precision.FLOAT64)));
        return Stream.concat(reference, others);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void equalsTheSumOfProducts(Body body) {
        Products products = body.products();
        for (int[] size : SIZES) {
            var problem = new Problem(body.precision, size[0], size[1], size[2]);
            for (int layout = 0; layout < 16; layout++) {
                boolean accumulate = (layout & 8) != 0;
                problem.check(
                        products, new Layout((layout & 1) != 0, (layout & 2) != 0, (layout & 4) != 0), accumulate);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void refusesWhatDoesNotFit(Body body) {
        Products products = body.products();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(32L * Double.BYTES, 64);
            Matrix square = Matrix.of(memory.asSlice(0, 4L * body.precision.bytes()), 2, 2);
            Matrix wide = Matrix.of(memory.asSlice(0, 6L * body.precision.bytes()), 2, 3);
            assertMessage("b.rows: expected 3 as a has columns, got 2",
                    () -> products.multiply(wide, wide, square, false));
            assertMessage("c: expected 2 x 3, got 2 x 2", () -> products.multiply(square, wide, square, false));
            assertMessage("c.columnStride: expected 1, got 2",
                    () -> products.multiply(square, square, square.transposed(), false));
            Matrix tooShort = Matrix.of(memory.asSlice(0, 3L * body.precision.bytes()), 2, 2);
            assertMessage("a: expected at least 4 elements, got 3",
                    () -> products.multiply(tooShort, square, square, false));
        }
    }

    @Test
    void refusesMatricesThatOverlapThemselves() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64);
            assertThrows(IllegalArgumentException.class, () -> new Matrix(memory, 2, 3, 2, 1));
            assertThrows(IllegalArgumentException.class, () -> new Matrix(memory, 2, 3, 6, 2));
            assertThrows(IllegalArgumentException.class, () -> new Matrix(memory, 0, 3, 3, 1));
            assertThrows(IllegalArgumentException.class, () -> Matrix.of(MemorySegment.ofArray(new float[6]), 2, 3));
        }
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void refusesClosedMemory(Body body) {
        Products products = body.products();
        Matrix closed;
        try (Arena arena = Arena.ofConfined()) {
            closed = Matrix.of(arena.allocate(Double.BYTES, Double.BYTES), 1, 1);
        }
        assertThrows(IllegalStateException.class, () -> products.multiply(closed, closed, closed, false));
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void allocatesNothingOnceWarm(Body body) {
        Products products = body.products();
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = Matrix.of(arena.allocate(15L * body.precision.bytes(), 64), 3, 5);
            Matrix transposed = a.transposed();
            Matrix c = Matrix.of(arena.allocate(9L * body.precision.bytes(), 64), 3, 3);
            Allocation.assertNone(() -> products.multiply(a, transposed, c, true));
        }
    }

    private static void assertMessage(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    /** How the matrices lie: A and B transposed in memory, and all rows apart. */
    record Layout(boolean aTransposed, boolean bTransposed, boolean apart) {}

    /** Operands of one size, and what their product is. */
    private static final class Problem {
        private final SplittableRandom random = new SplittableRandom(1);
        private final Precision precision;
        private final int m;
        private final int n;
        private final int k;
        private final double[][] a;
        private final double[][] b;
        private final double[][] c;
        private final double[][] product;
        private final double[][] magnitude; // sum of |a b|

        Problem(Precision precision, int m, int n, int k) {
            this.precision = precision;
            this.m = m;
            this.n = n;
            this.k = k;
            this.a = matrix(m, k);
            this.b = matrix(k, n);
            this.c = matrix(m, n);
            this.product = new double[m][n];
            this.magnitude = new double[m][n];
            for (int i = 0; i < m; i++) {
                for (int p = 0; p < k; p++) {
                    for (int j = 0; j < n; j++) {
                        product[i][j] += a[i][p] * b[p][j];
                        magnitude[i][j] += Math.abs(a[i][p] * b[p][j]);
                    }
                }
            }
        }

        private double[][] matrix(int rows, int columns) {
            var values = new double[rows][columns];
            for (double[] row : values) {
                for (int j = 0; j < columns; j++) {
                    double value = random.nextDouble(-1, 1);
                    row[j] = precision == Precision.FLOAT32 ? (float) value : value;
                }
            }
            return values;
        }

        /**
         * Any order of summation, fused or not, is off by at most (k + 1) u (|c| + sum |a b|) to first order, where u =
         * eps / 2 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); so is the expected value in
         * float64.
         */
        void check(Products products, Layout layout, boolean accumulate) {
            try (Arena arena = Arena.ofConfined()) {
                Matrix cMatrix = place(arena, c, layout.apart);
                products.multiply(place(arena, a, layout.aTransposed, layout.apart),
                        place(arena, b, layout.bTransposed, layout.apart), cMatrix, accumulate);
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < cMatrix.rowStride(); j++) {
                        double value = precision.get(cMatrix.values(), i * cMatrix.rowStride() + j);
                        double old = accumulate && j < n ? c[i][j] : 0;
                        double expected = j < n ? old + product[i][j] : GUARD;
                        double bound = j < n ? (k + 2) * precision.epsilon() * (Math.abs(old) + magnitude[i][j]) : 0;
                        String where = m + " x " + n + " x " + k + " " + layout + (accumulate ? " accumulated" : "")
                                + " at " + i + ", " + j;
                        assertEquals(expected, value, bound, where);
                    }
                }
            }
        }

        private Matrix place(Arena arena, double[][] values, boolean transposed, boolean apart) {
            return transposed ? place(arena, transpose(values), apart).transposed() : place(arena, values, apart);
        }

        /** Row-major, each row followed by guard elements if {@code apart}. */
        private Matrix place(Arena arena, double[][] values, boolean apart) {
            int columns = values[0].length;
            int stride = columns + (apart ? 3 : 0);
            MemorySegment memory = arena.allocate((long) values.length * stride * precision.bytes(), 64);
            for (int i = 0; i < values.length; i++) {
                for (int j = 0; j < stride; j++) {
                    precision.set(memory, (long) i * stride + j, j < columns ? values[i][j] : GUARD);
                }
            }
            return new Matrix(memory, values.length, columns, stride, 1);
        }

        private static double[][] transpose(double[][] values) {
            var result = new double[values[0].length][values.length];
            for (int i = 0; i < values.length; i++) {
                for (int j = 0; j < values[0].length; j++) {
                    result[j][i] = values[i][j];
                }
            }
            return result;
        }
    }
}
