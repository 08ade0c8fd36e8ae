package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.memory.Precision;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The plain body of a cell. Everything but the pointwise part is written once for all cells, in {@link ReferencePlan},
 * from the cell's parameter blocks; a cell writes what happens to one row of one step. All arithmetic is float64; with
 * FLOAT32 only what the pass carries is rounded. One thread.
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
     * @param gates [R] in: what {@link #forward} left; out: gradient of the pre-activations; with cache planes {@link
     *     #backwardBetween} may finish what the second product does not feed
     * @param before state planes before the step
     * @param after state planes after the step
     * @param gradient in: gradient of {@code after}; out: the part of the gradient of {@code before} that does not pass
     *     through the pre-activations
     */
    protected abstract void backward(double[] gates, double[][] before, double[][] after, double[][] gradient);

    /**
     * {@return this kernel with its {@linkplain dev.rondo.cell.ParameterBlock pointwise parameters}, for one plan; a
     * cell without any needs no other than this one}
     *
     * @param values [V] the parameters, in the order in which they lie; {@link #forward} and {@link #backward} find
     *     those of their pass in it
     * @param gradients [V] their gradients, to which {@link #backward} adds those of a row
     */
    protected ReferenceKernel with(double[] values, double[] gradients) {
        Objects.requireNonNull(values, "values: expected an array, got null");
        Objects.requireNonNull(gradients, "gradients: expected an array, got null");
        return this;
    }

    /**
     * For a cell with {@linkplain Cell#cachePlaneWidths() cache planes}: one row of one step between the two products.
     * What is written into {@code cache} is what the second product multiplies; it is added to the pre-activations
     * before {@link #forward}.
     *
     * @param gates [R] in: pre-activations after the first product; out: as {@link #forward} shall find them; rows that
     *     the second product does not feed may have become activations
     * @param operand [P0] plane 0 before the step after the recurrent mask, to be read
     * @param cache [plane][width] cache planes, to be written
     * @throws UnsupportedOperationException if the cell has cache planes and does not write this
     */
    protected void forwardBetween(double[] gates, double[] operand, double[][] cache) {
        throw new UnsupportedOperationException("forwardBetween: a cell with cache planes writes it");
    }

    /**
     * The same row backwards, after {@link #backward} and what the second product hands on.
     *
     * @param gates [R] in: what {@link #backward} left, which may keep what is needed here in rows that the second
     *     product does not feed; out: gradient of the pre-activations, in all rows
     * @param operand [P0] as in {@link #forwardBetween}, to be read
     * @param cache [plane][width] what {@link #forwardBetween} wrote, to be read
     * @param cacheGradient [plane][width] gradient of the cache planes, to be read
     * @param operandGradient [P0] out: the part of the gradient of {@code operand} that passes through the cache planes
     * @throws UnsupportedOperationException if the cell has cache planes and does not write this
     */
    protected void backwardBetween(
            double[] gates, double[] operand, double[][] cache, double[][] cacheGradient, double[] operandGradient) {
        throw new UnsupportedOperationException("backwardBetween: a cell with cache planes writes it");
    }

    /**
     * {@return numbers that are 0 at the {@linkplain Cell#hasKinks() kinks} of {@link #forward}, and of another sign on
     * each side} By default the pre-activations, for there rectified units have theirs.
     *
     * @param gates [R] pre-activations as {@link #forward} finds them, to be read
     * @param before state planes before the step, to be read
     */
    protected double[] kinks(double[] gates, double[][] before) {
        Objects.requireNonNull(gates, "gates: expected an array, got null");
        Objects.requireNonNull(before, "before: expected planes, got null");
        return gates;
    }

    /**
     * {@return this kernel, watched: for checks that depend on where kinks lie}
     *
     * @param observer sees the {@link #kinks} of each row of each step, to be read
     */
    public final ReferenceKernel observedBy(Consumer<double[]> observer) {
        Objects.requireNonNull(observer, "observer: expected one, got null");
        ReferenceKernel observed = this;
        return new ReferenceKernel() {
            @Override
            protected ReferenceKernel with(double[] values, double[] gradients) {
                return observed.with(values, gradients).observedBy(observer);
            }

            @Override
            protected void forward(double[] gates, double[][] before, double[][] after) {
                observer.accept(observed.kinks(gates, before));
                observed.forward(gates, before, after);
            }

            @Override
            protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
                observed.backward(gates, before, after, gradient);
            }

            @Override
            protected void forwardBetween(double[] gates, double[] operand, double[][] cache) {
                observed.forwardBetween(gates, operand, cache);
            }

            @Override
            protected void backwardBetween(double[] gates, double[] operand, double[][] cache,
                    double[][] cacheGradient, double[] operandGradient) {
                observed.backwardBetween(gates, operand, cache, cacheGradient, operandGradient);
            }
        };
    }

    @Override
    public final CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution) {
        Objects.requireNonNull(execution, "execution: expected one, got null");
        return new ReferencePlan(this, cell, largest, precision);
    }
}
