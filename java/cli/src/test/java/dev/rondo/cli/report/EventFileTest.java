package dev.rondo.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read again by a reader of its own: framing bit by bit, messages by Google's library. */
class EventFileTest {
    @TempDir
    private Path directory;

    @Test
    void itHasTheFiguresOfAnEvaluation() throws IOException {
        try (EventFile file = EventFile.open(directory.resolve("new/one"), 0)) {
            file.append(evaluation(100, 2.5, 3), 1_700_000_000.25);
            file.append(evaluation(4_000_000_000L, Double.POSITIVE_INFINITY, Double.NaN), 1_700_000_002);
        }
        List<UnknownFieldSet> events = read(directory.resolve("new/one"));
        assertEquals(3, events.size());
        assertEquals("brain.Event:2", events.get(0).getField(3).getLengthDelimitedList().getFirst().toStringUtf8());
        assertEquals(1_700_000_000.25,
                Double.longBitsToDouble(events.get(1).getField(1).getFixed64List().getFirst()));
        assertEquals(List.of(100L), events.get(1).getField(2).getVarintList());
        assertEquals(Map.of("loss/train (nats per word)", 2.5f, "loss/validation (nats per word)", 3f,
                "learning_rate", 1e-3f, "gradient_norm", 0.25f, "throughput (words per second)", 12_345f),
                scalars(events.get(1)));
        assertEquals(List.of(4_000_000_000L), events.get(2).getField(2).getVarintList());
        assertEquals(Float.POSITIVE_INFINITY, scalars(events.get(2)).get("loss/train (nats per word)"));
        assertEquals(4, scalars(events.get(2)).size(), "what is not known is left out");
    }

    /**
     * So that TensorBoard forgets what came after the checkpoint that the training went on from: it drops events of the
     * step of a SessionLog.START and of later ones.
     */
    @Test
    void aTrainingThatGoesOnSaysFromWhere() throws IOException {
        EventFile.open(directory, 300).close();
        UnknownFieldSet start = read(directory).get(1);
        assertEquals(List.of(301L), start.getField(2).getVarintList());
        UnknownFieldSet session = UnknownFieldSet.parseFrom(
                start.getField(7).getLengthDelimitedList().getFirst());
        assertEquals(List.of(1L), session.getField(1).getVarintList(), "SessionLog.START");
    }

    /** The vectors of RFC 3720, B.4, and the head of every event file that TensorFlow writes. */
    @Test
    void checksumsArePublishedOnes() throws IOException {
        assertEquals(0x8A9136AA, checksum(new byte[32]));
        assertEquals(0xE3069283, checksum("123456789".getBytes()));
        EventFile.open(directory, 0).close();
        byte[] head = new byte[12];
        try (var files = Files.list(directory); var bytes = Files.newInputStream(files.findFirst().orElseThrow())) {
            assertEquals(12, bytes.read(head));
        }
        assertEquals(ByteString.copyFrom(new byte[] {0x18, 0, 0, 0, 0, 0, 0, 0, (byte) 0xa3, 0x7f, 0x4b, 0x22}),
                ByteString.copyFrom(head));
    }

    private static Evaluation evaluation(long step, double train, double validation) {
        return new Evaluation(TextUnit.WORD, step, 1, train, validation, 12_345, 0.25, 1e-3, Samples.TIMES, true);
    }

    private static Map<String, Float> scalars(UnknownFieldSet event) throws IOException {
        var scalars = new LinkedHashMap<String, Float>();
        ByteString summary = event.getField(5).getLengthDelimitedList().getFirst();
        for (ByteString value : UnknownFieldSet.parseFrom(summary).getField(1).getLengthDelimitedList()) {
            UnknownFieldSet fields = UnknownFieldSet.parseFrom(value);
            scalars.put(fields.getField(1).getLengthDelimitedList().getFirst().toStringUtf8(),
                    Float.intBitsToFloat(fields.getField(2).getFixed32List().getFirst()));
        }
        return scalars;
    }

    /** {@return the messages of the one file in {@code directory}, whose checksums are right} */
    static List<UnknownFieldSet> read(Path directory) throws IOException {
        ByteBuffer bytes;
        try (var files = Files.list(directory)) {
            Path file = files.reduce((a, b) -> {
                throw new AssertionError(a + " and " + b);
            }).orElseThrow();
            assertTrue(file.getFileName().toString().startsWith("events.out.tfevents."), file.toString());
            bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        }
        var events = new ArrayList<UnknownFieldSet>();
        while (bytes.hasRemaining()) {
            var length = new byte[8];
            bytes.get(length);
            assertEquals(masked(checksum(length)), bytes.getInt());
            var data = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            bytes.get(data);
            assertEquals(masked(checksum(data)), bytes.getInt());
            events.add(UnknownFieldSet.parseFrom(data));
        }
        return events;
    }

    /** CRC-32C by its definition: the reflected polynomial 0x1EDC6F41, bit by bit. */
    private static int checksum(byte[] data) {
        int register = ~0;
        for (byte b : data) {
            register ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                register = register >>> 1 ^ ((register & 1) == 0 ? 0 : 0x82F63B78);
            }
        }
        return ~register;
    }

    private static int masked(int checksum) {
        return (checksum >>> 15 | checksum << 17) + 0xa282ead8;
    }
}
