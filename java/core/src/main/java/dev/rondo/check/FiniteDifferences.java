package dev.rondo.check;

import dev.rondo.memory.TensorLayout;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.function.LongToDoubleFunction;

/**
 * Derivatives of a loss in float64 by central differences of fourth order:
 *
 * <pre>
 *   f'(x) = (8 (f(x + s) - f(x - s)) - (f(x + 2s) - f(x - 2s))) / (12 s) + O(s^4)
 * </pre>
 *
 * <p>The step s is 1e-3: the remainder s^4 f⁽⁵⁾ / 30 is then about 1e-13 times the fifth derivative, and the rounding of a
 * loss of order one, 2e-16, is divided by about s, which gives 3e-13: neither can be improved without the other's loss.
 * Second-order differences would reach 1e-10 at best.
 */
final class FiniteDifferences {
    private static final double STEP = 1e-3;

    private FiniteDifferences() {}

    /** One number that the loss depends on. */
    interface Variable {
        double get();

        void set(double value);
    }

    /** The derivative of {@code loss} by {@code x}, which has its old value afterwards. */
    static double derivative(DoubleSupplier loss, Variable x) {
        double value = x.get();
        double near = at(loss, x, value + STEP) - at(loss, x, value - STEP);
        double far = at(loss, x, value + 2 * STEP) - at(loss, x, value - 2 * STEP);
        x.set(value);
        return (8 * near - far) / (12 * STEP);
    }

    private static double at(DoubleSupplier loss, Variable x, double value) {
        x.set(value);
        return loss.getAsDouble();
    }

    /**
     * Compares elements of one tensor's gradient.
     *
     * @param tensor its name and shape
     * @param gradient of each of its elements
     * @param elements which to compare
     * @param difference derivative by an element
     */
    static GradientReport.Row compare(
            TensorLayout.Tensor tensor, double[] gradient, int[] elements, LongToDoubleFunction difference) {
        double mean = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum() / gradient.length);
        GradientReport.Row worst = null;
        for (int element : elements) {
            double numeric = difference.applyAsDouble(element);
            double error = error(gradient[element], numeric, mean);
            if (worst == null || !(error <= worst.error())) {
                worst = new GradientReport.Row(
                        tensor.name(), elements.length, tensor.element(element), gradient[element], numeric, error);
            }
        }
        return worst;
    }

    private static double error(double gradient, double difference, double mean) {
        double distance = Math.abs(gradient - difference);
        double size = Math.max(Math.max(Math.abs(gradient), Math.abs(difference)), mean);
        return distance == 0 ? 0 : distance / size;
    }
}
