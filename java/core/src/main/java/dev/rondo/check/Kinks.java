package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.memory.Precision;
import java.util.function.LongFunction;

/**
 * Numbers that keep away from kinks. Where a pre-activation of a rectified unit is 0 it has no derivative: two bodies
 * that round differently lie on different sides of it, and differences that straddle it are neither slope. So numbers
 * of checks are drawn again until nothing lies near a kink; what the checks allow stays as it is for every cell.
 */
final class Kinks {
    private static final int ATTEMPTS = 200;
    private static final long BETWEEN_SEEDS = 1_000_003;

    private Kinks() {}

    /**
     * The first of the numbers that {@code draw} makes of {@code seed} and later seeds that keep at least {@code
     * margin} away from the kinks of {@code cell}, if it has any.
     */
    static CellData avoid(Cell cell, double margin, PassVariant variant, long seed, LongFunction<CellData> draw) {
        if (!cell.hasKinks() || !(cell.kernel(Backend.REFERENCE) instanceof ReferenceKernel kernel)) {
            return draw.apply(seed);
        }
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            CellData data = draw.apply(seed + attempt * BETWEEN_SEEDS);
            if (nearest(kernel, data, variant) >= margin) {
                return data;
            }
        }
        throw new IllegalStateException(cell + ": expected numbers that keep away from its kinks, got none in "
                + ATTEMPTS + " attempts; a smaller shape has fewer of them");
    }

    /** How near the pass comes to a kink. */
    private static double nearest(ReferenceKernel kernel, CellData data, PassVariant variant) {
        var nearest = new double[] {Double.POSITIVE_INFINITY};
        var observed = kernel.observedBy(distances -> {
            for (double distance : distances) {
                nearest[0] = Math.min(nearest[0], Math.abs(distance));
            }
        });
        try (var plan = observed.plan(data.cell, data.shape, Precision.FLOAT64, Execution.threads(1));
                var trial = new CellTrial(plan, data, variant.plainMemory())) {
            trial.forward();
        }
        return nearest[0];
    }
}
