package dev.rondo.text;

import java.util.Arrays;

/**
 * The characters that a model knows, as tokens: Unicode code points in ascending order, so that one text always gives
 * one vocabulary. A value.
 */
public final class Vocabulary {
    private final int[] codePoints; // ascending

    private Vocabulary(int[] codePoints) {
        this.codePoints = codePoints;
    }

    /**
     * {@return the vocabulary of the characters of {@code text}}
     *
     * @throws IllegalArgumentException if the text is empty
     */
    public static Vocabulary of(String text) {
        return of(text.codePoints().toArray());
    }

    /**
     * {@return the vocabulary of {@code codePoints}, in any order, repeated or not}
     *
     * @throws IllegalArgumentException if there are none, or one is no code point
     */
    public static Vocabulary of(int[] codePoints) {
        int[] distinct = Arrays.stream(codePoints).sorted().distinct().toArray();
        if (distinct.length == 0) {
            throw new IllegalArgumentException("text: expected at least one character, got none");
        }
        for (int codePoint : distinct) {
            if (!Character.isValidCodePoint(codePoint)) {
                throw new IllegalArgumentException("codePoints: expected 0 to 0x10FFFF, got " + codePoint);
            }
        }
        return new Vocabulary(distinct);
    }

    /** {@return the number of characters, V} */
    public int size() {
        return codePoints.length;
    }

    /** {@return all characters, ascending; a character's index is its token} */
    public int[] codePoints() {
        return codePoints.clone();
    }

    /** {@return whether the vocabulary has {@code codePoint}} */
    public boolean has(int codePoint) {
        return Arrays.binarySearch(codePoints, codePoint) >= 0;
    }

    /** {@return the character of {@code token}} */
    public int codePoint(int token) {
        return codePoints[token];
    }

    /**
     * {@return the tokens of {@code text}, one per character}
     *
     * @throws UnknownCharacterException if a character is not in the vocabulary
     */
    public int[] encode(String text) {
        return encode(text.codePoints().toArray());
    }

    /**
     * {@return the tokens of {@code text}, given as code points}
     *
     * @throws UnknownCharacterException if a character is not in the vocabulary
     */
    int[] encode(int[] text) {
        var tokens = new int[text.length];
        for (int i = 0; i < text.length; i++) {
            tokens[i] = Arrays.binarySearch(codePoints, text[i]);
            if (tokens[i] < 0) {
                throw new UnknownCharacterException(text[i], i);
            }
        }
        return tokens;
    }

    /** {@return the text of {@code tokens}} */
    public String decode(int... tokens) {
        var text = new StringBuilder(tokens.length);
        for (int token : tokens) {
            text.appendCodePoint(codePoints[token]);
        }
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Vocabulary that && Arrays.equals(codePoints, that.codePoints);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(codePoints);
    }

    @Override
    public String toString() {
        return "Vocabulary of " + size() + " characters";
    }
}
