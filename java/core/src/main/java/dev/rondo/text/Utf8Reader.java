package dev.rondo.text;

import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Reads UTF-8 strictly: what is none is refused with its place, never read as replacement characters. */
final class Utf8Reader extends Reader {
    private final ReadableByteChannel channel;
    private final String name;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).flip();
    private final CharBuffer text = CharBuffer.allocate(bytes.capacity()).flip(); // as many are never more characters
    private long offset; // in bytes, of where the buffer begins
    private boolean ended;

    Utf8Reader(ReadableByteChannel channel, String name) {
        this.channel = channel;
        this.name = name;
    }

    @Override
    public int read(char[] target, int from, int count) throws IOException {
        while (!text.hasRemaining()) {
            if (ended) {
                return -1;
            }
            decode();
        }
        int taken = Math.min(count, text.remaining());
        text.get(target, from, taken);
        return taken;
    }

    /** {@return whether there is text at hand, without waiting for more} */
    @Override
    public boolean ready() {
        return text.hasRemaining();
    }

    private void decode() throws IOException {
        offset += bytes.position();
        bytes.compact();
        ended = channel.read(bytes) < 0;
        bytes.flip();
        CoderResult result = decoder.decode(bytes, text.clear(), ended);
        if (result.isError()) {
            int at = bytes.position();
            throw new MalformedTextException("%s: not UTF-8 text (byte 0x%02x at offset %d)"
                    .formatted(name, bytes.get(at), offset + at));
        }
        text.flip();
        for (int i = 0; i < text.limit(); i++) {
            if (text.get(i) == 0) {
                throw new MalformedTextException(name + ": not text (it holds NUL characters)");
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
