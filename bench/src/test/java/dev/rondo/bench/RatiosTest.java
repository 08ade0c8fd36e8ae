package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** Ratios of made-up rounds, and intervals against tables of the binomial distribution. */
class RatiosTest {
    @Test
    void roundsArePaired() {
        // Round 3 was slow for both: unpaired, the median of theirs by that of ours would be 4 / 2.
        double[] ours = {1, 2, 30, 2, 2, 1, 4};
        double[] theirs = {3, 4, 45, 8, 2, 5, 4};
        assertEquals(new Ratios(2, 1, 5), Ratios.of(theirs, ours));
    }

    @Test
    void anIntervalLeavesOutWhatNinetyFivePerCentAllow() {
        int[][] leftOut = {{6, 0}, {8, 0}, {9, 1}, {11, 1}, {12, 2}, {15, 3}, {20, 5}, {25, 7}}; // rounds, of each end
        for (int[] row : leftOut) {
            double[] ratios = DoubleStream.iterate(1, n -> n + 1).limit(row[0]).toArray();
            var ones = new double[row[0]];
            Arrays.fill(ones, 1);
            Ratios found = Ratios.of(ratios, ones);
            assertEquals(1 + row[1], found.low(), row[0] + " rounds");
            assertEquals(row[0] - row[1], found.high(), row[0] + " rounds");
        }
    }

    @Test
    void fiveRoundsHaveNoSuchInterval() {
        assertThrows(IllegalArgumentException.class, () -> Ratios.of(new double[5], new double[5]));
        assertThrows(IllegalArgumentException.class, () -> Ratios.of(new double[7], new double[6]));
    }

    @Test
    void medianPercentileAndGeometricMean() {
        assertEquals(2.5, Ratios.median(new double[] {4, 1, 3, 2}));
        assertEquals(3, Ratios.median(new double[] {9, 1, 3}));
        double[] hundred = DoubleStream.iterate(100, n -> n - 1).limit(100).toArray();
        assertEquals(99, Ratios.percentile(hundred, 99));
        assertEquals(9, Ratios.percentile(new double[] {9, 1, 3}, 99));
        assertEquals(1, Ratios.percentile(new double[] {9, 1, 3}, 33));
        assertEquals(2, Ratios.geometricMean(1, 4), 1e-15);
        assertEquals(1, Ratios.geometricMean(0.5, 2), 1e-15);
    }
}
