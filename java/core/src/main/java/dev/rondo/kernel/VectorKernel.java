package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.invoke.MethodHandles;

/**
 * The body of a cell in {@code jdk.incubator.vector}, float32, 128 to 512 bits: what runs fast without the native
 * library. The time loop, the products, lengths, hold, mask, direction and gradients are written once for all cells, in
 * {@link VectorPlan} and {@link VectorBackward}, from the cell's parameter blocks; a cell writes a {@link
 * VectorPointwise}. It uses one thread, whatever the execution says.
 *
 * <p>To be touched only after {@link Backends#require}: a JVM without the module cannot load what is behind it.
 */
public final class VectorKernel implements CellKernel {
    private final MethodHandles.Lookup lookup;
    private final Class<? extends VectorPointwise> pointwise;

    /**
     * The kernel of one cell.
     *
     * @param lookup {@code MethodHandles.lookup()} of a class in the package of {@code pointwise}
     * @param pointwise the cell's part, see {@link VectorWidth}
     */
    public VectorKernel(MethodHandles.Lookup lookup, Class<? extends VectorPointwise> pointwise) {
        this.lookup = lookup;
        this.pointwise = pointwise;
    }

    /** {@return the tier that runs where {@code cap} is asked for} */
    public static IsaTier tier(IsaTier cap) {
        return VectorWidth.of(cap).tier();
    }

    @Override
    public CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        requireFloat32(precision);
        VectorWidth width = VectorWidth.of(execution.maxIsa());
        return new VectorPlan(width.copy(lookup, pointwise, VectorPointwise.class), cell, largest, width);
    }

    static void requireFloat32(Precision precision) {
        if (precision != Precision.FLOAT32) {
            throw new UnsupportedOperationException("VECTOR: float64 is not supported; use REFERENCE or NATIVE");
        }
    }
}
