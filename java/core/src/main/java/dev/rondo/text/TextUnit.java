package dev.rondo.text;

import java.util.Objects;

/** What a language model predicts one of at each step. Figures of different units are not comparable. */
public enum TextUnit {
    /** A Unicode code point. */
    CHARACTER("character", true),

    /** A byte of UTF-8. */
    BYTE("byte", true),

    /** What stands between white space; the end of a line is one, too. */
    WORD("word", false),

    /** A piece of a word, as a tokenizer cuts it. */
    SUB_WORD("sub-word", false);

    private static final double LN_2 = Math.log(2);

    private final String singular;
    private final boolean inBits;

    TextUnit(String singular, boolean inBits) {
        this.singular = singular;
        this.inBits = inBits;
    }

    /**
     * {@return the unit of a name}
     *
     * @param singular as {@link #singular()} gives it
     * @throws IllegalArgumentException if it is none
     */
    public static TextUnit of(String singular) {
        Objects.requireNonNull(singular, "singular: expected a unit, got null");
        for (TextUnit unit : values()) {
            if (unit.singular.equals(singular)) {
                return unit;
            }
        }
        throw new IllegalArgumentException(
                "unit: expected character, byte, word or sub-word, got " + singular);
    }

    /** {@return "character", "byte", "word" or "sub-word"} */
    public String singular() {
        return singular;
    }

    /** {@return "characters", "bytes", "words" or "sub-words"} */
    public String plural() {
        return singular + "s";
    }

    /** {@return what {@link #measure} gives: "bits per character", "bits per byte", "perplexity per word" and so on} */
    public String measureName() {
        return (inBits ? "bits" : "perplexity") + " per " + singular;
    }

    /**
     * {@return the figure that is customary for this unit: bits of characters and bytes, the perplexity of words and
     * sub-words}
     *
     * @param nats mean nats per unit
     */
    public double measure(double nats) {
        return inBits ? nats / LN_2 : Math.exp(nats);
    }
}
