package dev.rondo.kernel;

import dev.rondo.cell.ParameterBlock;
import java.lang.foreign.MemorySegment;

/**
 * One block of parameters that are added to pre-activations as they lie: a bias, or the weights of tokens, whose rows
 * are found by token.
 */
final class VectorSpan {
    private final ParameterBlock block;
    private final int first; // where its rows start among the pre-activations
    private final VectorRows row; // [1, rows], padded as the pre-activations are

    VectorSpan(ParameterBlock block, VectorLayout layout) {
        this.block = block;
        this.first = layout.padded(block.row());
        this.row = layout.span(block.rows());
    }

    /** Adds the parameters of {@code token}, 0 for a bias, to row {@code to} of {@code gates}. */
    void add(MemorySegment params, int token, VectorRows gates, int to) {
        row.read(0, params, element(token));
        VectorRows.add(row, row.at(0), gates, gates.at(to) + first, row.columns());
    }

    /** Adds row {@code from} of {@code gates}, a gradient, to that of the parameters of {@code token}. */
    void addGradient(VectorRows gates, int from, MemorySegment params, int token) {
        row.read(0, params, element(token));
        VectorRows.add(gates, gates.at(from) + first, row, row.at(0), row.columns());
        row.write(0, params, element(token));
    }

    private long element(int token) {
        return block.offset() + (long) token * block.columnStride();
    }
}
