package dev.rondo.cli.report;

import dev.rondo.text.Evaluation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * An event file that TensorBoard reads: records of length, checksum, data, checksum (TensorFlow's TFRecord), each with
 * an {@code Event} of tensorflow/core/util/event.proto.
 *
 * <p>Written by hand, for it is four kinds of fields of three messages: the libraries that have these messages
 * bring TensorFlow's Java bindings, or code generated from a copy of its definitions, of some megabytes.
 */
public final class EventFile implements AutoCloseable {
    private static final String VERSION = "brain.Event:2";

    // Fields of Event, and of the messages in it, by number.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE = 2;
    private static final int SESSION_STATUS = 1;
    private static final int SESSION_START = 1;

    private final FileChannel file;

    private EventFile(FileChannel file) {
        this.file = file;
    }

    /**
     * Begins a file in {@code directory}, which is made if it is absent. TensorBoard reads all files of a directory
     * as one run, and drops what earlier ones say of steps after {@code step}: a training that was killed may have
     * come further than its checkpoint.
     *
     * @param step that the training goes on from; 0 = it begins
     */
    public static EventFile open(Path directory, long step) throws IOException {
        Files.createDirectories(directory);
        double now = System.currentTimeMillis() / 1e3;
        Path name = directory.resolve(Numbers.format("events.out.tfevents.%010d.%s.%d.%d.rondo", (long) now, host(),
                ProcessHandle.current().pid(), System.nanoTime()));
        var file = new EventFile(FileChannel.open(name, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        file.write(new Message().doubles(WALL_TIME, now).bytes(FILE_VERSION, utf8(VERSION)));
        if (step > 0) {
            file.write(new Message().doubles(WALL_TIME, now).varint(STEP, step + 1) // it drops that step, too
                    .bytes(SESSION_LOG, new Message().varint(SESSION_STATUS, SESSION_START).toBytes()));
        }
        return file;
    }

    /**
     * Adds the figures of an evaluation; they are in the file when this returns. Losses are nats per unit; the unit is
     * part of their names, so that TensorBoard draws no two units into one chart.
     *
     * @param e what it gave
     * @param wallTime when it was, in seconds since 1970
     */
    public void append(Evaluation e, double wallTime) throws IOException {
        Message summary = new Message();
        String unit = e.unit().singular();
        scalar(summary, "loss/train (nats per " + unit + ")", e.trainLoss());
        scalar(summary, "loss/validation (nats per " + unit + ")", e.validationLoss());
        scalar(summary, "learning_rate", e.learningRate());
        scalar(summary, "gradient_norm", e.gradientNorm());
        scalar(summary, "throughput (" + e.unit().plural() + " per second)", e.unitsPerSecond());
        write(new Message().doubles(WALL_TIME, wallTime).varint(STEP, e.step()).bytes(SUMMARY, summary.toBytes()));
    }

    /** NaN, where a figure is not known, is left out; infinity is said. */
    private static void scalar(Message summary, String tag, double value) {
        if (!Double.isNaN(value)) {
            summary.bytes(SUMMARY_VALUE,
                    new Message().bytes(VALUE_TAG, utf8(tag)).floats(VALUE_SIMPLE, (float) value).toBytes());
        }
    }

    private void write(Message event) throws IOException {
        byte[] data = event.toBytes();
        ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length).putInt(maskedChecksum(record.array(), 0, 8));
        record.put(data).putInt(maskedChecksum(data, 0, data.length)).flip();
        while (record.hasRemaining()) {
            file.write(record);
        }
    }

    /** As TensorFlow's lib/hash/crc32c.h masks it: a checksum of data that has checksums in it would be weak. */
    private static int maskedChecksum(byte[] data, int offset, int length) {
        var checksum = new CRC32C();
        checksum.update(data, offset, length);
        return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName().replaceAll("[^\\w.-]", "-");
        } catch (UnknownHostException _) {
            return "localhost";
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** A message in the wire format of Protocol Buffers, field by field. */
    private static final class Message {
        private static final int VARINT = 0;
        private static final int FIXED64 = 1;
        private static final int LENGTH_DELIMITED = 2;
        private static final int FIXED32 = 5;

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Message varint(int field, long value) {
            tag(field, VARINT);
            varint(value);
            return this;
        }

        Message doubles(int field, double value) {
            tag(field, FIXED64);
            bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
            return this;
        }

        Message floats(int field, float value) {
            tag(field, FIXED32);
            bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
            return this;
        }

        Message bytes(int field, byte[] value) {
            tag(field, LENGTH_DELIMITED);
            varint(value.length);
            bytes.writeBytes(value);
            return this;
        }

        byte[] toBytes() {
            return bytes.toByteArray();
        }

        private void tag(int field, int type) {
            varint(field << 3 | type);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}
