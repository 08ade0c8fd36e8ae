package dev.rondo.kernel;

/**
 * Activations on arrays, float32, at one vector width; x may be y. They work on whole vectors: up to the next multiple of the
 * lanes after {@code count}, the arrays are read and written too. NaN gives NaN.
 *
 * <p>Relative errors are below 2e-7 where the result is a normal number; where it is smaller, absolute ones are below 1e-38.
 */
public interface VectorMath {
    /** y = 1 / (1 + e^-x). */
    void sigmoid(float[] x, int xAt, float[] y, int yAt, int count);

    /** y = tanh(x). */
    void tanh(float[] x, int xAt, float[] y, int yAt, int count);
}
