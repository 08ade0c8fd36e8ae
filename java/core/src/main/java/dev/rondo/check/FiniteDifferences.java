package dev.rondo.check;

import dev.rondo.memory.TensorLayout;
import java.util.Collection;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongToDoubleFunction;

/**
 * Derivatives of a loss in float64 by central differences of fourth order:
 *
 * <pre>
 *   f'(x) = (8 (f(x + s) - f(x - s)) - (f(x + 2s) - f(x - 2s))) / (12 s) + O(s^4)
 * </pre>
 *
 * <p>With s = 1e-3 the remainder s^4 f<sup>(5)</sup> / 30 is some 1e-13 times the fifth derivative, and a loss of order
 * one, rounded by 1e-16, leaves 1e-13 when it is divided by s: another step makes one of them larger. Differences of
 * second order would reach 1e-10 at best.
 */
final class FiniteDifferences {
    private static final double STEP = 1e-3;

    private FiniteDifferences() {}

    /** One number that the loss depends on. */
    interface Variable {
        double get();

        void set(double value);

        static Variable of(DoubleSupplier get, DoubleConsumer set) {
            return new Variable() {
                @Override
                public double get() {
                    return get.getAsDouble();
                }

                @Override
                public void set(double value) {
                    set.accept(value);
                }
            };
        }

        static Variable of(double[] values, int index) {
            return of(() -> values[index], value -> values[index] = value);
        }
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
     * What no gradient is taken to be smaller than: a thousandth of the largest. All differences carry the rounding of
     * the same loss, so those of much smaller gradients are mostly that.
     */
    static double smallest(Collection<double[]> gradients) {
        double largest = 0;
        for (double[] gradient : gradients) {
            for (double g : gradient) {
                largest = Math.max(largest, Math.abs(g));
            }
        }
        return 1e-3 * largest;
    }

    /**
     * Compares elements of one tensor's gradient.
     *
     * @param tensor its name and shape
     * @param gradient of each of its elements
     * @param elements which to compare
     * @param smallest see {@link #smallest}
     * @param difference derivative by an element
     */
    static GradientReport.Row compare(TensorLayout.Tensor tensor, double[] gradient, int[] elements, double smallest,
            LongToDoubleFunction difference) {
        GradientReport.Row worst = null;
        for (int element : elements) {
            double numeric = difference.applyAsDouble(element);
            double error = error(gradient[element], numeric, smallest);
            if (worst == null || Double.compare(error, worst.error()) > 0) { // not-a-number is the largest
                worst = new GradientReport.Row(
                        tensor.name(), elements.length, tensor.element(element), gradient[element], numeric, error);
            }
        }
        return worst;
    }

    private static double error(double gradient, double difference, double smallest) {
        double distance = Math.abs(gradient - difference);
        double size = Math.max(Math.max(Math.abs(gradient), Math.abs(difference)), smallest);
        return distance == 0 ? 0 : distance / size;
    }
}
