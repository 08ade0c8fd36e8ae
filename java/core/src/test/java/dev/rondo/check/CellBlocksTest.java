package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What cells declare about their parameters and units is what their bodies do. */
class CellBlocksTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int I = 4;
    private static final int H = 7;
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);
    private static final Set<ParameterBlock.Source> INSIDE = EnumSet.of(ParameterBlock.Source.CACHE,
            ParameterBlock.Source.POINTWISE, ParameterBlock.Source.UNPROJECTED);

    static Stream<CellBody> bodies() {
        return Bodies.all();
    }

    static Stream<CellBody> float64() {
        return Bodies.float64();
    }

    @ParameterizedTest
    @EnumSource(InputKind.class)
    void blocksCoverEveryParameterOnce(InputKind kind) {
        for (Cell cell : Cells.all(H)) {
            var times = new int[Math.toIntExact(cell.layout(I, kind).count())];
            for (ParameterBlock block : cell.blocks(I, kind)) {
                var tensor = cell.layout(I, kind).get(block.tensor());
                if (block.source() == ParameterBlock.Source.INPUT && !block.elementwise()) {
                    // What one token is multiplied with lies side by side; of dense input, what one row is.
                    assertEquals(1, kind == InputKind.TOKENS ? block.rowStride() : block.columnStride());
                    assertEquals(I, tensor.shape().get(kind == InputKind.TOKENS ? 0 : 1));
                }
                for (int r = 0; r < block.rows(); r++) {
                    assertTrue(block.row() + r < cell.rows(), block.tensor());
                    for (int j = 0; j < (block.elementwise() ? 1 : block.width()); j++) {
                        int index = CellData.index(block, r, j);
                        long place = index - tensor.offset();
                        assertTrue(place >= 0 && place < tensor.count(), block.tensor());
                        times[index]++;
                    }
                }
            }
            assertTrue(Arrays.stream(times).allMatch(n -> n == 1), cell.name());
        }
    }

    /**
     * The gradient of the parameters is the sum over all blocks of dPre^T source. What bodies make inside of a step is
     * not handed out: what multiplies it is left to finite differences.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void blocksGiveTheGradientOfTheParameters(CellBody body) {
        Cell cell = body.cell(H);
        CellData data = CellData.random(
                cell, cell.shape(T, B, I), FULL.with(PassOption.MASK_PER_STEP), body.precision(), 21);
        Arrays.fill(data.paramsBefore, 0);
        Map<String, double[]> actual;
        try (var trial = new CellTrial(body, data, FULL)) {
            trial.forward();
            actual = trial.backward();
        }
        List<Map<String, double[]>> states = Sequences.steps(body, data);
        double[] rows = actual.get("gradient of preActivations");
        var params = new double[data.params.length];
        for (ParameterBlock block : cell.blocks(I, InputKind.DENSE)) {
            if (INSIDE.contains(block.source())) {
                copy(block, cell, actual, params);
                continue;
            }
            for (int row = 0; row < T * B; row++) {
                double[] source = source(block, data, states, row);
                for (int r = 0; r < block.rows(); r++) {
                    for (int j = 0; j < (block.elementwise() ? 1 : block.width()); j++) {
                        int column = block.column() + (block.elementwise() ? r : j);
                        double gradient = rows[row * cell.rows() + block.row() + r];
                        params[CellData.index(block, r, j)] += gradient * source[column];
                    }
                }
            }
        }
        Tolerance tolerance = Tolerance.backward(cell, data.shape, body.precision());
        for (var tensor : cell.layout(I, InputKind.DENSE).tensors()) {
            int from = Math.toIntExact(tensor.offset());
            double[] expected = Arrays.copyOfRange(params, from, from + (int) tensor.count());
            double error = tolerance.error(expected, actual.get("gradient of " + tensor.name()));
            assertTrue(error <= tolerance.bound(), tensor.name() + ": error " + error);
        }
    }

    /** Copies the gradient of one block. */
    private static void copy(ParameterBlock block, Cell cell, Map<String, double[]> from, double[] to) {
        double[] gradient = from.get("gradient of " + block.tensor());
        long start = cell.layout(I, InputKind.DENSE).get(block.tensor()).offset();
        for (int r = 0; r < block.rows(); r++) {
            for (int j = 0; j < block.width(); j++) {
                int index = CellData.index(block, r, j);
                to[index] = gradient[Math.toIntExact(index - start)];
            }
        }
    }

    private static double[] source(ParameterBlock block, CellData data, List<Map<String, double[]>> states, int row) {
        int t = row / B;
        return switch (block.source()) {
            case ONE -> new double[] {1};
            case INPUT -> Sequences.row(data.input, row, T * B);
            case PREVIOUS_STATE -> {
                String last = "last[" + block.plane() + "]";
                double[] plane = t == 0 ? data.initial[block.plane()] : states.get(t - 1).get(last);
                double[] before = Sequences.row(plane, row % B, B);
                double[] mask = Sequences.row(data.mask, row, T * B);
                Arrays.setAll(before, k -> block.plane() == 0 ? mask[k] * before[k] : before[k]);
                yield before;
            }
            case NEW_STATE -> Sequences.row(states.get(t).get("last[" + block.plane() + "]"), row % B, B);
            case CACHE, POINTWISE, UNPROJECTED -> throw new AssertionError(block.tensor());
        };
    }

    /**
     * A unit's state depends on its own pre-activations and, beside the products with the old state, on its own old
     * state only; and seeding all units at once gives the same as one by one.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("float64")
    void unitsOfAPerUnitCellDoNotMix(CellBody body) {
        Cell cell = body.cell(H);
        assumeTrue(cell.perUnit(), cell.name() + " is not per unit");
        for (int plane = 0; plane < cell.planeWidths().length; plane++) {
            assertEquals(H, cell.planeWidths()[plane]);
            CellData seeds = copies(cell, H + 1);
            seeds.lastGradient[plane] = new double[(H + 1) * H];
            for (int k = 0; k < H; k++) {
                seeds.lastGradient[plane][k * H + k] = 1; // copy k: unit k alone
                seeds.lastGradient[plane][H * H + k] = 1; // last copy: all units
            }
            Map<String, double[]> jacobian;
            try (var trial = new CellTrial(body, seeds, FULL)) {
                trial.forward();
                jacobian = trial.backward();
            }
            assertOwnRowsOnly(cell, jacobian.get("gradient of preActivations"));
            for (int old = 0; old < cell.planeWidths().length; old++) {
                assertOwnStateOnly(seeds, old, jacobian);
            }
        }
    }

    /** As many equal copies of one row of one step. */
    private static CellData copies(Cell cell, int count) {
        CellData one = CellData.random(cell, cell.shape(1, 1, I), FULL, Precision.FLOAT64, 22);
        var copies = new CellData(cell, cell.shape(1, count, I));
        System.arraycopy(one.params, 0, copies.params, 0, one.params.length);
        for (int b = 0; b < count; b++) {
            System.arraycopy(one.input, 0, copies.input, b * I, I);
        }
        for (int p = 0; p < one.initial.length; p++) {
            copies.initial[p] = new double[count * H];
            for (int b = 0; b < count; b++) {
                System.arraycopy(one.initial[p], 0, copies.initial[p], b * H, H);
            }
        }
        return copies;
    }

    private static void assertOwnRowsOnly(Cell cell, double[] rows) {
        var together = new double[cell.rows()];
        for (int k = 0; k < H; k++) {
            for (int r = 0; r < cell.rows(); r++) {
                double partial = rows[k * cell.rows() + r];
                assertTrue(r % H == k || partial == 0, "unit " + k + " depends on row " + r);
                together[r] += partial;
            }
        }
        assertArrayEquals(together, Sequences.row(rows, H, H + 1), 1e-14);
    }

    private static void assertOwnStateOnly(CellData seeds, int old, Map<String, double[]> jacobian) {
        int rows = seeds.cell.rows();
        double[] direct = jacobian.get("gradient of initial[" + old + "]").clone();
        double[] pre = jacobian.get("gradient of preActivations");
        for (ParameterBlock block : seeds.cell.blocks(I, InputKind.DENSE)) {
            boolean product = block.source() == ParameterBlock.Source.PREVIOUS_STATE && !block.elementwise();
            for (int i = 0; product && block.plane() == old && i < (H + 1) * block.rows() * block.width(); i++) {
                int copy = i / (block.rows() * block.width());
                int r = i / block.width() % block.rows();
                int j = i % block.width();
                direct[copy * H + block.column() + j] -=
                        pre[copy * rows + block.row() + r] * seeds.params[CellData.index(block, r, j)];
            }
        }
        for (int k = 0; k < H; k++) {
            for (int l = 0; l < H; l++) {
                assertTrue(l == k || Math.abs(direct[k * H + l]) < 1e-14, "unit " + k + " sees unit " + l);
            }
        }
    }
}
