package dev.rondo.cell;

/**
 * Which parameters feed which pre-activation rows from which source. A cell's blocks say everything about its weights that
 * is linear: gradients of the weights, initialisation by fan-in, groups of a decoupled Kalman filter and the sparsity of the
 * influence matrix follow from them, without code in the cell.
 *
 * <p>Dense block: {@code params[offset + r * rowStride + j * columnStride] * source[column + j]} is added to pre-activation
 * {@code row + r}, for {@code 0 <= r < rows}, {@code 0 <= j < width}. Elementwise block: {@code params[offset + r * rowStride] *
 * source[column + r]} is added to {@code row + r}.
 *
 * @param tensor name of the tensor in the cell's layout that the block is part of
 * @param offset index of the block's first parameter in the cell's slice of the slab
 * @param row first pre-activation row
 * @param rows number of pre-activation rows
 * @param source what the parameters are multiplied with
 * @param plane state or cache plane, where the source is one; else 0
 * @param column first element of the source
 * @param width elements of the source; 1 for an elementwise block
 * @param rowStride distance of parameters between rows
 * @param columnStride distance of parameters between elements of the source; 0 = elementwise
 */
public record ParameterBlock(
        String tensor,
        long offset,
        int row,
        int rows,
        Source source,
        int plane,
        int column,
        int width,
        int rowStride,
        int columnStride) {

    /** What a block's parameters are multiplied with. */
    public enum Source {
        /** The constant 1: a bias. */
        ONE,
        /** The input of the step; for tokens the one-hot vector. */
        INPUT,
        /** A plane of the state before the step, after the recurrent mask. */
        PREVIOUS_STATE,
        /** A plane of the state after the step. */
        NEW_STATE,
        /** An intermediate result, [T, B, width]. */
        CACHE
    }

    /** {@return whether row {@code r} sees only element {@code r} of the source} */
    public boolean elementwise() {
        return columnStride == 0;
    }
}
