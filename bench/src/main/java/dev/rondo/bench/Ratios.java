package dev.rondo.bench;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * How two systems compare over rounds in which both were timed: the ratio of their times in each round, so that what
 * slowed a whole round cancels.
 *
 * <p>The interval is the one that order statistics give, without any assumption on how times are distributed: the
 * median of what the ratios are drawn from lies between the k-th smallest and the k-th largest of n with a probability
 * of 1 - 2 P(fewer than k of n coins show heads); k is the largest for which that is at least 95 %. So at least six
 * rounds are needed.
 *
 * @param median of the ratios
 * @param low lower end of the 95 % interval of the median
 * @param high upper end
 */
record Ratios(double median, double low, double high) {
    static final int LEAST_ROUNDS = 6;
    private static final double OUTSIDE = 0.05;

    /** {@return how {@code theirs} compare with {@code ours}, round by round: above 1 ours are faster} */
    static Ratios of(double[] theirs, double[] ours) {
        int rounds = ours.length;
        if (theirs.length != rounds || rounds < LEAST_ROUNDS) {
            throw new IllegalArgumentException("rounds: expected at least " + LEAST_ROUNDS + " of both, got "
                    + theirs.length + " and " + rounds);
        }
        double[] ratios = IntStream.range(0, rounds).mapToDouble(n -> theirs[n] / ours[n]).sorted().toArray();
        int fromEnd = fromEnd(rounds);
        return new Ratios(median(ratios), ratios[fromEnd], ratios[rounds - 1 - fromEnd]);
    }

    /** {@return how many of {@code rounds} sorted ratios lie beyond each end of the interval: k - 1} */
    private static int fromEnd(int rounds) {
        double probability = Math.pow(0.5, rounds); // of exactly k heads
        double tail = probability; // of at most k heads
        int k = 0;
        while (2 * (tail + probability * (rounds - k) / (k + 1)) <= OUTSIDE) {
            probability *= (rounds - k) / (k + 1.0);
            tail += probability;
            k++;
        }
        return k;
    }

    /** {@return the median of {@code values}} */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** {@return the least of {@code values} that {@code percent} per cent of them do not exceed} */
    static double percentile(double[] values, int percent) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.ceilDiv(percent * sorted.length, 100) - 1];
    }

    /** {@return the geometric mean} */
    static double geometricMean(double... values) {
        return Math.exp(DoubleStream.of(values).map(Math::log).average().orElseThrow());
    }
}
