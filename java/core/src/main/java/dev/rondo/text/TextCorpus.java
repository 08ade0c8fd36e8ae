package dev.rondo.text;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * A text to learn from: its last 10 % of characters are kept for validation, the rest is for training.
 *
 * @param vocabulary the characters of the whole text
 * @param training tokens to learn from
 * @param validation tokens to validate with
 * @param fingerprint SHA-256 of the whole text: a training is resumed only on the text that it was begun on
 */
public record TextCorpus(Vocabulary vocabulary, int[] training, int[] validation, String fingerprint) {
    private static final int VALIDATION_SHARE = 10;

    /**
     * Checks its arguments; does not copy them.
     *
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    public TextCorpus {
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        checkTokens("training", training, vocabulary.size());
        checkTokens("validation", validation, vocabulary.size());
        Objects.requireNonNull(fingerprint, "fingerprint: expected a text, got null");
    }

    private static void checkTokens(String name, int[] tokens, int size) {
        Objects.requireNonNull(tokens, name + ": expected tokens, got null");
        for (int token : tokens) {
            if (token < 0 || token >= size) {
                throw new IllegalArgumentException(
                        name + ": expected tokens from 0 to " + (size - 1) + ", got " + token);
            }
        }
    }

    /**
     * {@return the corpus of a text}
     *
     * @param text not empty
     * @throws IllegalArgumentException if it is
     */
    public static TextCorpus of(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
        int[] codePoints = text.codePoints().toArray();
        Vocabulary vocabulary = Vocabulary.of(codePoints);
        int[] tokens = vocabulary.encode(codePoints);
        int split = tokens.length - tokens.length / VALIDATION_SHARE;
        return new TextCorpus(
                vocabulary,
                Arrays.copyOfRange(tokens, 0, split),
                Arrays.copyOfRange(tokens, split, tokens.length),
                fingerprint(codePoints));
    }

    /** {@return the validation part as text} */
    public String validationText() {
        return vocabulary.decode(validation);
    }

    private static String fingerprint(int[] codePoints) {
        MessageDigest digest = sha256();
        var bytes = ByteBuffer.allocate(1 << 16);
        for (int codePoint : codePoints) {
            if (!bytes.hasRemaining()) {
                digest.update(bytes.flip());
                bytes.clear();
            }
            bytes.putInt(codePoint);
        }
        digest.update(bytes.flip());
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every Java platform", e);
        }
    }
}
