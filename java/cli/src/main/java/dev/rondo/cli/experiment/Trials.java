package dev.rondo.cli.experiment;

import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** What becomes of trials that run side by side. */
final class Trials {
    private Trials() {}

    /** {@return what a trial gave, when it is done} */
    static <R> R result(Future<R> trial) throws InterruptedException {
        try {
            return trial.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("trial: " + e.getCause().getMessage(), e.getCause());
        }
    }

    /** {@return a number of sequences as text, "-" if there is none} */
    static String count(OptionalDouble sequences) {
        return sequences.isEmpty() ? "-" : String.format(Locale.ROOT, "%,.0f", sequences.getAsDouble());
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    /** {@return the standard deviation of what the values are a sample of; 0 of one value} */
    static double deviation(double[] values) {
        double mean = mean(values);
        double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
        return Math.sqrt(squares / Math.max(1, values.length - 1));
    }

    static String format(String pattern, double[] values) {
        return Arrays.stream(values).mapToObj(value -> String.format(Locale.ROOT, pattern, value))
                .collect(Collectors.joining(" "));
    }
}
