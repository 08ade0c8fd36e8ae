package dev.rondo.text;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

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
     * {@return the corpus of {@code text}}
     *
     * @throws IllegalArgumentException if the text is empty
     */
    public static TextCorpus of(String text) {
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
