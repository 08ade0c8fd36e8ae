package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * Sizes of one pass that have a name, such as {@code units:lane+1}: for tests, {@code rondo check} and benchmarks.
 *
 * <p>They lie in {@code test-data/shapes}, which says how the files are written, and travel in the jar.
 *
 * @param name group and name
 * @param timeSteps T
 * @param batchSize B
 * @param inputSize I, or size of the vocabulary
 * @param hiddenSize H
 */
public record NamedShape(String name, int timeSteps, int batchSize, int inputSize, int hiddenSize) {
    private static final List<String> SMALL = List.of("units", "inputs", "batch", "time", "layers");

    /** Checks its arguments. */
    public NamedShape {
        Objects.requireNonNull(name, "name: expected one, got null");
    }

    /** {@return the shapes that are small enough for every body, the reference too: all groups but {@code timed}} */
    public static List<NamedShape> small() {
        return SMALL.stream().flatMap(group -> group(group).stream()).toList();
    }

    /**
     * {@return the shapes of a group, in the order of its file}
     *
     * @param group {@code units}, {@code inputs}, {@code batch}, {@code time}, {@code layers} or {@code timed}
     * @throws IllegalArgumentException if it is none of them
     * @throws UncheckedIOException if its file in the jar cannot be read
     */
    public static List<NamedShape> group(String group) {
        Objects.requireNonNull(group, "group: expected a name, got null");
        var stream = NamedShape.class.getResourceAsStream("shapes/" + group + ".txt");
        if (stream == null) {
            throw new IllegalArgumentException("group: expected one of " + SMALL + " or timed, got " + group);
        }
        try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            return reader.lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .map(line -> parse(group, line.split("\\s+")))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * {@return the shape of a name}
     *
     * @param name group and name, as in {@code units:lane+1}
     * @throws IllegalArgumentException if there is none
     */
    public static NamedShape of(String name) {
        Objects.requireNonNull(name, "name: expected one, got null");
        String group = name.substring(0, Math.max(0, name.indexOf(':')));
        return group(group).stream().filter(shape -> shape.name.equals(name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("name: expected a shape of the group " + group + ", got " + name));
    }

    /**
     * {@return the sizes of a pass of a cell}
     *
     * @param cell of H units
     * @throws IllegalArgumentException if it has another number
     */
    public CellShape of(Cell cell) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        if (cell.hiddenSize() != hiddenSize) {
            throw new IllegalArgumentException("hiddenSize: expected " + hiddenSize + ", got " + cell.hiddenSize());
        }
        return cell.shape(timeSteps, batchSize, inputSize);
    }

    @Override
    public String toString() {
        return name;
    }

    private static NamedShape parse(String group, String[] words) {
        if (words.length != 5) {
            throw new IllegalArgumentException(group + ".txt: expected name T B I H, got " + String.join(" ", words));
        }
        return new NamedShape(group + ":" + words[0], Integer.parseInt(words[1]), Integer.parseInt(words[2]),
                Integer.parseInt(words[3]), Integer.parseInt(words[4]));
    }
}
