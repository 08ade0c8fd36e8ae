package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.memory.Precision;
import java.util.Objects;

/**
 * The C++ body of every cell that the native library knows by name: one native call per layer, direction and sequence,
 * on the memory of the pass itself.
 */
public final class NativeKernel implements CellKernel {
    /** A kernel holds nothing. */
    public NativeKernel() {}

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException {@inheritDoc}
     * @throws UnsupportedOperationException if there is no native library here, or no such cell in it; the message says
     *     why
     */
    @Override
    public CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        Backends.require(Backend.NATIVE);
        Objects.requireNonNull(execution, "execution: expected one, got null");
        return new NativePlan(cell, largest, precision, execution);
    }
}
