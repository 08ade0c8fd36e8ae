package dev.rondo.cli.experiment;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Series of numbers that echo state networks are tried on. */
final class Series {
    private static final int TAU = 17;
    private static final int STEPS = 10; // of Euler's method in a unit of time
    private static final int TRANSIENT = 1000; // values that are left out at the beginning

    private Series() {}

    static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /**
     * {@return values of the system of Mackey and Glass (1977) one unit of time apart, y' = 0.2 y(t - 17) / (1 + y(t -
     * 17)^10) - 0.1 y, by Euler's method of step 0.1, as tanh(y - 1)} The seed draws the first 17 units, from 1.1 to
     * 1.3.
     */
    static double[] mackeyGlass(int length, long seed) {
        int delay = TAU * STEPS;
        var y = new double[delay + 1 + (TRANSIENT + length) * STEPS];
        RandomGenerator random = random(seed);
        Arrays.setAll(y, i -> i <= delay ? random.nextDouble(1.1, 1.3) : 0);
        for (int i = delay; i + 1 < y.length; i++) {
            double past = y[i - delay];
            y[i + 1] = y[i] + (0.2 * past / (1 + Math.pow(past, 10)) - 0.1 * y[i]) / STEPS;
        }
        var series = new double[length];
        Arrays.setAll(series, t -> Math.tanh(y[delay + 1 + (TRANSIENT + t) * STEPS] - 1));
        return series;
    }

    /** Numbers of each step that belong together. */
    record Driven(double[] inputs, double[] targets) {}

    /**
     * {@return the system of Atiya and Parlos (2000), a nonlinear autoregressive moving average of order 10}:
     * y(n + 1) = 0.3 y(n) + 0.05 y(n) (y(n) + ... + y(n - 9)) + 1.5 u(n - 9) u(n) + 0.1, with u drawn evenly from 0 to
     * 0.5. To input u(n) belongs the target y(n + 1). A rare series that grows without bound is drawn anew.
     */
    static Driven narma10(int length, long seed) {
        RandomGenerator random = random(seed);
        while (true) {
            double[] u = random.doubles(TRANSIENT + length, 0, 0.5).toArray();
            var y = new double[u.length + 1];
            for (int n = 9; n < u.length; n++) {
                double sum = 0;
                for (int i = 0; i < 10; i++) {
                    sum += y[n - i];
                }
                y[n + 1] = 0.3 * y[n] + 0.05 * y[n] * sum + 1.5 * u[n - 9] * u[n] + 0.1;
            }
            if (Arrays.stream(y).allMatch(value -> value < 2)) {
                return new Driven(Arrays.copyOfRange(u, TRANSIENT, u.length),
                        Arrays.copyOfRange(y, TRANSIENT + 1, y.length));
            }
        }
    }

    /** {@return rows of one number each} */
    static double[][] rows(double[] series, int from, int to) {
        var rows = new double[to - from][];
        Arrays.setAll(rows, t -> new double[] {series[from + t]});
        return rows;
    }

    static double variance(double[] values) {
        double mean = Trials.mean(values);
        return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).average().orElseThrow();
    }

    /** {@return the middle value, or the mean of the two in the middle} */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
