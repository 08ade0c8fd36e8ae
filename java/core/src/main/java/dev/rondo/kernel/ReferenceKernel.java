package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.memory.Precision;

/**
 * The plain body of a cell. Everything but the pointwise part is written once for all cells, in {@link ReferencePlan}, from
 * the cell's parameter blocks; a cell writes what happens to one row of one step. All arithmetic is float64; with FLOAT32
 * only what the pass carries is rounded. One thread.
 *
 * <p>R pre-activation rows, state planes [P] before and after the step.
 */
public abstract class ReferenceKernel implements CellKernel {
    /** For subclasses: a kernel holds nothing. */
    protected ReferenceKernel() {}

    /**
     * One row of one step.
     *
     * @param gates [R] in: pre-activations; out: whatever {@link #backward} needs, usually the activations
     * @param before state planes before the step
     * @param after state planes after the step, to be written
     */
    protected abstract void forward(double[] gates, double[][] before, double[][] after);

    /**
     * The same row backwards.
     *
     * @param gates [R] in: what {@link #forward} left; out: gradient of the pre-activations
     * @param before state planes before the step
     * @param after state planes after the step
     * @param gradient in: gradient of {@code after}; out: the part of the gradient of {@code before} that does not pass
     *     through the pre-activations
     */
    protected abstract void backward(double[] gates, double[][] before, double[][] after, double[][] gradient);

    @Override
    public final CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        return new ReferencePlan(this, cell, largest, precision);
    }
}
