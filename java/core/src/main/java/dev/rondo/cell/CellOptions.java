package dev.rondo.cell;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** How cells write their options as text and read them again: for checkpoints and command lines. */
public final class CellOptions {
    private CellOptions() {}

    /**
     * {@return a choice as it is written: its name in lower case}
     *
     * @param value the choice
     */
    public static String text(Enum<?> value) {
        Objects.requireNonNull(value, "value: expected one, got null");
        return value.name().toLowerCase(Locale.ROOT);
    }

    /**
     * {@return numbers as they are written: parted by slashes, for commas part options}
     *
     * @param numbers at least one
     */
    public static String text(int[] numbers) {
        Objects.requireNonNull(numbers, "numbers: expected some, got null");
        return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining("/"));
    }

    /**
     * {@return what an option says that is a list of numbers, as in {@code 1/2/4}}
     *
     * @param options text of all options, by name
     * @param name which option
     * @param absent what it is if it is not there
     * @throws IllegalArgumentException if it says no such list
     */
    public static int[] numbers(Map<String, String> options, String name, int[] absent) {
        Objects.requireNonNull(absent, "absent: expected numbers, got null");
        String given = given(options, name);
        try {
            return given == null
                    ? absent.clone()
                    : Arrays.stream(given.split("/", -1)).mapToInt(Integer::parseInt).toArray();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected numbers as in 1/2/4, got " + given, e);
        }
    }

    /**
     * {@return what an option says that is one of a few}
     *
     * @param <E> the enum of what can be chosen
     * @param options text of all options, by name
     * @param name which option
     * @param absent what it is if it is not there
     * @throws IllegalArgumentException if it says none of the values of the enum
     */
    public static <E extends Enum<E>> E choice(Map<String, String> options, String name, E absent) {
        Objects.requireNonNull(absent, "absent: expected a value, got null");
        String given = given(options, name);
        if (given == null) {
            return absent;
        }
        E[] values = absent.getDeclaringClass().getEnumConstants();
        return Arrays.stream(values).filter(value -> text(value).equals(given)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + ": expected one of "
                        + Arrays.stream(values).map(CellOptions::text).toList() + ", got " + given));
    }

    /**
     * {@return what an option says that is a set, its members joined by +; the empty set if it is not there}
     *
     * @param <E> the enum of what can be chosen
     * @param options text of all options, by name
     * @param name which option
     * @param type the enum
     * @throws IllegalArgumentException if it says anything but values of the enum
     */
    public static <E extends Enum<E>> Set<E> choices(Map<String, String> options, String name, Class<E> type) {
        Objects.requireNonNull(type, "type: expected an enum, got null");
        String given = given(options, name);
        var chosen = EnumSet.noneOf(type);
        for (String member : given == null ? new String[0] : given.split("\\+", -1)) {
            chosen.add(choice(Map.of(name, member), name, type.getEnumConstants()[0]));
        }
        return chosen;
    }

    /**
     * {@return what an option says that is {@code true} or {@code false}; {@code false} if it is not there}
     *
     * @param options text of all options, by name
     * @param name which option
     * @throws IllegalArgumentException if it says anything else
     */
    public static boolean flag(Map<String, String> options, String name) {
        String given = given(options, name);
        if (given != null && !given.equals("true") && !given.equals("false")) {
            throw new IllegalArgumentException(name + ": expected true or false, got " + given);
        }
        return "true".equals(given);
    }

    /**
     * {@return what an option says that is a number}
     *
     * @param options text of all options, by name
     * @param name which option
     * @param absent what it is if it is not there
     * @throws IllegalArgumentException if it says no number
     */
    public static double number(Map<String, String> options, String name, double absent) {
        String given = given(options, name);
        try {
            return given == null ? absent : Double.parseDouble(given);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected a number, got " + given, e);
        }
    }

    /**
     * {@return what an option says that is a count, at least 1; 0 if it is not there}
     *
     * @param options text of all options, by name
     * @param name which option
     * @throws IllegalArgumentException if it says anything else
     */
    public static int count(Map<String, String> options, String name) {
        double given = number(options, name, 0);
        if (options.containsKey(name) && !(given >= 1 && given <= Integer.MAX_VALUE && given == Math.rint(given))) {
            throw new IllegalArgumentException(
                    name + ": expected a whole number of at least 1, got " + options.get(name));
        }
        return (int) given;
    }

    private static String given(Map<String, String> options, String name) {
        Objects.requireNonNull(options, "options: expected a map, got null");
        return options.get(Objects.requireNonNull(name, "name: expected one, got null"));
    }
}
