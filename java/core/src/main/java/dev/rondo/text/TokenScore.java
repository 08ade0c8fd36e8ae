package dev.rondo.text;

import java.util.Objects;

/**
 * How well a model foresees one token of a text.
 *
 * @param token its number in the vocabulary
 * @param text what it stands for by itself: a word without spaces around it, a newline for the end of a line; a byte
 *     that is a part of a character as {@code <0xC3>}
 * @param nats negative logarithm of its probability, given those before, or of a {@link GapModel} all others
 */
public record TokenScore(int token, String text, double nats) {
    private static final int ASCII = 0x80;

    /** Checks its arguments. */
    public TokenScore {
        Objects.requireNonNull(text, "text: expected one, got null");
    }

    static TokenScore of(Vocabulary vocabulary, int token, double nats) {
        boolean part = vocabulary.unit() == TextUnit.BYTE && token >= ASCII;
        return new TokenScore(token, part ? String.format("<0x%02X>", token) : vocabulary.decode(token), nats);
    }
}
