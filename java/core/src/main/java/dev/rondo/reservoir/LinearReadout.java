package dev.rondo.reservoir;

import java.util.Objects;

/**
 * A linear function of features, in float64: {@code y = W x + b}. What regression finds.
 *
 * <p>N features, O outputs.
 */
public final class LinearReadout {
    private final int features; // N
    private final int outputs; // O
    private final double[] weights; // [O, N]
    private final double[] bias; // [O]

    /**
     * A readout of its numbers.
     *
     * @param weights [O, N]; copied
     * @param bias [O], at least one; copied
     * @throws IllegalArgumentException if the numbers of the two do not fit each other
     */
    public LinearReadout(double[] weights, double[] bias) {
        this.weights = RidgeRegression.present("weights", weights).clone();
        this.bias = RidgeRegression.present("bias", bias).clone();
        this.outputs = bias.length;
        if (outputs == 0 || weights.length == 0 || weights.length % outputs != 0) {
            throw new IllegalArgumentException("weights: expected as many for each of " + outputs
                    + " outputs, at least one, got " + weights.length);
        }
        this.features = weights.length / outputs;
    }

    /** {@return N} */
    public int features() {
        return features;
    }

    /** {@return O} */
    public int outputs() {
        return outputs;
    }

    /** {@return a copy of the weights, [O, N]} */
    public double[] weights() {
        return weights.clone();
    }

    /** {@return a copy of the bias, [O]} */
    public double[] bias() {
        return bias.clone();
    }

    /**
     * {@return one weight}
     *
     * @param output from 0 to O - 1
     * @param feature from 0 to N - 1
     * @throws IndexOutOfBoundsException if there is no such weight
     */
    public double weight(int output, int feature) {
        return weights[Objects.checkIndex(output, outputs) * features + Objects.checkIndex(feature, features)];
    }

    /**
     * Computes the outputs.
     *
     * @param x features, [N]
     * @param y written, [O]
     * @throws IllegalArgumentException if a size does not fit
     */
    public void apply(double[] x, double[] y) {
        RidgeRegression.sized("x", x, features);
        RidgeRegression.sized("y", y, outputs);
        for (int o = 0; o < outputs; o++) {
            y[o] = bias[o] + dot(weights, o * features, x, features);
        }
    }

    /**
     * {@return the class whose output is the largest, the first of equal ones}
     *
     * @param x features, [N]
     * @throws IllegalArgumentException if the size does not fit
     */
    public int classify(double[] x) {
        var y = new double[outputs];
        apply(x, y);
        int largest = 0;
        for (int o = 1; o < outputs; o++) {
            largest = y[o] > y[largest] ? o : largest;
        }
        return largest;
    }

    /** Four sums: one addition need not wait for the one before. */
    static double dot(double[] a, int offset, double[] x, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int j = 0;
        for (; j + 3 < count; j += 4) {
            s0 += a[offset + j] * x[j];
            s1 += a[offset + j + 1] * x[j + 1];
            s2 += a[offset + j + 2] * x[j + 2];
            s3 += a[offset + j + 3] * x[j + 3];
        }
        for (; j < count; j++) {
            s0 += a[offset + j] * x[j];
        }
        return s0 + s1 + (s2 + s3);
    }
}
