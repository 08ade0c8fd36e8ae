package dev.rondo.cli.report;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Points of a chart that a line joins.
 *
 * @param name in the legend
 * @param color number of its colour
 * @param x ascending
 * @param y as many; where it is no number, or infinite, the line is broken
 */
record Series(String name, int color, double[] x, double[] y) {
    /**
     * {@return at most about {@code most} of the points: of each of as many equal parts of them the lowest and the
     * highest, so that neither a peak nor the best is lost}
     */
    Series thinned(int most) {
        if (x.length <= most) {
            return this;
        }
        int parts = most / 2;
        int[] kept = IntStream.range(0, parts)
                .flatMap(part -> extremes((int) ((long) part * x.length / parts),
                        (int) ((long) (part + 1) * x.length / parts)))
                .toArray();
        int[] all = IntStream.concat(IntStream.of(0, x.length - 1), Arrays.stream(kept)).distinct().sorted().toArray();
        return new Series(name, color, pick(x, all), pick(y, all));
    }

    /** {@return where the lowest and the highest finite value are; the first if none is finite} */
    private IntStream extremes(int from, int to) {
        int low = -1;
        int high = -1;
        for (int i = from; i < to; i++) {
            if (Double.isFinite(y[i])) {
                low = low < 0 || y[i] < y[low] ? i : low;
                high = high < 0 || y[i] > y[high] ? i : high;
            }
        }
        return low < 0 ? IntStream.of(from) : IntStream.of(low, high);
    }

    private static double[] pick(double[] values, int[] indices) {
        return Arrays.stream(indices).mapToDouble(i -> values[i]).toArray();
    }
}
