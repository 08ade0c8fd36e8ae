package dev.rondo.cell;

import java.util.Objects;

/**
 * Sizes of one pass.
 *
 * @param timeSteps steps of the longest sequence, T
 * @param batchSize sequences side by side, B
 * @param inputSize width of the input, or size of the vocabulary, I
 * @param hiddenSize hidden units, H
 */
public record CellShape(int timeSteps, int batchSize, int inputSize, int hiddenSize) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public CellShape {
        atLeastOne("timeSteps", timeSteps);
        atLeastOne("batchSize", batchSize);
        atLeastOne("inputSize", inputSize);
        atLeastOne("hiddenSize", hiddenSize);
    }

    /** {@return T * B, the number of rows of everything that is [T, B, ...]} */
    public long rows() {
        return (long) timeSteps * batchSize;
    }

    /**
     * {@return the number of elements of a state plane, B * P}
     *
     * @param cell whose state it is
     * @param plane which plane
     * @throws IllegalArgumentException if the cell has no such plane
     */
    public long planeCount(Cell cell, int plane) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        int[] widths = cell.planeWidths();
        if (plane < 0 || plane >= widths.length) {
            throw new IllegalArgumentException("plane: expected 0 to " + (widths.length - 1) + ", got " + plane);
        }
        return (long) batchSize * widths[plane];
    }

    /**
     * {@return {@code hiddenSize}, checked}
     *
     * @param hiddenSize hidden units, H
     * @param gates pre-activation rows per hidden unit, at least 1; H times as many shall fit an int
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or too large
     */
    public static int units(int hiddenSize, int gates) {
        atLeastOne("hiddenSize", hiddenSize);
        if (hiddenSize > Integer.MAX_VALUE / gates) {
            throw new IllegalArgumentException(
                    "hiddenSize: expected at most " + Integer.MAX_VALUE / gates + ", got " + hiddenSize);
        }
        return hiddenSize;
    }

    /**
     * {@return {@code value}, checked}
     *
     * @param name what the message calls it
     * @param value a size
     * @throws IllegalArgumentException if {@code value} is below 1
     */
    public static int atLeastOne(String name, int value) {
        Objects.requireNonNull(name, "name: expected one, got null");
        if (value < 1) {
            throw new IllegalArgumentException(name + ": expected at least 1, got " + value);
        }
        return value;
    }
}
