package dev.rondo.check;

import dev.rondo.check.FiniteDifferences.Variable;
import dev.rondo.memory.TensorLayout.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * The gradient of a function of one's own against finite differences; see {@link GradientCheck#of(ToDoubleFunction,
 * UnaryOperator)}.
 */
public final class FunctionGradientCheck {
    private final ToDoubleFunction<double[]> function;
    private final UnaryOperator<double[]> gradient;
    private final double[] point; // null until given

    FunctionGradientCheck(ToDoubleFunction<double[]> function, UnaryOperator<double[]> gradient, double[] point) {
        this.function = function;
        this.gradient = gradient;
        this.point = point;
    }

    /**
     * {@return this check at a point}
     *
     * @param x at least one number, each of order one: differences go 0.002 to each side
     * @throws IllegalArgumentException if there is none
     */
    public FunctionGradientCheck at(double... x) {
        Objects.requireNonNull(x, "x: expected numbers, got null");
        if (x.length == 0) {
            throw new IllegalArgumentException("x: expected at least one number, got none");
        }
        return new FunctionGradientCheck(function, gradient, x.clone());
    }

    /**
     * {@return gradient and differences side by side, one row}
     *
     * @throws IllegalArgumentException if no point was given, or the gradient has another number of elements
     */
    public GradientReport run() {
        if (point == null) {
            throw new IllegalArgumentException("x: expected a point to check at, got none");
        }
        double[] found = Objects.requireNonNull(
                gradient.apply(point.clone()), "gradient: expected numbers, got null").clone();
        if (found.length != point.length) {
            throw new IllegalArgumentException("gradient: expected " + point.length + " numbers, got " + found.length);
        }
        double[] varied = point.clone();
        int[] all = IntStream.range(0, point.length).toArray();
        var x = new Tensor("x", 0, List.of(point.length));
        return new GradientReport(List.of(FiniteDifferences.compare(x, found, all,
                FiniteDifferences.smallest(List.of(found)), element -> OptionalDouble.of(FiniteDifferences.derivative(
                        () -> function.applyAsDouble(varied.clone()), Variable.of(varied, element))))));
    }
}
