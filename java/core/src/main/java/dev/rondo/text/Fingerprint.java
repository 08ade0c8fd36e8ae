package dev.rondo.text;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of the code points of a text, big-endian. */
final class Fingerprint extends CodePointEncoder {
    private final MessageDigest digest = sha256();
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16);

    @Override
    void take(int codePoint) {
        if (!bytes.hasRemaining()) {
            digest.update(bytes.flip());
            bytes.clear();
        }
        bytes.putInt(codePoint);
    }

    /** {@return the fingerprint of all that was taken; once} */
    String value() {
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
