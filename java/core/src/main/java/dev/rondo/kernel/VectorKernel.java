package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.invoke.MethodHandles;
import java.util.Objects;

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
        this.lookup = Objects.requireNonNull(lookup, "lookup: expected one, got null");
        this.pointwise = Objects.requireNonNull(pointwise, "pointwise: expected a class, got null");
    }

    /**
     * {@return the tier that runs}
     *
     * @param cap the highest that may
     */
    public static IsaTier tier(IsaTier cap) {
        return VectorWidth.of(cap).tier();
    }

    @Override
    public CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        requireFloat32(precision);
        Objects.requireNonNull(execution, "execution: expected one, got null");
        VectorWidth width = VectorWidth.of(execution.maxIsa());
        return new VectorPlan(width.copy(lookup, pointwise, VectorPointwise.class), cell, largest, width);
    }

    static void requireFloat32(Precision precision) {
        Objects.requireNonNull(precision, "precision: expected one, got null");
        if (precision != Precision.FLOAT32) {
            throw new UnsupportedOperationException("VECTOR: float64 is not supported; use REFERENCE or NATIVE");
        }
    }
}
