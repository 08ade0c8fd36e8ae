package dev.rondo.cell;

/** What a layer reads. */
public enum InputKind {
    /** Numbers [T, B, I]; {@code weightIh} is [R, I]. */
    DENSE,
    /**
     * One token of a vocabulary of I per step, int32 [T, B]; {@code weightIh} is [I, R], token-major, so that the product of
     * the one-hot vector with the weights is the copy of one contiguous row.
     */
    TOKENS
}
