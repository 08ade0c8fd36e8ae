package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointTest {
    private static final int T = 3;
    private static final int B = 2;

    @TempDir
    Path directory;

    private static Network.Builder network() {
        return Network.embedding(5, 2).layer(Lstm.of(3)).layer(new Lstm(2, 0.5)).classes(5).backend(Backend.REFERENCE);
    }

    private static SequenceBatch batch(long seed) {
        int[] ids = new SeededRandom(seed).ints(T * B, 0, 5).toArray();
        return SequenceBatch.tokens(ids, T, B).targets(ids);
    }

    private static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    @ParameterizedTest
    @EnumSource
    void networkTrainerAndStatesComeBack(Precision precision) throws IOException {
        Path file = directory.resolve("model.rondo");
        try (Network network = network().precision(precision).seed(9).build();
                NetworkPass pass = network.pass(T, B).carryState(true)) {
            Trainer trainer = Trainer.builder(network).optimizer(Adam.of(1e-2)).build();
            trainer.step(pass, batch(1));
            Checkpoint.builder().add(network::write).add(trainer::write).add(pass::writeStates).write(file);

            Checkpoint checkpoint = Checkpoint.read(file);
            try (Network restored = Network.read(checkpoint, builder -> builder.backend(Backend.REFERENCE));
                    NetworkPass restoredPass = restored.pass(T, B).carryState(true)) {
                Trainer restoredTrainer = Trainer.builder(restored).optimizer(Adam.of(1e-2)).build();
                restoredTrainer.restore(checkpoint);
                restoredPass.restoreStates(checkpoint);
                assertEquals(network.description(), restored.description());
                assertEquals(precision, restored.precision());
                for (int step = 2; step < 5; step++) {
                    assertEquals(trainer.step(pass, batch(step)), restoredTrainer.step(restoredPass, batch(step)));
                }
                assertArrayEquals(bytes(network.parameters().slab()), bytes(restored.parameters().slab()));
            }
        }
    }

    @Test
    void statesOfWhichOneIsMissingAreLeftAsTheyAre() throws IOException {
        Path file = directory.resolve("half.rondo");
        try (Network network = network().build(); NetworkPass pass = network.inference(T, B).carryState(true)) {
            pass.forward(batch(1));
            byte[] before = bytes(pass.state(0, 0));
            MemorySegment other = MemorySegment.ofArray(new byte[before.length]);
            Checkpoint.builder().numbers("state.layer0.0", network.precision(), other).write(file);
            assertThrows(CheckpointException.class, () -> pass.restoreStates(Checkpoint.read(file)));
            assertArrayEquals(before, bytes(pass.state(0, 0)));
        }
    }

    @Test
    void sectionsComeBack() throws IOException {
        Path file = directory.resolve("sections.rondo");
        MemorySegment numbers = MemorySegment.ofArray(new double[] {1.5, -2});
        Checkpoint.builder().text("a.x", "Grüße 𝄞").text("a.y", "").ints("i", 1, -2, 3).longs("l", Long.MIN_VALUE)
                .numbers("n", Precision.FLOAT64, numbers).write(file);
        Checkpoint checkpoint = Checkpoint.read(file);
        assertEquals("Grüße 𝄞", checkpoint.text("a.x"));
        assertEquals(List.of("Grüße 𝄞", ""), List.copyOf(checkpoint.texts("a.").values()));
        assertArrayEquals(new int[] {1, -2, 3}, checkpoint.ints("i"));
        assertArrayEquals(new long[] {Long.MIN_VALUE}, checkpoint.longs("l", 1));
        MemorySegment copied = MemorySegment.ofArray(new double[2]);
        checkpoint.copy("n", Precision.FLOAT64, copied);
        assertArrayEquals(bytes(numbers), bytes(copied));
        assertThrows(IllegalArgumentException.class, () -> Checkpoint.builder().text("a", "").text("a", ""));
    }

    @Test
    void whatIsMissingOrHasAnotherSizeIsNamed() throws IOException {
        Path file = directory.resolve("sections.rondo");
        Checkpoint.builder().longs("l", 1, 2).text("i", "abcde").write(file);
        Checkpoint checkpoint = Checkpoint.read(file);
        assertMessage("has no section x", () -> checkpoint.text("x"));
        assertMessage("has no section network.description", () -> Network.read(checkpoint, UnaryOperator.identity()));
        assertMessage("section l: expected 8 bytes, got 16", () -> checkpoint.longs("l", 1));
        assertMessage("section i: expected 4 bytes, got 5", () -> checkpoint.ints("i"));
        assertThrows(NoSuchFileException.class, () -> Checkpoint.read(directory.resolve("none")));
    }

    private interface Reading {
        Object run() throws IOException;
    }

    private void assertMessage(String expected, Reading reading) {
        String message = assertThrows(CheckpointException.class, reading::run).getMessage();
        assertTrue(message.startsWith(directory.toString()) && message.endsWith(expected), message);
    }

    private byte[] good() throws IOException {
        Path file = directory.resolve("good.rondo");
        try (Network network = network().build()) {
            Checkpoint.builder().add(network::write).text("x", "y").write(file);
        }
        return Files.readAllBytes(file);
    }

    private Checkpoint read(byte[] bytes) throws IOException {
        return Checkpoint.read(Files.write(directory.resolve("damaged.rondo"), bytes));
    }

    @Test
    void everyDamagedByteIsNoticed() throws IOException {
        byte[] good = good();
        for (int at = 0; at < good.length; at++) {
            for (int mask : new int[] {1, 0x80, 0xFF}) {
                byte[] bad = good.clone();
                bad[at] ^= (byte) mask;
                String expected = at < 8 ? "not a Rondo checkpoint" : "its checksum does not fit its contents";
                assertMessage(expected, () -> read(bad));
            }
        }
    }

    @Test
    void everyTruncationIsNoticed() throws IOException {
        byte[] good = good();
        for (int length = 0; length < good.length; length++) {
            byte[] bad = Arrays.copyOf(good, length);
            assertThrows(CheckpointException.class, () -> read(bad));
        }
        assertThrows(CheckpointException.class, () -> read(Arrays.copyOf(good, good.length + 1)));
    }

    @Test
    void foreignFilesAreNoCheckpoints() throws IOException {
        assertMessage("not a Rondo checkpoint", () -> read("To be, or not to be".getBytes(StandardCharsets.UTF_8)));
        assertMessage("not a Rondo checkpoint", () -> read(new byte[100]));
    }

    /** Sealed again with a good checksum: what a newer version, or a program with a fault, could have written. */
    private static byte[] sealed(byte[] file, int at, long value, int size) {
        ByteBuffer bytes = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (size == Integer.BYTES) {
            bytes.putInt(at, (int) value);
        } else {
            bytes.putLong(at, value);
        }
        var checksum = new CRC32C();
        checksum.update(bytes.array(), 0, file.length - 4);
        bytes.putInt(file.length - 4, (int) checksum.getValue());
        return bytes.array();
    }

    @Test
    void aNewerFormatIsNamed() throws IOException {
        byte[] newer = sealed(good(), 8, 2, Integer.BYTES);
        assertMessage("written by a newer Rondo: expected format 1 or older, got 2", () -> read(newer));
    }

    @Test
    void lengthsBeyondTheFileAreNotBelieved() throws IOException {
        byte[] good = good();
        int nameLength = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getInt(16);
        String expected = "damaged: a section reaches beyond the end";
        for (long length : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, -1, good.length}) {
            assertMessage(expected, () -> read(sealed(good, 20 + nameLength, length, Long.BYTES)));
        }
        for (int length : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, good.length}) {
            assertMessage(expected, () -> read(sealed(good, 16, length, Integer.BYTES)));
        }
        assertMessage(expected, () -> read(sealed(good, 12, Integer.MAX_VALUE, Integer.BYTES)));
    }

    @Test
    void aDescriptionOfAHugeNetworkAllocatesNothing() throws IOException {
        Path file = directory.resolve("huge.rondo");
        for (int units : new int[] {100_000, 100_000_000, 1_000_000_000}) { // the second overflows long, the third int
            Checkpoint.builder()
                    .text("network.description", "input oneHot 1000000\nlayer lstm " + units + "\nclasses 1000000")
                    .text("network.precision", "FLOAT32")
                    .longs("network.parameters", 1, 2, 3)
                    .write(file);
            String message = assertThrows(CheckpointException.class,
                    () -> Network.load(file)).getMessage();
            assertTrue(message.startsWith(file + ": section network."), message);
        }
    }

    @Test
    void aWriteThatFailsLeavesTheOldFileAndNoOther() throws IOException {
        Path file = directory.resolve("model.rondo");
        Checkpoint.builder().text("which", "old").write(file);
        MemorySegment closed;
        try (Network network = network().build()) {
            closed = network.parameters().slab();
        }
        // The memory of the second section is gone: the write fails in the middle.
        var broken = Checkpoint.builder().text("which", "new").numbers("gone", Precision.FLOAT32, closed);
        assertThrows(IllegalStateException.class, () -> broken.write(file));
        assertEquals("old", Checkpoint.read(file).text("which"));
        assertOnlyFile(file);
    }

    /** Not the temporary file, of which the caller knows nothing. */
    @Test
    void aFileThatCannotBeWrittenIsNamed() throws IOException {
        Checkpoint.Builder checkpoint = Checkpoint.builder().text("which", "new");
        Path absent = directory.resolve("absent").resolve("model.rondo");
        assertEquals(absent + ": no such directory",
                assertThrows(NoSuchFileException.class, () -> checkpoint.write(absent)).getMessage());
        Path full = Files.createDirectories(directory.resolve("full"));
        Files.writeString(full.resolve("file"), "");
        String message = assertThrows(FileSystemException.class, () -> checkpoint.write(full)).getMessage();
        assertTrue(message.startsWith(full + ": "), message);
        assertOnlyFile(full);
    }

    private void assertOnlyFile(Path file) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    /** A crash between writing and renaming leaves a temporary file beside the old one. */
    @Test
    void aTemporaryFileThatWasLeftDisturbsNothing() throws IOException {
        Path file = directory.resolve("model.rondo");
        Checkpoint.builder().text("which", "old").write(file);
        Files.writeString(directory.resolve("model.rondo.tmp"), "half of a check".repeat(100));
        assertEquals("old", Checkpoint.read(file).text("which"));
        Checkpoint.builder().text("which", "new").write(file);
        assertEquals("new", Checkpoint.read(file).text("which"));
        assertOnlyFile(file);
    }
}
