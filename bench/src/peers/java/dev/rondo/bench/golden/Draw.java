package dev.rondo.bench.golden;

import java.util.Arrays;
import java.util.Random;

/** Random multiples of 1 / {@value GoldenFile#FRACTION}, the same for one seed on every machine. */
final class Draw {
    private final Random random;

    Draw(long seed) {
        this.random = new Random(seed);
    }

    /** {@return {@code count} numbers between -{@code limit} and {@code limit}, none of them zero} */
    double[] uniform(int count, double limit) {
        var values = new double[count];
        int most = (int) (limit * GoldenFile.FRACTION);
        Arrays.setAll(values, i ->
                (1.0 + random.nextInt(most)) * (random.nextBoolean() ? 1 : -1) / GoldenFile.FRACTION);
        return values;
    }

    /** {@return {@code count} integers from 0 to {@code bound} - 1} */
    int[] integers(int count, int bound) {
        return random.ints(count, 0, bound).toArray();
    }
}
