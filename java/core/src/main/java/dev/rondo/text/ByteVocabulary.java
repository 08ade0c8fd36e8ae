package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** The bytes of UTF-8; a byte is its own token. */
final class ByteVocabulary implements Vocabulary {
    static final ByteVocabulary INSTANCE = new ByteVocabulary();

    private static final int SIZE = 256;

    private ByteVocabulary() {}

    /** {@return whether a token begins a character: the others of one are 10xxxxxx} */
    static boolean beginsCharacter(int token) {
        return (token & 0xC0) != 0x80;
    }

    @Override
    public TextUnit unit() {
        return TextUnit.BYTE;
    }

    @Override
    public int size() {
        return SIZE;
    }

    @Override
    public OptionalInt lineStart() {
        return OptionalInt.of('\n');
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
                if (codePoint < 0x80) {
                    sink.accept(codePoint);
                    return;
                }
                if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                    throw new IllegalArgumentException(String.format(
                            "text: expected Unicode, got U+%04X at position %d, a surrogate without its partner",
                            codePoint, position()));
                }
                int followers = codePoint < 0x800 ? 1 : codePoint < 0x10000 ? 2 : 3;
                sink.accept(0xFF00 >> followers + 1 & 0xFF | codePoint >> 6 * followers); // 110.., 1110.., 11110..
                for (int i = followers - 1; i >= 0; i--) {
                    sink.accept(0x80 | codePoint >> 6 * i & 0x3F);
                }
            }
        };
    }

    @Override
    public Decoder decoder(String before) {
        Objects.requireNonNull(before, "before: expected a text, got null");
        return new Utf8Decoder();
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        checkpoint.text(VocabularySections.UNIT, unit().singular());
    }

    @Override
    public String toString() {
        return SIZE + " bytes";
    }

    /** Keeps the bytes of a character until all are there; what can be none becomes U+FFFD. */
    private static final class Utf8Decoder implements Decoder {
        private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE);
        private final ByteBuffer bytes = ByteBuffer.allocate(8);
        private final CharBuffer text = CharBuffer.allocate(8);

        @Override
        public String next(int token) {
            bytes.put((byte) TokenList.checked(token, SIZE)).flip();
            decoder.decode(bytes, text, false);
            bytes.compact();
            return taken();
        }

        @Override
        public String finish() {
            decoder.decode(bytes.flip(), text, true);
            decoder.flush(text);
            decoder.reset();
            bytes.clear();
            return taken();
        }

        private String taken() {
            String taken = text.flip().toString();
            text.clear();
            return taken;
        }
    }
}
