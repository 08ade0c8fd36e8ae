package dev.rondo.check;

import dev.rondo.check.GradientReport.Against;
import dev.rondo.memory.TensorLayout;
import java.util.Collection;
import java.util.OptionalDouble;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;

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
    static final double STEP = 1e-3;

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

    /** The derivative of {@code loss} by {@code x}, which has its old value afterwards, also if the loss throws. */
    static double derivative(DoubleSupplier loss, Variable x) {
        return derivative(loss, x, STEP);
    }

    /** The same with another step. */
    static double derivative(DoubleSupplier loss, Variable x, double step) {
        double value = x.get();
        try {
            double near = at(loss, x, value + step) - at(loss, x, value - step);
            double far = at(loss, x, value + 2 * step) - at(loss, x, value - 2 * step);
            return (8 * near - far) / (12 * step);
        } finally {
            x.set(value);
        }
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

    /** What an element is compared with, if it can be. */
    interface Difference {
        OptionalDouble by(int element);
    }

    /**
     * Compares elements of one tensor's gradient.
     *
     * @param tensor its name and shape
     * @param gradient of each of its elements
     * @param elements which to compare
     * @param smallest see {@link #smallest}
     * @param difference derivative by an element, absent if there is none
     */
    static GradientReport.Row compare(TensorLayout.Tensor tensor, double[] gradient, int[] elements, double smallest,
            Difference difference) {
        int compared = 0;
        int worst = -1;
        double expected = Double.NaN;
        double most = Double.NaN;
        for (int element : elements) {
            OptionalDouble numeric = difference.by(element);
            if (numeric.isPresent()) {
                compared++;
                double error = error(gradient[element], numeric.getAsDouble(), smallest);
                if (worst < 0 || Double.compare(error, most) > 0) { // not-a-number is the largest
                    worst = element;
                    expected = numeric.getAsDouble();
                    most = error;
                }
            }
        }
        return worst < 0
                ? new GradientReport.Row(tensor.name(), Against.DIFFERENCES, 0, tensor.name()
                        + " (differences by all elements straddle a kink: give other numbers, or fewer)",
                        Double.NaN, Double.NaN, Double.NaN, GradientCheck.TOLERANCE)
                : new GradientReport.Row(tensor.name(), Against.DIFFERENCES, compared, tensor.element(worst),
                        gradient[worst], expected, most, GradientCheck.TOLERANCE);
    }

    private static double error(double gradient, double difference, double smallest) {
        double distance = Math.abs(gradient - difference);
        double size = Math.max(Math.max(Math.abs(gradient), Math.abs(difference)), smallest);
        return distance == 0 ? 0 : distance / size;
    }
}
