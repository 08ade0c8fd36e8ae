package dev.rondo.cell;

/** What a layer reads. */
public enum InputKind {
    /** Numbers [T, B, I]; {@code weightIh} is [R, I]. */
    DENSE,
    /**
     * One token of a vocabulary of I per step, int32 [T, B]; {@code weightIh} is [I, R], token-major, so that the
     * product of the one-hot vector with the weights is the copy of one contiguous row.
     */
    TOKENS;

    /**
     * {@return the shape of {@code weightIh}: [rows, inputSize], token-major [inputSize, rows]}
     *
     * @param rows pre-activation rows that the input feeds
     * @param inputSize I
     */
    public int[] weightShape(int rows, int inputSize) {
        return switch (this) {
            case DENSE -> new int[] {rows, inputSize};
            case TOKENS -> new int[] {inputSize, rows};
        };
    }
}
