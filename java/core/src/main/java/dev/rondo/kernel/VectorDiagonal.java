package dev.rondo.kernel;

import dev.rondo.cell.ParameterBlock;
import java.lang.foreign.MemorySegment;

/**
 * One block of weights u [H] of which each multiplies one unit of the recurrent operand, with dgates the gradient of
 * the pre-activations. Padded as a gate is.
 */
final class VectorDiagonal {
    private final ParameterBlock block;
    private final int first; // where its rows start among the pre-activations
    private final VectorRows values; // [1, H]
    private final VectorRows gradient; // [1, H]

    VectorDiagonal(ParameterBlock block, VectorLayout layout) {
        this.block = block;
        this.first = layout.start(block.row());
        this.values = layout.spans(1, block);
        this.gradient = layout.spans(1, block);
    }

    /** Reads the weights from the cell's parameters. */
    void load(MemorySegment params) {
        values.read(0, params, block.offset());
    }

    /** gates += u operand, at step t; {@code operand} [B, H] is a window. */
    void multiply(VectorSequence sequence, VectorRows operand, int t) {
        VectorRows gates = sequence.gates;
        for (int b = 0; b < sequence.batchSize(); b++) {
            int to = gates.at(sequence.row(t, b)) + first;
            sequence.product.addProducts(
                    values.values(), 0, operand.values(), operand.windowRow(b), gates.values(), to, values.columns());
        }
    }

    /** doperand += u dgates, at step t; {@code operandGradient} is [B, H]. */
    void addSource(VectorSequence sequence, int t, VectorRows operandGradient) {
        VectorRows gates = sequence.gates;
        for (int b = 0; b < sequence.batchSize(); b++) {
            int from = gates.at(sequence.row(t, b)) + first;
            int to = operandGradient.at(b);
            sequence.product.addProducts(
                    values.values(), 0, gates.values(), from, operandGradient.values(), to, values.columns());
        }
    }

    /** du += dgates operand, at step t; {@code operand} [B, H] is a window. */
    void addWeights(VectorSequence sequence, VectorRows operand, int t) {
        VectorRows gates = sequence.gates;
        for (int b = 0; b < sequence.batchSize(); b++) {
            int from = gates.at(sequence.row(t, b)) + first;
            int at = operand.windowRow(b);
            sequence.product.addProducts(
                    gates.values(), from, operand.values(), at, gradient.values(), 0, gradient.columns());
        }
    }

    /** Reads du from memory that is laid out as the cell's parameters. */
    void readGradient(MemorySegment params) {
        gradient.read(0, params, block.offset());
    }

    /** Writes du to memory that is laid out as the cell's parameters. */
    void writeGradient(MemorySegment params) {
        gradient.write(0, params, block.offset());
    }
}
