package dev.rondo.cell;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** How cells write their options as text and read them again: for checkpoints and command lines. */
public final class CellOptions {
    private CellOptions() {}

    /** {@return {@code value} as it is written: its name in lower case} */
    public static String text(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /**
     * {@return what option {@code name} says, {@code absent} if it is not there}
     *
     * @throws IllegalArgumentException if it is none of the values of the enum
     */
    public static <E extends Enum<E>> E choice(Map<String, String> options, String name, E absent) {
        String given = options.get(name);
        if (given == null) {
            return absent;
        }
        E[] values = absent.getDeclaringClass().getEnumConstants();
        return Arrays.stream(values).filter(value -> text(value).equals(given)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + ": expected one of "
                        + Arrays.stream(values).map(CellOptions::text).toList() + ", got " + given));
    }

    /**
     * {@return the number that option {@code name} says, {@code absent} if it is not there}
     *
     * @throws IllegalArgumentException if it is no number
     */
    public static double number(Map<String, String> options, String name, double absent) {
        String given = options.get(name);
        try {
            return given == null ? absent : Double.parseDouble(given);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected a number, got " + given, e);
        }
    }
}
