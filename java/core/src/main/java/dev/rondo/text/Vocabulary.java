package dev.rondo.text;

import java.util.Arrays;
import java.util.Objects;

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
     * {@return the vocabulary of the characters of a text}
     *
     * @param text not empty
     * @throws IllegalArgumentException if it is
     */
    public static Vocabulary of(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
        return of(text.codePoints().toArray());
    }

    /**
     * {@return the vocabulary of some characters}
     *
     * @param codePoints at least one, in any order, repeated or not
     * @throws IllegalArgumentException if there are none, or one is no code point
     */
    public static Vocabulary of(int[] codePoints) {
        Objects.requireNonNull(codePoints, "codePoints: expected some, got null");
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

    /**
     * {@return whether the vocabulary has a character}
     *
     * @param codePoint any number
     */
    public boolean has(int codePoint) {
        return Arrays.binarySearch(codePoints, codePoint) >= 0;
    }

    /**
     * {@return the character of a token}
     *
     * @param token from 0 to below V
     * @throws IllegalArgumentException if it is not
     */
    public int codePoint(int token) {
        if (token < 0 || token >= codePoints.length) {
            throw new IllegalArgumentException(
                    "token: expected 0 to " + (codePoints.length - 1) + ", got " + token);
        }
        return codePoints[token];
    }

    /**
     * {@return the tokens of a text, one per character}
     *
     * @param text may be empty
     * @throws UnknownCharacterException if a character is not in the vocabulary
     */
    public int[] encode(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
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

    /**
     * {@return the text of some tokens}
     *
     * @param tokens each from 0 to below V
     * @throws IllegalArgumentException if one is not
     */
    public String decode(int... tokens) {
        Objects.requireNonNull(tokens, "tokens: expected some, got null");
        var text = new StringBuilder(tokens.length);
        for (int token : tokens) {
            text.appendCodePoint(codePoint(token));
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
