package dev.rondo.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The format of checkpoints, little-endian:
 *
 * <pre>
 *   magic    8 bytes  "RONDO" 0x0D 0x0A 0x1A      a transfer as text damages it visibly
 *   version  int32
 *   count    int32    number of sections
 *   section  int32 length of the name, name in UTF-8, int64 length of the bytes, bytes      count times
 *   checksum int32    CRC32C of all bytes before it
 * </pre>
 *
 * <p>The checksum is verified before any length is believed, and nothing larger than the file is ever allocated.
 */
final class CheckpointFile {
    static final int VERSION = 1;

    private static final byte[] MAGIC = {'R', 'O', 'N', 'D', 'O', '\r', '\n', 0x1A};
    private static final int HEADER = MAGIC.length + 2 * Integer.BYTES;
    private static final int TRAILER = Integer.BYTES;
    private static final int WINDOW = 1 << 20;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private CheckpointFile() {}

    /**
     * Replaces {@code file}: a temporary file beside it is written and forced to the disk, then renamed. Whenever this
     * is interrupted, {@code file} is either what it was or what it shall be.
     */
    static void write(Path file, Map<String, MemorySegment> sections) throws IOException {
        Path target = file.toAbsolutePath();
        Path directory = target.getParent();
        Path temporary = target.resolveSibling(target.getFileName() + ".tmp"); // one that a crash left is written over
        try {
            try (var channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                writeAll(channel, sections);
                channel.force(true);
            }
            move(temporary, target);
        } catch (IOException e) {
            Files.deleteIfExists(temporary);
            throw named(file, e);
        } catch (RuntimeException e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        forceDirectory(directory);
    }

    /** {@return {@code e} of the file that was to be written, of whose temporary one nobody knows} */
    private static FileSystemException named(Path file, IOException e) {
        String name = file.toString();
        FileSystemException named = switch (e) {
            case NoSuchFileException _ -> new NoSuchFileException(name, null, "no such directory");
            case AccessDeniedException _ -> new AccessDeniedException(name, null, "cannot be written");
            case FileSystemException system -> new FileSystemException(name, null,
                    system.getReason() == null ? "cannot be written" : system.getReason());
            default -> new FileSystemException(name, null, e.getMessage()); // a disk that is full, say
        };
        named.initCause(e);
        return named;
    }

    private static void writeAll(FileChannel channel, Map<String, MemorySegment> sections) throws IOException {
        var checksum = new CRC32C();
        ByteBuffer header = buffer(HEADER).put(MAGIC).putInt(VERSION).putInt(sections.size());
        put(channel, checksum, header.flip());
        for (var section : sections.entrySet()) {
            byte[] name = section.getKey().getBytes(StandardCharsets.UTF_8);
            MemorySegment bytes = section.getValue();
            put(channel, checksum, buffer(Integer.BYTES + name.length + Long.BYTES)
                    .putInt(name.length).put(name).putLong(bytes.byteSize()).flip());
            for (long at = 0; at < bytes.byteSize(); at += WINDOW) {
                put(channel, checksum, bytes.asSlice(at, Math.min(WINDOW, bytes.byteSize() - at)).asByteBuffer());
            }
        }
        put(channel, new CRC32C(), buffer(TRAILER).putInt((int) checksum.getValue()).flip());
    }

    private static void put(FileChannel channel, CRC32C checksum, ByteBuffer bytes) throws IOException {
        checksum.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Makes the rename itself durable, where the platform lets a directory be opened. */
    private static void forceDirectory(Path directory) {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows opens no directories; its file systems log renames.
        }
    }

    /**
     * {@return the sections of {@code file}, in memory that the collector frees}
     *
     * @throws CheckpointException if the file is no checkpoint, damaged, or of a newer format
     */
    static Map<String, MemorySegment> read(Path file) throws IOException {
        MemorySegment bytes = readAll(file);
        if (bytes.byteSize() < MAGIC.length || !isMagic(bytes)) {
            throw new CheckpointException(file, "not a Rondo checkpoint");
        }
        if (bytes.byteSize() < HEADER + TRAILER) {
            throw new CheckpointException(file, "truncated: only " + bytes.byteSize() + " bytes");
        }
        long end = bytes.byteSize() - TRAILER;
        boolean intact = checksum(bytes.asSlice(0, end)) == bytes.get(INT, end);
        int version = bytes.get(INT, MAGIC.length);
        if (intact && version > VERSION) {
            throw new CheckpointException(
                    file, "written by a newer Rondo: expected format " + VERSION + " or older, got " + version);
        }
        if (!intact || version < 1) {
            throw new CheckpointException(file, "damaged or truncated: its checksum does not fit its contents");
        }
        return sections(file, bytes.asSlice(0, end));
    }

    private static Map<String, MemorySegment> sections(Path file, MemorySegment bytes) throws CheckpointException {
        var sections = new LinkedHashMap<String, MemorySegment>();
        int count = bytes.get(INT, MAGIC.length + Integer.BYTES);
        try {
            long at = HEADER;
            for (int i = 0; i < count; i++) {
                int nameLength = bytes.get(INT, at);
                byte[] name = bytes.asSlice(at + Integer.BYTES, nameLength).toArray(ValueLayout.JAVA_BYTE);
                at += Integer.BYTES + nameLength;
                long length = bytes.get(LONG, at);
                sections.put(new String(name, StandardCharsets.UTF_8), bytes.asSlice(at + Long.BYTES, length));
                at += Long.BYTES + length;
            }
        } catch (IndexOutOfBoundsException e) {
            throw new CheckpointException(file, "damaged: a section reaches beyond the end", e);
        }
        return sections;
    }

    private static MemorySegment readAll(Path file) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment bytes = Arena.ofAuto().allocate(channel.size(), 64);
            for (long at = 0; at < bytes.byteSize(); ) {
                ByteBuffer window = bytes.asSlice(at, Math.min(WINDOW, bytes.byteSize() - at)).asByteBuffer();
                int read = channel.read(window);
                if (read < 0) {
                    throw new CheckpointException(file, "truncated while it was read");
                }
                at += read;
            }
            return bytes;
        }
    }

    private static boolean isMagic(MemorySegment bytes) {
        return bytes.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) < 0;
    }

    private static int checksum(MemorySegment bytes) {
        var checksum = new CRC32C();
        for (long at = 0; at < bytes.byteSize(); at += WINDOW) {
            checksum.update(bytes.asSlice(at, Math.min(WINDOW, bytes.byteSize() - at)).asByteBuffer());
        }
        return (int) checksum.getValue();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
