package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products on packed panels against the sum of products in float64, around the sizes of tiles, panels and blocks. */
class VectorProductTest {
    private static final int[] ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13};
    private static final int[] DEPTHS = {1, 2, 7, 511, 512, 513, 1025};
    private static final int[] COLUMNS = {1, 8, 31, 32, 33, 70};
    private static final int BEFORE = 2; // rows before the windows, which must stay as they are
    private static final float GUARD = 1000;

    private final SplittableRandom random = new SplittableRandom(1);

    @BeforeAll
    static void assumeVectors() {
        Available.assume(Backend.VECTOR);
    }

    @ParameterizedTest
    @EnumSource
    void addsTheSumOfProducts(IsaTier tier) {
        for (int m : ROWS) {
            for (int k : DEPTHS) {
                for (int n : COLUMNS) {
                    check(VectorWidth.of(tier), m, k, n);
                }
            }
        }
    }

    private void check(VectorWidth width, int m, int k, int n) {
        VectorRows a = fill(VectorRows.of(BEFORE + m, k, k + 1));
        VectorRows b = fill(VectorRows.of(k, n, n));
        VectorRows c = VectorRows.ofGroups(BEFORE + m + 1, 1, n, width.lanes());
        Arrays.fill(c.values(), GUARD);
        var panels = new VectorPanels(k + 3, n, width.lanes());
        panels.putRows(b, 0);
        panels.depth(k);
        width.product().add(a.window(BEFORE, m), panels, c.window(BEFORE, m));
        for (int i = 0; i < BEFORE + m + 1; i++) {
            for (int j = 0; j < n; j++) {
                boolean inside = i >= BEFORE && i < BEFORE + m;
                double sum = GUARD;
                double magnitude = GUARD;
                for (int p = 0; inside && p < k; p++) {
                    double term = (double) a.values()[a.at(i) + p] * b.values()[b.at(p) + j];
                    sum += term;
                    magnitude += Math.abs(term);
                }
                // k fused additions in any order are off by k u times the sum of magnitudes at most, with u = 2^-24.
                double bound = inside ? (k + 1) * 0x1p-24 * magnitude : 0;
                assertEquals(sum, c.values()[c.at(i) + j], bound, m + " x " + n + " x " + k + " at " + i + ", " + j);
            }
        }
    }

    private VectorRows fill(VectorRows rows) {
        for (int i = 0; i < rows.values().length; i++) {
            rows.values()[i] = (float) random.nextDouble(-1, 1);
        }
        return rows;
    }
}
