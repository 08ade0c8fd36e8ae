package dev.rondo.kernel;

import dev.rondo.cell.Activation;
import java.util.Objects;

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

    /**
     * {@return f(x)}
     *
     * @param f the activation
     * @param x any number; not-a-number gives itself
     */
    public static double activate(Activation f, double x) {
        return switch (Objects.requireNonNull(f, "f: expected an activation, got null")) {
            case TANH -> tanh(x);
            case RELU -> x < 0 ? 0 : x;
            case SIGMOID -> sigmoid(x);
        };
    }

    /**
     * {@return dy f'(x), the gradient of what was activated: dy (1 - y^2) with tanh, dy y (1 - y) with the logistic
     * function, and dy where y is above 0 with ReLU} Where a rectified unit is not above 0 it is 0 or not a number, and
     * so is its gradient: not-a-number shows.
     *
     * @param f the activation
     * @param y f(x)
     * @param dy the gradient of y
     */
    public static double differentiate(Activation f, double y, double dy) {
        return switch (Objects.requireNonNull(f, "f: expected an activation, got null")) {
            case TANH -> dy * (1 - y * y);
            case RELU -> y > 0 ? dy : y;
            case SIGMOID -> dy * y * (1 - y);
        };
    }
}
