package dev.rondo.kernel;

/** Activations of the reference. {@link StrictMath}, so that the oracle says the same on every machine. */
public final class ReferenceMath {
    private ReferenceMath() {}

    /**
     * {@return 1 / (1 + e^-x)}
     *
     * @param x any number; not-a-number gives itself
     */
    public static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    /**
     * {@return the hyperbolic tangent}
     *
     * @param x any number; not-a-number gives itself
     */
    public static double tanh(double x) {
        return StrictMath.tanh(x);
    }
}
