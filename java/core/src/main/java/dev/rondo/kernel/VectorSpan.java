package dev.rondo.kernel;

import dev.rondo.cell.ParameterBlock;
import java.lang.foreign.MemorySegment;

/**
 * One block of parameters that are added to pre-activations as they lie: a bias, or the weights of tokens, whose rows
 * are found by token. A row is read when it is first asked for after a change: a batch may have few of many tokens.
 */
final class VectorSpan {
    private final ParameterBlock block;
    private final VectorProduct product;
    private final int first; // where its rows start among the pre-activations
    private final VectorRows values; // [width, rows], padded as the pre-activations are
    private final VectorRows gradient; // [1, rows]
    private final long[] versions; // [width]: of each row of values
    private long version;

    VectorSpan(ParameterBlock block, VectorLayout layout, VectorProduct product) {
        this.block = block;
        this.product = product;
        this.first = layout.start(block.row());
        this.values = layout.spans(block.width(), block);
        this.gradient = layout.spans(1, block);
        this.versions = new long[block.width()];
    }

    /** Says that the parameters have changed. */
    void changed() {
        version++;
    }

    /** Adds the parameters of {@code token}, 0 for a bias, to row {@code to} of {@code gates}. */
    void add(MemorySegment params, int token, VectorRows gates, int to) {
        if (versions[token] != version) {
            values.read(token, params, element(token));
            versions[token] = version;
        }
        product.addRow(values.values(), values.at(token), gates.values(), gates.at(to) + first, values.columns());
    }

    /** Adds row {@code from} of {@code gates}, a gradient, to that of the parameters of {@code token}. */
    void addGradient(VectorRows gates, int from, MemorySegment params, int token) {
        gradient.read(0, params, element(token));
        product.addRow(gates.values(), gates.at(from) + first, gradient.values(), gradient.at(0), gradient.columns());
        gradient.write(0, params, element(token));
    }

    private long element(int token) {
        return block.offset() + (long) token * block.columnStride();
    }
}
