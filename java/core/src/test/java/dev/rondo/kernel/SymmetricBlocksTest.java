package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Products.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with symmetric blocks, and their updates, against whole matrices. */
class SymmetricBlocksTest {
    private static final double SCALE = 0.75;
    private static final double SHIFT = 0.125;
    private static final int[][] SIZES = {{1}, {3, 1, 9}, {65, 16, 33}, {203}};

    /** One body of the products. */
    record Body(Backend backend, IsaTier tier, int threads) {
        SymmetricBlocks blocks(int... sizes) {
            Available.assume(backend);
            return SymmetricBlocks.of(backend, new Execution(threads, tier), sizes);
        }
    }

    static Stream<Body> bodies() {
        return Stream.concat(Stream.of(new Body(Backend.REFERENCE, IsaTier.BASELINE, 1)),
                Arrays.stream(IsaTier.values()).flatMap(tier ->
                        Stream.of(new Body(Backend.NATIVE, tier, 1), new Body(Backend.NATIVE, tier, 2))));
    }

    /** Numbers, and room for results. */
    private static final class Problem {
        private final int[] sizes;
        private final int rows; // m
        private final int size; // n
        private final double[][] whole; // P [n, n]
        private final double[][] left; // H, and V [m, n]
        private final MemorySegment half;
        private final Matrix given;
        private final Matrix product;

        Problem(Arena arena, int rows, int... sizes) {
            this.sizes = sizes;
            this.rows = rows;
            this.size = Arrays.stream(sizes).sum();
            var random = new SplittableRandom(size + rows);
            this.whole = new double[size][size];
            double[] numbers = random.doubles(Arrays.stream(sizes).mapToLong(SymmetricBlocks::elements).sum(), -1, 1)
                    .toArray();
            this.half = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, numbers);
            spread(numbers, whole);
            this.left = new double[rows][size];
            this.given = matrix(arena);
            this.product = matrix(arena);
            for (int k = 0; k < rows; k++) {
                left[k] = random.doubles(size, -1, 1).toArray();
                MemorySegment.copy(left[k], 0, given.values(), ValueLayout.JAVA_DOUBLE, k * (size + 1L) * Double.BYTES,
                        size);
            }
        }

        private Matrix matrix(Arena arena) {
            MemorySegment values = arena.allocate(ValueLayout.JAVA_DOUBLE, rows * (size + 1L));
            return new Matrix(values, rows, size, size + 1, 1);
        }

        private void spread(double[] from, double[][] to) {
            int at = 0;
            int first = 0;
            for (int each : sizes) {
                for (int i = first; i < first + each; i++) {
                    for (int j = first; j <= i; j++) {
                        to[i][j] = from[at];
                        to[j][i] = from[at++];
                    }
                }
                first += each;
            }
        }

        void checkProduct() {
            for (int k = 0; k < rows; k++) {
                for (int j = 0; j < size; j++) {
                    double sum = 0;
                    for (int i = 0; i < size; i++) {
                        sum += left[k][i] * whole[i][j];
                    }
                    double actual = product.values().getAtIndex(ValueLayout.JAVA_DOUBLE, k * (size + 1L) + j);
                    assertEquals(sum, actual, 1e-15 * size);
                }
            }
        }

