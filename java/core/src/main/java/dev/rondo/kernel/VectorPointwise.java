package dev.rondo.kernel;

import java.util.Objects;

/**
 * The pointwise part of a cell's VECTOR body, one row of one step at a time: what {@link ReferenceKernel} asks of a
 * cell too. A class of this type is copied for each width, see {@link VectorWidth}: it has no state, no nested classes
 * and no lambdas.
 */
public interface VectorPointwise {
    /**
     * Writes the planes after the step; pre-activations become what {@link #backward} needs, usually activations.
     *
     * @param row the row
     */
    void forward(VectorRow row);

    /**
     * The same row backwards: what {@link #forward} left becomes the gradient of the pre-activations; the gradient of
     * the planes after the step becomes the part of the gradient of the planes before it that does not pass through the
     * pre-activations.
     *
     * @param row the row
     */
    void backward(VectorRow row);

    /**
     * For a cell with cache planes: one row of one step between the two products, see {@link
     * ReferenceKernel#forwardBetween}.
     *
     * @param row the row
     * @throws UnsupportedOperationException always, if a cell with cache planes does not override it
     */
    default void forwardBetween(VectorRow row) {
        Objects.requireNonNull(row, "row: expected one, got null");
        throw new UnsupportedOperationException("forwardBetween: a cell with cache planes writes it");
    }

    /**
     * The same row backwards, see {@link ReferenceKernel#backwardBetween}; what passes through the cache planes is
     * added to the gradient of the operand.
     *
     * @param row the row
     * @throws UnsupportedOperationException always, if a cell with cache planes does not override it
     */
    default void backwardBetween(VectorRow row) {
        Objects.requireNonNull(row, "row: expected one, got null");
        throw new UnsupportedOperationException("backwardBetween: a cell with cache planes writes it");
    }
}
