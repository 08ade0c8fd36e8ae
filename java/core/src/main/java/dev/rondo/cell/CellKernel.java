package dev.rondo.cell;

import dev.rondo.memory.Precision;

/** One body of one cell: stateless, makes plans. */
public interface CellKernel {
    /**
     * Makes what passes up to a given size need: packed weights, scratch, threads' shares.
     *
     * @param cell the cell, with its options
     * @param largest the largest pass: time steps and batch may be smaller in a pass, input and hidden size may not
     *     differ
     * @param precision element type
     * @param execution threads and cap on the instruction set
     * @return a plan, to be closed
     * @throws IllegalArgumentException if {@code largest} has another hidden size than the cell, or is too large
     * @throws UnsupportedOperationException if the backend lacks the precision
     */
    CellPlan plan(Cell cell, CellShape largest, Precision precision, Execution execution);
}
