package dev.rondo.cell;

import dev.rondo.memory.TensorLayout;
import java.util.Objects;

/**
 * Which parameters feed which pre-activation rows from which source. A cell's blocks say everything about its weights
 * that is linear: gradients of the weights, initialisation by fan-in, groups of a decoupled Kalman filter and the
 * sparsity of the influence matrix follow from them, without code in the cell.
 *
 * <p>Dense block: {@code params[offset + r * rowStride + j * columnStride] * source[column + j]} is added to
 * pre-activation {@code row + r}, for {@code 0 <= r < rows}, {@code 0 <= j < width}. Elementwise block: {@code
 * params[offset + r * rowStride] * source[column + r]} is added to {@code row + r}.
 *
 * <p>Dense blocks are products, which are written once for all cells, and so are elementwise ones on plane 0 of the old
 * state. Other elementwise blocks are <em>pointwise parameters</em>: the cell's pointwise part reads them itself, adds
 * what they give to the pre-activations, and their gradients to those of the parameters. All of a cell lie side by side
 * in its slice of the slab, in the order of the blocks.
 *
 * @param tensor name of the tensor in the cell's layout that the block is part of
 * @param offset index of the block's first parameter in the cell's slice of the slab
 * @param row first pre-activation row, or element of plane 0, see {@link Source#UNPROJECTED}
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
        /** A plane of the state before the step; plane 0 after the recurrent mask. */
        PREVIOUS_STATE,
        /** A plane of the state after the step. */
        NEW_STATE,
        /**
         * A cache plane: what the pointwise part makes of pre-activations and recurrent operand between the two
         * products of a step. Blocks of all other sources are the first product, those of this one the second.
         */
        CACHE,
        /**
         * What the pointwise part makes in a row of a step and keeps to itself: of an elementwise block alone, for
         * example the gain of a layer norm.
         */
        POINTWISE,
        /**
         * In a cell with a projection, what the pointwise part leaves as plane 0, H wide. Such a block feeds no
         * pre-activations: its rows are the elements of plane 0 of the new state, which are nothing but its product.
         */
        UNPROJECTED
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if rows, width or row stride are below 1, or another number is below 0
     */
    public ParameterBlock {
        Objects.requireNonNull(tensor, "tensor: expected a name, got null");
        Objects.requireNonNull(source, "source: expected one, got null");
        notNegative("offset", offset);
        notNegative("row", row);
        CellShape.atLeastOne("rows", rows);
        notNegative("plane", plane);
        notNegative("column", column);
        CellShape.atLeastOne("width", width);
        CellShape.atLeastOne("rowStride", rowStride);
        notNegative("columnStride", columnStride);
    }

    private static void notNegative(String name, long number) {
        if (number < 0) {
            throw new IllegalArgumentException(name + ": expected at least 0, got " + number);
        }
    }

    /**
     * {@return a whole matrix on the input}
     *
     * @param weightIh the matrix, [rows, I] for dense input, [I, rows] for tokens
     * @param kind what the input is made of
     * @param row first pre-activation row
     * @throws IllegalArgumentException if the tensor is no matrix, or {@code row} is below 0
     */
    public static ParameterBlock input(TensorLayout.Tensor weightIh, InputKind kind, int row) {
        Objects.requireNonNull(weightIh, "weightIh: expected a tensor, got null");
        Objects.requireNonNull(kind, "kind: expected one, got null");
        checkRank("weightIh", weightIh, 2, "a matrix");
        int rows = weightIh.shape().get(kind == InputKind.DENSE ? 0 : 1);
        int width = weightIh.shape().get(kind == InputKind.DENSE ? 1 : 0);
        return switch (kind) {
            case DENSE -> new ParameterBlock(
                    weightIh.name(), weightIh.offset(), row, rows, Source.INPUT, 0, 0, width, width, 1);
            case TOKENS -> new ParameterBlock(
                    weightIh.name(), weightIh.offset(), row, rows, Source.INPUT, 0, 0, width, 1, rows);
        };
    }

    /**
     * {@return a whole matrix on a plane}
     *
     * @param weight the matrix, [rows, width]
     * @param source what kind of plane it multiplies
     * @param plane which of them
     * @param row first pre-activation row
     * @throws IllegalArgumentException if the tensor is no matrix, or a number is below 0
     */
    public static ParameterBlock matrix(TensorLayout.Tensor weight, Source source, int plane, int row) {
        Objects.requireNonNull(weight, "weight: expected a tensor, got null");
        checkRank("weight", weight, 2, "a matrix");
        int rows = weight.shape().get(0);
        int width = weight.shape().get(1);
        return new ParameterBlock(weight.name(), weight.offset(), row, rows, source, plane, 0, width, width, 1);
    }

    /**
     * {@return a whole bias}
     *
     * @param bias the bias, [rows]
     * @param row first pre-activation row
     * @throws IllegalArgumentException if the tensor is no vector, or {@code row} is below 0
     */
    public static ParameterBlock bias(TensorLayout.Tensor bias, int row) {
        Objects.requireNonNull(bias, "bias: expected a tensor, got null");
        checkRank("bias", bias, 1, "a vector");
        return new ParameterBlock(bias.name(), bias.offset(), row, bias.shape().get(0), Source.ONE, 0, 0, 1, 1, 1);
    }

    /**
     * {@return a whole vector of weights, each on one element of a plane} Those on plane 0 of the old state, which see it
     * after the recurrent mask, are products as those of matrices, written once for all cells; others are the pointwise
     * part's.
     *
     * @param weight the vector, [rows]
     * @param source what kind of plane it multiplies
     * @param plane which of them, from its first element on
     * @param row first pre-activation row
     * @throws IllegalArgumentException if the tensor is no vector, or a number is below 0
     */
    public static ParameterBlock elementwise(TensorLayout.Tensor weight, Source source, int plane, int row) {
        Objects.requireNonNull(weight, "weight: expected a tensor, got null");
        Objects.requireNonNull(source, "source: expected one, got null");
        checkRank("weight", weight, 1, "a vector");
        int rows = weight.shape().get(0);
        return new ParameterBlock(weight.name(), weight.offset(), row, rows, source, plane, 0, 1, 1, 0);
    }

    private static void checkRank(String name, TensorLayout.Tensor tensor, int rank, String what) {
        if (tensor.shape().size() != rank) {
            throw new IllegalArgumentException(
                    name + ": expected " + what + ", got " + tensor.name() + " of shape " + tensor.shape());
        }
    }

    /**
     * {@return some rows of this block, on other pre-activation rows}
     *
     * @param from first row, counted from that of this block
     * @param count number of rows, at least 1
     * @param onRow first pre-activation row that they shall feed
     * @throws IndexOutOfBoundsException if this block has no such rows
     * @throws IllegalArgumentException if {@code count} is 0, or {@code onRow} is below 0
     */
    public ParameterBlock slice(int from, int count, int onRow) {
        int least = Objects.checkFromIndexSize(from, count, rows);
        return new ParameterBlock(tensor, offset + (long) least * rowStride, onRow, count, source, plane,
                elementwise() ? column + least : column, width, rowStride, columnStride);
    }

    /** {@return whether these are parameters of the pointwise part, and no product} */
    public boolean pointwise() {
        return elementwise() && (source != Source.PREVIOUS_STATE || plane != 0);
    }

    /** {@return whether row {@code r} sees only element {@code r} of the source} */
    public boolean elementwise() {
        return columnStride == 0;
    }
}
