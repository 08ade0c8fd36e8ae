package dev.rondo.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads text strictly: a file that is not UTF-8 is refused, never read with replacement characters. */
final class Utf8 {
    private Utf8() {}

    /**
     * {@return the text of {@code file}}
     *
     * @throws Failure if it is not text
     */
    static String read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new Failure(file + ": is a directory");
        }
        return decode(Files.readAllBytes(file), file.toString());
    }

    /**
     * {@return {@code bytes} as text}
     *
     * @param source what the message calls them
     * @throws Failure if they are not UTF-8, or hold NUL, which no text does
     */
    static String decode(byte[] bytes, String source) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length); // UTF-8 never needs fewer bytes than UTF-16 units
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new Failure("%s: not UTF-8 text (byte 0x%02x at offset %d)"
                    .formatted(source, bytes[in.position()], in.position()));
        }
        String text = out.flip().toString();
        if (text.indexOf('\0') >= 0) {
            throw new Failure(source + ": not text (it holds NUL characters)");
        }
        return text;
    }
}
