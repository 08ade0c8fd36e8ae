package dev.rondo.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;

/**
 * Tokens in a file, each of as many bytes as the vocabulary needs, little-endian: written one after the other, then
 * mapped into memory, of which the system keeps what is read.
 */
final class TokenFile {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private TokenFile() {}

    /** {@return the bytes of a token of a vocabulary: 1, 2 or 4} */
    static int width(Vocabulary vocabulary) {
        return vocabulary.size() <= 1 << Byte.SIZE ? Byte.BYTES
                : vocabulary.size() <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
    }

    /** {@return all bytes of a file, in memory as long as {@code arena} is open} */
    static MemorySegment map(Path file, Arena arena) throws IOException {
        try (var channel = FileChannel.open(file)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    /** {@return the CRC-32C of {@code bytes}} */
    static long checksum(MemorySegment bytes) {
        var checksum = new CRC32C();
        long most = 1 << 30; // a buffer has fewer bytes than 2^31
        for (long at = 0; at < bytes.byteSize(); at += most) {
            checksum.update(bytes.asSlice(at, Math.min(most, bytes.byteSize() - at)).asByteBuffer());
        }
        return checksum.getValue();
    }

    /** {@return tokens of {@code width} bytes each} */
    static Tokens tokens(MemorySegment bytes, int width) {
        return switch (width) {
            case Byte.BYTES -> new Mapped(bytes.byteSize()) {
                @Override
                public int at(long position) {
                    return bytes.get(ValueLayout.JAVA_BYTE, position) & 0xFF;
                }
            };
            case Short.BYTES -> new Mapped(bytes.byteSize() / Short.BYTES) {
                @Override
                public int at(long position) {
                    return bytes.getAtIndex(SHORT, position) & 0xFFFF;
                }
            };
            default -> new Mapped(bytes.byteSize() / Integer.BYTES) {
                @Override
                public int at(long position) {
                    return bytes.getAtIndex(INT, position);
                }
            };
        };
    }

    private abstract static class Mapped implements Tokens {
        private final long length;

        Mapped(long length) {
            this.length = length;
        }

        @Override
        public long length() {
            return length;
        }
    }

    /** Writes a file of tokens; what goes wrong while tokens come arrives as {@link UncheckedIOException}. */
    static final class Writer implements IntConsumer, AutoCloseable {
        private final FileChannel file;
        private final int width;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        private final CRC32C checksum = new CRC32C();

        Writer(Path path, int width) throws IOException {
            this.file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);
            this.width = width;
        }

        @Override
        public void accept(int token) {
            if (buffer.remaining() < width) {
                try {
                    flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            switch (width) {
                case Byte.BYTES -> buffer.put((byte) token);
                case Short.BYTES -> buffer.putShort((short) token);
                default -> buffer.putInt(token);
            }
        }

        /** Writes what is left; returns how many tokens there are. */
        long finish() throws IOException {
            flush();
            return file.size() / width;
        }

        /** {@return the CRC-32C of the bytes that are in the file} */
        long checksum() {
            return checksum.getValue();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }

        private void flush() throws IOException {
            buffer.flip();
            checksum.update(buffer.duplicate());
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
            buffer.clear();
        }
    }
}
