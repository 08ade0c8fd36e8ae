package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** Code points in ascending order. */
final class CharacterVocabulary implements Vocabulary {
    private static final int ABSENT = -1;

    private final int[] codePoints; // ascending
    private final int[] tokens; // by code point, up to the last

    private CharacterVocabulary(int[] codePoints) {
        this.codePoints = codePoints;
        this.tokens = new int[codePoints[codePoints.length - 1] + 1];
        Arrays.fill(tokens, ABSENT);
        for (int token = 0; token < codePoints.length; token++) {
            tokens[codePoints[token]] = token;
        }
    }

    /**
     * {@return the vocabulary of some characters}
     *
     * @param codePoints at least one, in any order, repeated or not
     * @throws IllegalArgumentException if there are none, or one is no code point
     */
    static CharacterVocabulary of(int[] codePoints) {
        var distinct = new BitSet();
        for (int codePoint : codePoints) {
            if (!Character.isValidCodePoint(codePoint)) {
                throw new IllegalArgumentException("codePoints: expected 0 to 0x10FFFF, got " + codePoint);
            }
            distinct.set(codePoint);
        }
        return of(distinct);
    }

    /** {@return the vocabulary of the code points that are set, at least one} */
    static CharacterVocabulary of(BitSet codePoints) {
        if (codePoints.isEmpty()) {
            throw new IllegalArgumentException("text: expected at least one character, got none");
        }
        return new CharacterVocabulary(codePoints.stream().toArray());
    }

    @Override
    public TextUnit unit() {
        return TextUnit.CHARACTER;
    }

    @Override
    public int size() {
        return codePoints.length;
    }

    @Override
    public OptionalInt lineStart() {
        int newline = token('\n');
        return newline == ABSENT ? OptionalInt.empty() : OptionalInt.of(newline);
    }

    @Override
    public OptionalInt unknown() {
        return OptionalInt.empty();
    }

    @Override
    public Encoder encoder(IntConsumer sink) {
        Objects.requireNonNull(sink, "sink: expected one, got null");
        return new CodePointEncoder() {
            @Override
            void take(int codePoint) {
                int token = token(codePoint);
                if (token == ABSENT) {
                    throw new UnknownCharacterException(codePoint, position());
                }
                sink.accept(token);
            }
        };
    }

    @Override
    public Decoder decoder(String before) {
        Objects.requireNonNull(before, "before: expected a text, got null");
        return new Decoder() {
            @Override
            public String next(int token) {
                return Character.toString(codePoints[TokenList.checked(token, codePoints.length)]);
            }

            @Override
            public String finish() {
                return "";
            }
        };
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        checkpoint.ints(VocabularySections.CODE_POINTS, codePoints);
    }

    private int token(int codePoint) {
        return codePoint < tokens.length ? tokens[codePoint] : ABSENT;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharacterVocabulary that && Arrays.equals(codePoints, that.codePoints);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(codePoints);
    }

    @Override
    public String toString() {
        return codePoints.length == 1 ? "1 character" : String.format(Locale.ROOT, "%,d characters", codePoints.length);
    }
}
