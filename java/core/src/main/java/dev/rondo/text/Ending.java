package dev.rondo.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where a text that a model makes up ends.
 *
 * <pre>{@code
 * Ending.after(400).orBefore("\n\n", "THE END")
 * }</pre>
 *
 * @param length the most tokens that are drawn, at least 0
 * @param stops texts that end it: it ends before the one that is complete first (of several the longest), wherever
 *     tokens begin and end in it; none is empty. What stands in the prompt does not count
 */
public record Ending(int length, List<String> stops) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if the length is negative, or a stop is empty
     */
    public Ending {
        if (length < 0) {
            throw new IllegalArgumentException("length: expected at least 0, got " + length);
        }
        Objects.requireNonNull(stops, "stops: expected texts, got null");
        for (int i = 0; i < stops.size(); i++) {
            if (Objects.requireNonNull(stops.get(i), "stops[" + i + "]: expected a text, got null").isEmpty()) {
                throw new IllegalArgumentException("stops[" + i + "]: expected a text, got an empty one");
            }
        }
        stops = List.copyOf(stops);
    }

    /**
     * {@return an end after so many tokens}
     *
     * @param length at least 0
     * @throws IllegalArgumentException if it is not
     */
    public static Ending after(int length) {
        return new Ending(length, List.of());
    }

    /**
     * {@return this, or before the first of some more texts, if one comes earlier}
     *
     * @param texts none is empty
     * @throws IllegalArgumentException if one is
     */
    public Ending orBefore(String... texts) {
        Objects.requireNonNull(texts, "texts: expected some, got null");
        var all = new ArrayList<>(stops);
        for (int i = 0; i < texts.length; i++) {
            all.add(Objects.requireNonNull(texts[i], "texts[" + i + "]: expected a text, got null"));
        }
        return new Ending(length, all);
    }

    /** {@return where the stop that is complete first begins in a text; -1 if there is none} */
    int stopIn(CharSequence text) {
        String whole = text.toString();
        int begin = -1;
        int end = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = whole.indexOf(stop);
            int behind = at + stop.length();
            if (at >= 0 && (behind < end || behind == end && at < begin)) {
                begin = at;
                end = behind;
            }
        }
        return begin;
    }

    /** {@return how much of the end of a text may be the beginning of a stop} */
    int mayBeginStop(CharSequence text) {
        int most = 0;
        for (String stop : stops) {
            for (int count = Math.min(stop.length() - 1, text.length()); count > most; count--) {
                if (stop.startsWith(text.subSequence(text.length() - count, text.length()).toString())) {
                    most = count;
                }
            }
        }
        return most;
    }
}
