package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.cell.SparsePattern;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/**
 * Sparse weights of the recurrent operand, with dgates the gradient of the pre-activations; of a cell with one gate.
 * One number at a time: what a row reads lies anywhere, and AVX2's gather takes longer than as many loads.
 */
final class VectorSparse {
    private final int[] rowStarts; // [H + 1]
    private final int[] columns; // [count]
    private final float[] values; // [count]
    private final float[] gradient; // [count]
    private final long offset; // of the first of them in the cell's parameters

    private VectorSparse(SparsePattern pattern, long offset) {
        this.rowStarts = IntStream.rangeClosed(0, pattern.size()).map(pattern::rowStart).toArray();
        this.columns = IntStream.range(0, pattern.count()).map(pattern::column).toArray();
        this.values = new float[columns.length];
        this.gradient = new float[columns.length];
        this.offset = offset;
    }

    /** {@return the sparse weights of a cell; null if it has none} */
    static VectorSparse of(Cell cell, int inputSize, InputKind kind) {
        SparsePattern pattern = cell.recurrentPattern();
        return pattern == null ? null : new VectorSparse(pattern, cell.blocks(inputSize, kind).stream()
                .filter(block -> block.source() == Source.PREVIOUS_STATE)
                .mapToLong(ParameterBlock::offset).findFirst().orElseThrow());
    }

    /** Reads the weights from the cell's parameters. */
    void load(MemorySegment params) {
        read(params, values);
    }

    /** gates += W operand, at step t; {@code operand} [B, H] is a window. */
    void multiply(VectorSequence sequence, VectorRows operand, int t) {
        float[] gates = sequence.gates.values();
        float[] x = operand.values();
        for (int b = 0; b < sequence.batchSize(); b++) {
            multiply(gates, sequence.gates.at(sequence.row(t, b)), x, operand.windowRow(b));
        }
    }

    /** Two rows at once: the additions of one wait for one another. */
    private void multiply(float[] y, int yAt, float[] x, int xAt) {
        int rows = rowStarts.length - 1;
        int r = 0;
        for (; r + 1 < rows; r += 2) {
            int k = rowStarts[r];
            int end = rowStarts[r + 1];
            int other = end;
            int both = Math.min(end - k, rowStarts[r + 2] - end);
            float sum = 0;
            float otherSum = 0;
            for (int n = 0; n < both; n++) {
                sum += values[k] * x[xAt + columns[k]];
                otherSum += values[other] * x[xAt + columns[other]];
                k++;
                other++;
            }
            y[yAt + r] += sum + sum(k, end, x, xAt);
            y[yAt + r + 1] += otherSum + sum(other, rowStarts[r + 2], x, xAt);
        }
        if (r < rows) {
            y[yAt + r] += sum(rowStarts[r], rowStarts[r + 1], x, xAt);
        }
    }

    private float sum(int begin, int end, float[] x, int xAt) {
        float sum = 0;
        for (int k = begin; k < end; k++) {
            sum += values[k] * x[xAt + columns[k]];
        }
        return sum;
    }

    /** doperand += W^T dgates, at step t; {@code operandGradient} is [B, H]. */
    void addSource(VectorSequence sequence, int t, VectorRows operandGradient) {
        float[] gates = sequence.gates.values();
        float[] dx = operandGradient.values();
        for (int b = 0; b < sequence.batchSize(); b++) {
            int from = sequence.gates.at(sequence.row(t, b));
            int to = operandGradient.at(b);
            for (int r = 0; r + 1 < rowStarts.length; r++) {
                float d = gates[from + r];
                for (int k = rowStarts[r]; k < rowStarts[r + 1]; k++) {
                    dx[to + columns[k]] += values[k] * d;
                }
            }
        }
    }

    /** dW += dgates operand^T where there are weights, at step t; {@code operand} [B, H] is a window. */
    void addWeights(VectorSequence sequence, VectorRows operand, int t) {
        float[] gates = sequence.gates.values();
        float[] x = operand.values();
        for (int b = 0; b < sequence.batchSize(); b++) {
            int from = sequence.gates.at(sequence.row(t, b));
            int at = operand.windowRow(b);
            for (int r = 0; r + 1 < rowStarts.length; r++) {
                float d = gates[from + r];
                for (int k = rowStarts[r]; k < rowStarts[r + 1]; k++) {
                    gradient[k] += d * x[at + columns[k]];
                }
            }
        }
    }

    /** Reads dW from memory that is laid out as the cell's parameters. */
    void readGradient(MemorySegment params) {
        read(params, gradient);
    }

    /** Writes dW to memory that is laid out as the cell's parameters. */
    void writeGradient(MemorySegment params) {
        MemorySegment.copy(gradient, 0, params, ValueLayout.JAVA_FLOAT, offset * Float.BYTES, gradient.length);
    }

    private void read(MemorySegment params, float[] numbers) {
        MemorySegment.copy(params, ValueLayout.JAVA_FLOAT, offset * Float.BYTES, numbers, 0, numbers.length);
    }
}
