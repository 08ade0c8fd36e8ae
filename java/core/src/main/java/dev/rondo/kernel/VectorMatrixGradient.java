package dev.rondo.kernel;

import java.lang.foreign.MemorySegment;

/** One block of weights W [rows, width] backwards, with dgates the gradient of the pre-activations. */
final class VectorMatrixGradient {
    private final VectorMatrix matrix;
    private final VectorPanels weights; // [rows, width]
    private final VectorRows sum; // [rows, width]

    VectorMatrixGradient(VectorMatrix matrix, int lanes) {
        this.matrix = matrix;
        this.weights = new VectorPanels(matrix.rows(), matrix.width(), lanes);
        this.sum = VectorRows.ofGroups(matrix.rows(), 1, matrix.width(), lanes);
    }

    /** Takes the weights as they were read last. */
    void packWeights() {
        weights.putRows(matrix.values(), 0);
    }

    /** {@return the plane that these weights multiply} */
    int plane() {
        return matrix.plane();
    }

    /** dsource += dgates W, for as many rows as the window {@code gradient} has, of dgates from {@code row} on. */
    void addSource(VectorSequence sequence, int row, VectorRows gradient) {
        sequence.product.add(sequence.gates.window(row, gradient.count(), matrix.first()), weights, gradient);
    }

    /** Reads dW from memory that is laid out as the cell's parameters. */
    void readGradient(MemorySegment params) {
        matrix.readRows(sum, params);
    }

    /** Writes dW to memory that is laid out as the cell's parameters. */
    void writeGradient(MemorySegment params) {
        matrix.writeRows(sum, params);
    }

    /** dW += dgates^T source, with {@code source} [rows, width]. */
    void addWeights(VectorSequence sequence, int rows, VectorRows gatesTransposed, VectorPanels source) {
        source.depth(rows);
        sequence.product.add(gatesTransposed.window(matrix.first(), matrix.rows()), source, sum.all());
    }
}
