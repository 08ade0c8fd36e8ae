package dev.rondo.kernel;

import dev.rondo.cell.Activation;

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

    /**
     * x = f(x).
     *
     * @param f the activation
     * @param x an array
     * @param at where in it the first element lies
     * @param count number of elements; whole vectors of them must lie within the array
     * @throws IndexOutOfBoundsException if they do not
     */
    void activate(Activation f, float[] x, int at, int count);

    /**
     * y = dy f'(x), as {@link ReferenceMath#differentiate}.
     *
     * @param f the activation
     * @param y an array that holds y = f(x), and receives the gradient of x
     * @param at where in it the first element lies
     * @param dy an array of the gradient of y, which is read only
     * @param dyAt where in it the first element lies
     * @param count number of elements; whole vectors of them must lie within the arrays
     * @throws IndexOutOfBoundsException if they do not
     */
    void differentiate(Activation f, float[] y, int at, float[] dy, int dyAt, int count);
}
