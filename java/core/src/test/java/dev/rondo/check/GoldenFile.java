package dev.rondo.check;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A file of numbers that another system computed; test-data/golden says in its README how they are written. */
public final class GoldenFile {
    private static final double FRACTION = 4096;

    private record Tensor(int[] dimensions, double[] values) {}

    private final Path path;
    private final Map<String, String> texts = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private GoldenFile(Path path) {
        this.path = path;
        Iterator<String> lines = lines(path).iterator();
        while (lines.hasNext()) {
            String[] head = lines.next().split(" ", 3);
            if (head[0].equals("text")) {
                texts.put(head[1], head[2]);
            } else {
                int[] dimensions = head.length < 3 ? new int[0] : dimensions(head[2]);
                int rows = IntStream.of(dimensions).limit(Math.max(0, dimensions.length - 1))
                        .reduce(1, (a, b) -> a * b);
                double[] values = IntStream.range(0, rows)
                        .mapToObj(row -> lines.next()).flatMap(line -> Stream.of(line.split(" ")))
                        .mapToDouble(number -> number(head[0], number)).toArray();
                int expected = IntStream.of(dimensions).reduce(1, (a, b) -> a * b);
                if (values.length != expected) {
                    throw new IllegalStateException(
                            path + ": " + head[1] + ": expected " + expected + " numbers, got " + values.length);
                }
                tensors.put(head[1], new Tensor(dimensions, values));
            }
        }
    }

    /** {@return the file, such as "optimizers/adam.txt"} */
    public static GoldenFile of(String name) {
        return new GoldenFile(directory().resolve(name));
    }

    /** {@return all files below a directory, such as "losses", sorted} */
    public static List<GoldenFile> all(String name) {
        try (var files = Files.walk(directory().resolve(name))) {
            return files.filter(file -> file.toString().endsWith(".txt")).sorted().map(GoldenFile::new).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the files of all cells, each with what one pass is given} */
    static List<GoldenFile> cells() {
        return all(".").stream().filter(file -> file.texts.containsKey("cell")).toList();
    }

    /** {@return what {@code system} makes of what this file gives} */
    GoldenFile results(String system) {
        return new GoldenFile(Path.of(path.toString().replace(".txt", "." + system + ".txt")));
    }

    private static Path directory() {
        return Path.of(System.getProperty("rondo.home"), "test-data", "golden");
    }

    private static List<String> lines(Path path) {
        try {
            return Files.readAllLines(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double number(String kind, String number) {
        return switch (kind) {
            case "integers" -> Integer.parseInt(number);
            case "fractions" -> Integer.parseInt(number) / FRACTION;
            case "floats" -> Float.parseFloat(number);
            case "doubles" -> Double.parseDouble(number);
            default -> throw new IllegalStateException("kind: expected text or numbers, got " + kind);
        };
    }

    private static int[] dimensions(String numbers) {
        return Stream.of(numbers.split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    /** {@return the names of all tensors, in the order in which they stand} */
    public Set<String> tensors() {
        return tensors.keySet();
    }

    public String text(String name) {
        return found(name, texts.get(name));
    }

    /** {@return a number by itself} */
    public double number(String name) {
        return doubles(name)[0];
    }

    public double[] doubles(String name) {
        return found(name, tensors.get(name)).values.clone();
    }

    public float[] floats(String name) {
        double[] values = doubles(name);
        var floats = new float[values.length];
        IntStream.range(0, floats.length).forEach(i -> floats[i] = (float) values[i]);
        return floats;
    }

    public int[] integers(String name) {
        return Arrays.stream(doubles(name)).mapToInt(value -> (int) value).toArray();
    }

    /** {@return whether there is such a tensor} */
    public boolean has(String tensor) {
        return tensors.containsKey(tensor);
    }

    /** {@return the size of a dimension of a tensor} */
    public int dimension(String name, int index) {
        return found(name, tensors.get(name)).dimensions[index];
    }

    private <T> T found(String name, T value) {
        if (value == null) {
            throw new IllegalStateException(path + ": expected an entry " + name);
        }
        return value;
    }

    @Override
    public String toString() {
        return directory().relativize(path.normalize()).toString();
    }
}
