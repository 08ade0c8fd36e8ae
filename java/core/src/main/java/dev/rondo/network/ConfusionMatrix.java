package dev.rondo.network;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How often which class was taken for which: a value. */
public final class ConfusionMatrix {
    private final long[][] counts; // [actual][predicted]

    ConfusionMatrix(long[][] counts) {
        this.counts = Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
    }

    /** {@return C, rows and columns of this matrix} */
    public int classes() {
        return counts.length;
    }

    /**
     * {@return at how many positions one class was taken for another, or for itself}
     *
     * @param actual the class of the target, from 0 to C - 1
     * @param predicted the class that the network said, from 0 to C - 1
     * @throws IllegalArgumentException if there is no such class
     */
    public long count(int actual, int predicted) {
        return counts[known("actual", actual)][known("predicted", predicted)];
    }

    /**
     * {@return the share of a class's positions that the network found; NaN if it has none}
     *
     * @param actual the class, from 0 to C - 1
     * @throws IllegalArgumentException if there is no such class
     */
    public double recall(int actual) {
        known("actual", actual);
        return (double) counts[actual][actual] / Arrays.stream(counts[actual]).sum();
    }

    /**
     * {@return the share of right ones among the positions of which the network said one class; NaN if there are none}
     *
     * @param predicted the class, from 0 to C - 1
     * @throws IllegalArgumentException if there is no such class
     */
    public double precision(int predicted) {
        known("predicted", predicted);
        return (double) counts[predicted][predicted]
                / Arrays.stream(counts).mapToLong(row -> row[predicted]).sum();
    }

    private int known(String name, int number) {
        if (number < 0 || number >= classes()) {
            throw new IllegalArgumentException(name + ": expected 0 to " + (classes() - 1) + ", got " + number);
        }
        return number;
    }

    /** {@return a table with a row for each class and a column for what the network said} */
    @Override
    public String toString() {
        long greatest = Arrays.stream(counts).flatMapToLong(Arrays::stream).max().orElse(0);
        int width = String.valueOf(Math.max(greatest, classes() - 1)).length() + 2;
        String columns = IntStream.range(0, classes())
                .mapToObj(c -> cell(c, width))
                .collect(Collectors.joining());
        String rows = IntStream.range(0, classes())
                .mapToObj(actual -> cell(actual, 6) + " |" + Arrays.stream(counts[actual])
                        .mapToObj(count -> cell(count, width))
                        .collect(Collectors.joining()))
                .collect(Collectors.joining("\n"));
        return "actual | predicted\n       |" + columns + "\n" + rows;
    }

    private static String cell(long number, int width) {
        String text = String.valueOf(number);
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }
}