        void checkUpdate() {
            var updated = new double[size][size];
            spread(half.toArray(ValueLayout.JAVA_DOUBLE), updated);
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    double sum = whole[i][j];
                    for (int k = 0; k < rows; k++) {
                        sum -= left[k][i] * left[k][j];
                    }
                    double expected = sameBlock(i, j) ? SCALE * sum + (i == j ? SHIFT : 0) : 0;
                    assertEquals(expected, updated[i][j], 1e-15 * (rows + 1));
                }
            }
        }

        private boolean sameBlock(int i, int j) {
            int first = 0;
            for (int each : sizes) {
                if (Math.min(i, j) < first + each) {
                    return Math.max(i, j) < first + each;
                }
                first += each;
            }
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void theyAreWholeMatrices(Body body) {
        for (int[] sizes : SIZES) {
            SymmetricBlocks blocks = body.blocks(sizes);
            for (int rows = 1; rows < 8; rows += 2) {
                try (Arena arena = Arena.ofConfined()) {
                    var problem = new Problem(arena, rows, sizes);
                    blocks.multiply(problem.half, problem.given, problem.product);
                    problem.checkProduct();
                    blocks.update(problem.half, problem.given, SCALE, SHIFT);
                    problem.checkUpdate();
                }
            }
        }
    }

    /** Large enough for two threads to share. */
    @ParameterizedTest
    @EnumSource(IsaTier.class)
    void threadsChangeNoBit(IsaTier tier) {
        int[] sizes = {900, 30, 600};
        try (Arena arena = Arena.ofConfined()) {
            var one = new Problem(arena, 5, sizes);
            var two = new Problem(arena, 5, sizes);
            SymmetricBlocks alone = new Body(Backend.NATIVE, tier, 1).blocks(sizes);
            SymmetricBlocks shared = new Body(Backend.NATIVE, tier, 3).blocks(sizes);
            alone.multiply(one.half, one.given, one.product);
            shared.multiply(two.half, two.given, two.product);
            assertArrayEquals(bytes(one.product.values()), bytes(two.product.values()));
            alone.update(one.half, one.given, SCALE, SHIFT);
            shared.update(two.half, two.given, SCALE, SHIFT);
            assertArrayEquals(bytes(one.half), bytes(two.half));
        }
    }

    private static byte[] bytes(MemorySegment values) {
        return values.toArray(ValueLayout.JAVA_BYTE);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void whatDoesNotFitIsRefused(Body body) {
        SymmetricBlocks blocks = body.blocks(2, 1);
        refused("sizes", () -> body.blocks());
        refused("sizes", () -> body.blocks(2, 0));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment p = arena.allocate(ValueLayout.JAVA_DOUBLE, 4);
            Matrix three = Matrix.of(arena.allocate(ValueLayout.JAVA_DOUBLE, 3), 1, 3);
            Matrix two = Matrix.of(arena.allocate(ValueLayout.JAVA_DOUBLE, 2), 1, 2);
            Matrix six = Matrix.of(arena.allocate(ValueLayout.JAVA_DOUBLE, 6), 2, 3);
            blocks.multiply(p, three, Matrix.of(six.values(), 1, 3));
            refused("p", () -> blocks.multiply(p.asSlice(0, 3L * Double.BYTES), three, three));
            refused("h", () -> blocks.multiply(p, two, three));
            refused("g", () -> blocks.multiply(p, three, two));
            refused("g.rows", () -> blocks.multiply(p, three, six));
            refused("v", () -> blocks.update(p, two, 1, 0));
            refused("v", () -> blocks.update(p, Matrix.of(two.values(), 1, 3), 1, 0));
        }
    }

    private static void refused(String name, Runnable what) {
        String message = assertThrows(IllegalArgumentException.class, what::run).getMessage();
        assertTrue(message.startsWith(name), message);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void closedMemoryIsRefused(Body body) {
        SymmetricBlocks blocks = body.blocks(1);
        Arena arena = Arena.ofShared();
        MemorySegment p = arena.allocate(ValueLayout.JAVA_DOUBLE, 3);
        Matrix h = Matrix.of(p.asSlice(Double.BYTES, Double.BYTES), 1, 1);
        Matrix g = Matrix.of(p.asSlice(2L * Double.BYTES, Double.BYTES), 1, 1);
        arena.close();
        assertThrows(IllegalStateException.class, () -> blocks.multiply(p, h, g));
        assertThrows(IllegalStateException.class, () -> blocks.update(p, h, 1, 0));
    }
}
