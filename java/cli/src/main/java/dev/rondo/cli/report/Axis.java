package dev.rondo.cli.report;

import dev.rondo.text.TextUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Which values a side of a chart spans.
 *
 * @param low value at its beginning
 * @param high value at its end, above {@code low}
 * @param logarithmic whether equal ratios, not differences, are equally long; {@code low} is above 0 then
 */
record Axis(double low, double high, boolean logarithmic) {
    /** From this ratio of the greatest to the median on, equal differences would hide most values. */
    private static final double WIDE = 100;

    /** Losses that ran further from the median than by this factor lie at the end: they tell no more than that. */
    private static final double ASTRAY = 1e4;

    /** What a logarithmic axis spans at most downwards: the rest is as good as zero. */
    private static final double WIDEST = 1e12;

    /** What a linear axis spans at least, of its values: with less the labels would all be one. */
    private static final double NARROWEST = 1e-2;

    /** Beyond these, differences are no numbers any more. */
    private static final double GREATEST = 1e100;

    private static final double MARGIN = 0.05;

    /** How an axis is laid around values. */
    enum Fit {
        /** Closely; logarithmic if they differ widely. */
        CLOSE,
        /** From 0 on; logarithmic if they differ widely. */
        FROM_ZERO,
        /** From 0 on, and linear. */
        LINEAR_FROM_ZERO,
        /** Logarithmic, unless none is above 0. */
        LOGARITHMIC
    }

    /** A value and how it is written. */
    record Tick(double value, String label) {}

    /** {@return an axis on which {@code values} lie; those that are no number, or infinite, do not count} */
    static Axis around(DoubleStream values, Fit fit) {
        double[] finite = values.filter(Double::isFinite).map(v -> Math.clamp(v, -GREATEST, GREATEST)).toArray();
        if (finite.length == 0) {
            return new Axis(0, 1, false);
        }
        Arrays.sort(finite);
        double least = finite[0];
        double median = finite[finite.length / 2];
        double most = finite[finite.length - 1];
        boolean wide = least > 0 && most / median > WIDE;
        return switch (fit) {
            case CLOSE -> wide ? logarithmic(least, Math.min(most, median * ASTRAY)) : closely(least, most);
            case FROM_ZERO -> wide ? logarithmic(least, most) : fromZero(least, most);
            case LINEAR_FROM_ZERO -> fromZero(least, most);
            case LOGARITHMIC -> most > 0
                    ? logarithmic(Arrays.stream(finite).filter(v -> v > 0).findFirst().orElseThrow(), most)
                    : fromZero(least, most);
        };
    }

    private static Axis logarithmic(double least, double most) {
        double low = Math.max(least, most / WIDEST);
        double margin = Math.max(Math.pow(most / low, MARGIN), 1.2);
        return new Axis(low / margin, most * margin, true);
    }

    private static Axis closely(double least, double most) {
        double magnitude = Math.max(Math.abs(least), Math.abs(most));
        double missing = Math.max(0, NARROWEST * (magnitude == 0 ? 1 : magnitude) - (most - least)) / 2;
        double margin = MARGIN * (most - least + 2 * missing);
        return new Axis(least - missing - margin, most + missing + margin, false);
    }

    private static Axis fromZero(double least, double most) {
        double low = Math.min(0, least * (1 + MARGIN));
        double high = Math.max(0, most * (1 + 2 * MARGIN));
        return new Axis(low, high > low ? high : 1, false);
    }

    /** {@return an axis of nats in what is customary for {@code unit}: what is equal lies at equal places} */
    Axis measured(TextUnit unit) {
        boolean exponential = unit.measure(0) == 1; // perplexity
        return new Axis(unit.measure(low), unit.measure(high), exponential || logarithmic);
    }

    /** {@return where a value lies: 0 at the beginning, 1 at the end; NaN if it has no place} */
    double at(double value) {
        if (!Double.isFinite(value) || logarithmic && value <= 0) {
            return Double.NaN;
        }
        return logarithmic
                ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
                : (value - low) / (high - low);
    }

    /** {@return round values on it, ascending, {@code most} or a few less} */
    List<Tick> ticks(int most) {
        return logarithmic ? logarithmicTicks(most) : linearTicks(most);
    }

    private List<Tick> linearTicks(int most) {
        double rough = (high - low) / most;
        double magnitude = Math.pow(10, Math.floor(Math.log10(rough)));
        double ratio = rough / magnitude;
        double step = magnitude * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
        var ticks = new ArrayList<Tick>();
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            ticks.add(new Tick(i * step, Numbers.tick(i * step, step, Math.max(Math.abs(low), Math.abs(high)))));
        }
        return ticks;
    }

    private List<Tick> logarithmicTicks(int most) {
        int first = (int) Math.ceil(Math.log10(low) - 1e-9);
        int last = (int) Math.floor(Math.log10(high) + 1e-9);
        if (last - first < 2) {
            List<Tick> between = oneTwoFive(first - 1, last);
            return between.size() < 3 || between.size() > most + 1 ? linearTicks(most) : between;
        }
        int stride = Math.ceilDiv(last - first + 1, most);
        var ticks = new ArrayList<Tick>();
        for (int decade = Math.ceilDiv(first, stride) * stride; decade <= last; decade += stride) {
            ticks.add(new Tick(Math.pow(10, decade), Numbers.decade(decade)));
        }
        return ticks;
    }

    private List<Tick> oneTwoFive(int firstDecade, int lastDecade) {
        var ticks = new ArrayList<Tick>();
        for (int decade = firstDecade; decade <= lastDecade; decade++) {
            for (int digit : new int[] {1, 2, 5}) {
                double value = digit * Math.pow(10, decade);
                if (value >= low && value <= high) {
                    ticks.add(new Tick(value, Numbers.tick(value, value, value)));
                }
            }
        }
        return ticks;
    }
}
