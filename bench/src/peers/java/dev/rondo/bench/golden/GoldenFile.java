package dev.rondo.bench.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * A file of named texts and tensors, written as the README in test-data/golden says. Reading its numbers gives the same
 * bits.
 */
final class GoldenFile {
    /** What is drawn is a multiple of 1 / 4096: short to write, and exact in float32 too. */
    static final int FRACTION = 4096;

    private final StringBuilder lines = new StringBuilder();

    GoldenFile text(String name, String value) {
        lines.append("text ").append(name).append(' ').append(value).append('\n');
        return this;
    }

    /** Writes multiples of 1 / {@value #FRACTION} as integers. */
    GoldenFile fractions(String name, double[] values, int... dimensions) {
        return tensor("fractions", name, dimensions, values.length, i -> fraction(name, values[i]));
    }

    private static String fraction(String name, double value) {
        double scaled = value * FRACTION;
        if (scaled != Math.rint(scaled)) {
            throw new IllegalArgumentException(name + ": expected a multiple of 1/" + FRACTION + ", got " + value);
        }
        return Long.toString((long) scaled);
    }

    GoldenFile integers(String name, int[] values, int... dimensions) {
        return tensor("integers", name, dimensions, values.length, i -> Integer.toString(values[i]));
    }

    GoldenFile doubles(String name, double[] values, int... dimensions) {
        return tensor("doubles", name, dimensions, values.length, i -> Double.toString(values[i]));
    }

    GoldenFile floats(String name, float[] values, int... dimensions) {
        return tensor("floats", name, dimensions, values.length, i -> Float.toString(values[i]));
    }

    /** A number by itself, as a tensor without dimensions. */
    GoldenFile number(String name, double value) {
        return doubles(name, new double[] {value});
    }

    /** One line for each row of the last dimension. */
    private GoldenFile tensor(String kind, String name, int[] dimensions, int count, IntFunction<String> number) {
        int expected = Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
        if (count != expected) {
            throw new IllegalArgumentException(name + ": expected " + expected + " numbers, got " + count);
        }
        lines.append(kind).append(' ').append(name);
        Arrays.stream(dimensions).forEach(dimension -> lines.append(' ').append(dimension));
        int width = dimensions.length == 0 ? 1 : dimensions[dimensions.length - 1];
        for (int i = 0; i < count; i++) {
            lines.append(i % width == 0 ? '\n' : ' ').append(number.apply(i));
        }
        lines.append('\n');
        return this;
    }

    void write(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, lines);
    }
}
