package dev.rondo.cell;

/**
 * Sizes of one pass.
 *
 * @param timeSteps steps of the longest sequence, T
 * @param batchSize sequences side by side, B
 * @param inputSize width of the input, or size of the vocabulary, I
 * @param hiddenSize hidden units, H
 */
public record CellShape(int timeSteps, int batchSize, int inputSize, int hiddenSize) {
    /** Checks that every size is at least 1. */
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
     * {@return the number of elements of state plane {@code plane} of {@code cell}, B * P}
     *
     * @throws IllegalArgumentException if the cell has no such plane
     */
    public long planeCount(Cell cell, int plane) {
        int[] widths = cell.planeWidths();
        if (plane < 0 || plane >= widths.length) {
            throw new IllegalArgumentException("plane: expected 0 to " + (widths.length - 1) + ", got " + plane);
        }
        return (long) batchSize * widths[plane];
    }

    /**
     * {@return {@code hiddenSize}}
     *
     * @param gates pre-activation rows per hidden unit, whose number shall fit an int
     * @throws IllegalArgumentException if it is below 1, or too large
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
     * {@return {@code value}}
     *
     * @throws IllegalArgumentException if it is below 1; the message calls it {@code name}
     */
    public static int atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": expected at least 1, got " + value);
        }
        return value;
    }
}
