package dev.rondo.kernel;

/**
 * Activations in place, float32, at one vector width. They work on whole vectors: from {@code at} up to the next
 * multiple of the lanes after {@code count} elements. NaN gives NaN.
 *
 * <p>Relative errors are below 2e-7 where the result is a normal number; where it is smaller, absolute ones are below
 * 1e-38.
 */
public interface VectorMath {
    /**
     * x = 1 / (1 + e^-x).
     *
     * @param x an array
     * @param at where in it the first element lies
     * @param count number of elements; whole vectors of them must lie within the array
     * @throws IndexOutOfBoundsException if they do not
     */
    void sigmoid(float[] x, int at, int count);

    /**
     * x = tanh(x).
     *
     * @param x an array
     * @param at where in it the first element lies
     * @param count number of elements; whole vectors of them must lie within the array
     * @throws IndexOutOfBoundsException if they do not
     */
    void tanh(float[] x, int at, int count);
}
