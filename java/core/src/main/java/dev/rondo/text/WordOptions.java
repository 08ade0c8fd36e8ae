package dev.rondo.text;

import java.util.HashMap;
import java.util.Map;

/**
 * Which words of a text a vocabulary keeps; the others are {@code <unk>} to it.
 *
 * <pre>{@code
 * WordOptions.defaults().minimumCount(3).lowerCase(true)
 * }</pre>
 *
 * @param minimumCount how often a word must occur, at least 1
 * @param maximumSize of the vocabulary, {@code <unk>} and {@code <eos>} included, at least 2: the most frequent words
 * @param lowerCase whether all letters become lower case
 */
public record WordOptions(long minimumCount, int maximumSize, boolean lowerCase) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public WordOptions {
        if (minimumCount < 1) {
            throw new IllegalArgumentException("minimumCount: expected at least 1, got " + minimumCount);
        }
        if (maximumSize < WordVocabulary.SPECIAL) {
            throw new IllegalArgumentException(
                    "maximumSize: expected at least " + WordVocabulary.SPECIAL + ", got " + maximumSize);
        }
    }

    /** {@return all words, as they are written} */
    public static WordOptions defaults() {
        return new WordOptions(1, Integer.MAX_VALUE, false);
    }

    /**
     * {@return these with another minimum count}
     *
     * @param value at least 1, the default
     * @throws IllegalArgumentException if it is not
     */
    public WordOptions minimumCount(long value) {
        return new WordOptions(value, maximumSize, lowerCase);
    }

    /**
     * {@return these with another maximum size}
     *
     * @param value at least 2; default: as many as there are
     * @throws IllegalArgumentException if it is not
     */
    public WordOptions maximumSize(int value) {
        return new WordOptions(minimumCount, value, lowerCase);
    }

    /**
     * {@return these with or without lower-casing}
     *
     * @param value default: false
     */
    public WordOptions lowerCase(boolean value) {
        return new WordOptions(minimumCount, maximumSize, value);
    }

    /** {@return for a checkpoint, one per line} */
    String text() {
        return "minimumCount " + minimumCount + "\nmaximumSize " + maximumSize + "\nlowerCase " + lowerCase;
    }

    /**
     * {@return what {@link #text} wrote}
     *
     * @throws IllegalArgumentException if it did not write this
     */
    static WordOptions parse(String text) {
        Map<String, String> values = new HashMap<>();
        text.lines().map(line -> line.split(" ", 2)).forEach(pair -> values.put(pair[0], pair[pair.length - 1]));
        for (String name : new String[] {"minimumCount", "maximumSize", "lowerCase"}) {
            if (!values.containsKey(name)) {
                throw new IllegalArgumentException("expected " + name + ", got none");
            }
        }
        return new WordOptions(Long.parseLong(values.get("minimumCount")), Integer.parseInt(values.get("maximumSize")),
                Boolean.parseBoolean(values.get("lowerCase")));
    }

    /** {@return what is said of them behind a number of words; nothing of the defaults} */
    String describe() {
        return (lowerCase ? ", lower case" : "")
                + (minimumCount > 1 ? ", each at least " + minimumCount + " times" : "")
                + (maximumSize < Integer.MAX_VALUE ? ", at most " + maximumSize : "");
    }
}
