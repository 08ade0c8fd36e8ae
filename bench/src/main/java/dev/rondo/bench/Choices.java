package dev.rondo.bench;

import dev.rondo.cell.Execution;
import dev.rondo.check.NamedShape;
import dev.rondo.network.Cells;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a command line chose: options {@code --name a,b,c} or {@code --name=a,b,c}, and the other words in their order.
 */
final class Choices {
    private final Map<String, List<String>> chosen = new LinkedHashMap<>();
    private final List<String> words = new ArrayList<>();

    /**
     * Reads {@code arguments}.
     *
     * @param known options that there are, without dashes
     * @throws IllegalArgumentException if one is unknown, given twice or without a value
     */
    Choices(String[] arguments, List<String> known) {
        for (int n = 0; n < arguments.length; n++) {
            if (!arguments[n].startsWith("--")) {
                words.add(arguments[n]);
                continue;
            }
            String[] option = arguments[n].substring(2).split("=", 2);
            if (!known.contains(option[0])) {
                throw new IllegalArgumentException("option: expected one of --" + String.join(", --", known) + ", got "
                        + arguments[n]);
            }
            String value = option.length > 1 ? option[1] : n + 1 < arguments.length ? arguments[++n] : "";
            if (value.isEmpty() || value.startsWith("--")) {
                throw new IllegalArgumentException("--" + option[0] + ": expected a value, got none");
            }
            if (chosen.put(option[0], List.of(value.split(","))) != null) {
                throw new IllegalArgumentException("--" + option[0] + ": expected once, got it twice");
            }
        }
    }

    /** {@return the words that are no options} */
    List<String> words() {
        return words;
    }

    /** {@return the values of an option, or {@code otherwise} if it was not given} */
    List<String> get(String name, String... otherwise) {
        return chosen.getOrDefault(name, List.of(otherwise));
    }

    /** {@return the values of an option, each one of {@code allowed}} */
    List<String> oneOf(String name, List<String> allowed, String... otherwise) {
        List<String> values = get(name, otherwise);
        for (String value : values) {
            if (!allowed.contains(value)) {
                throw new IllegalArgumentException(
                        "--" + name + ": expected one of " + String.join(", ", allowed) + ", got " + value);
            }
        }
        return values;
    }

    /** {@return the one value of an option, a number from {@code least} on} */
    int number(String name, int least, int otherwise) {
        List<String> values = get(name, Integer.toString(otherwise));
        int value = values.size() == 1 ? parse(values.getFirst()) : -1;
        if (value < least) {
            throw new IllegalArgumentException(
                    "--" + name + ": expected a number from " + least + " on, got " + String.join(",", values));
        }
        return value;
    }

    /** {@return the values of an option, numbers from 1 on} */
    int[] numbers(String name, String... otherwise) {
        return get(name, otherwise).stream().mapToInt(value -> {
            if (parse(value) < 1) {
                throw new IllegalArgumentException("--" + name + ": expected numbers from 1 on, got " + value);
            }
            return parse(value);
        }).toArray();
    }

    /** {@return numbers of threads, 1 if none was given} */
    List<String> threads() {
        List<String> values = get("threads", "1");
        for (String value : values) {
            if (parse(value) < 1 || parse(value) > Execution.MOST_THREADS) {
                throw new IllegalArgumentException(
                        "--threads: expected numbers from 1 to " + Execution.MOST_THREADS + ", got " + value);
            }
        }
        return values;
    }

    /** {@return cells, as {@link Cells#parse} reads them} */
    List<String> cells() {
        List<String> values = get("cells", "lstm", "gru", "elman");
        values.forEach(value -> Cells.parse(value, 1));
        return values;
    }

    /** {@return the names of shapes; those of the group timed have it left out} */
    List<String> shapes(String... otherwise) {
        List<String> values = get("shapes", otherwise);
        values.forEach(Choices::shape);
        return values;
    }

    /** {@return the shape of that name; the group timed may be left out} */
    static NamedShape shape(String name) {
        if (name.contains(":")) {
            return NamedShape.of(name);
        }
        List<NamedShape> timed = NamedShape.group("timed");
        return timed.stream().filter(shape -> shape.name().equals("timed:" + name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("shape: expected one of " + timed + " or another group's, got " + name));
    }

    /** Writes {@code objects} to the file that {@code --json} names, if it does. */
    void writeJson(List<Map<String, Object>> objects) throws IOException {
        for (String file : get("json")) {
            Files.writeString(Path.of(file), Json.array(objects));
        }
    }

    private static int parse(String number) {
        try {
            return Integer.parseInt(number);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
