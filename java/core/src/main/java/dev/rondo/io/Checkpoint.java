package dev.rondo.io;

import dev.rondo.memory.Precision;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A file of named sections: texts, integers, numbers. A write that is interrupted leaves the old file; a file that is
 * damaged is refused. Networks, trainers and passes write and read their own sections:
 *
 * <pre>{@code
 * Checkpoint.builder().add(network::write).add(trainer::write).add(pass::writeStates).text("note", "mine").write(path);
 *
 * Checkpoint checkpoint = Checkpoint.read(path);
 * Network network = Network.read(checkpoint, builder -> builder.threads(2));
 * trainer.restore(checkpoint);
 * pass.restoreStates(checkpoint);
 * }</pre>
 */
public final class Checkpoint {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final Map<String, MemorySegment> sections;

    private Checkpoint(Path file, Map<String, MemorySegment> sections) {
        this.file = file;
        this.sections = sections;
    }

    /** {@return a builder of a checkpoint without sections} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * {@return what a file holds; all of it is in memory then}
     *
     * @param file as {@link Builder#write} wrote it
     * @throws CheckpointException if the file is no checkpoint, is damaged, or is of a newer format
     * @throws IOException if the file cannot be read
     */
    public static Checkpoint read(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected a path, got null");
        return new Checkpoint(file, CheckpointFile.read(file));
    }

    /** {@return the file that this was read from} */
    public Path file() {
        return file;
    }

    /**
     * {@return whether there is a section of a name}
     *
     * @param name any
     */
    public boolean has(String name) {
        return sections.containsKey(requireName(name));
    }

    /**
     * {@return the text in a section}
     *
     * @param name the section's
     * @throws CheckpointException if there is no such section
     */
    public String text(String name) throws CheckpointException {
        return new String(section(name).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /**
     * {@return the texts of all sections whose names begin alike, by the rest of the name, in the order written}
     *
     * @param prefix what they begin with
     * @throws CheckpointException never at present: a section that is there can be read
     */
    public Map<String, String> texts(String prefix) throws CheckpointException {
        Objects.requireNonNull(prefix, "prefix: expected the beginning of names, got null");
        var texts = new LinkedHashMap<String, String>();
        for (String name : sections.keySet()) {
            if (name.startsWith(prefix)) {
                texts.put(name.substring(prefix.length()), text(name));
            }
        }
        return texts;
    }

    /**
     * {@return the integers in a section}
     *
     * @param name the section's
     * @throws CheckpointException if there is no such section, or it holds no integers
     */
    public int[] ints(String name) throws CheckpointException {
        return divisible(name, Integer.BYTES).toArray(INT);
    }

    /**
     * {@return the long integers in a section}
     *
     * @param name the section's
     * @param count how many there must be
     * @throws CheckpointException if there is no such section, or it holds another number
     */
    public long[] longs(String name, int count) throws CheckpointException {
        return sized(name, (long) count * Long.BYTES).toArray(LONG);
    }

    /**
     * Copies the numbers in a section.
     *
     * @param name the section's
     * @param precision the type of the numbers, which is not written into the file
     * @param target where they go: as many as the section holds
     * @throws CheckpointException if there is no such section, or it holds another number of them; nothing is copied
     *     then
     */
    public void copy(String name, Precision precision, MemorySegment target) throws CheckpointException {
        requireName(name);
        Objects.requireNonNull(precision, "precision: expected that of the numbers, got null");
        Objects.requireNonNull(target, "target: expected memory, got null");
        copyNumbers(sized(name, target.byteSize()), littleEndian(precision), target, nativeOrder(precision));
    }

    /**
     * {@return an exception, to be thrown, that says that the contents of a section make no sense}
     *
     * @param name the section's
     * @param cause what its reader threw
     */
    public CheckpointException damaged(String name, RuntimeException cause) {
        requireName(name);
        Objects.requireNonNull(cause, "cause: expected an exception, got null");
        return new CheckpointException(file, "section " + name + ": " + cause.getMessage(), cause);
    }

    /**
     * Checks the size of a section, before something of that size is made.
     *
     * @param name the section's
     * @param bytes how long it must be
     * @throws CheckpointException if there is no such section, or it has another size
     */
    public void expect(String name, long bytes) throws CheckpointException {
        sized(name, bytes);
    }

    private static String requireName(String name) {
        return Objects.requireNonNull(name, "name: expected a section's, got null");
    }

    private MemorySegment section(String name) throws CheckpointException {
        MemorySegment section = sections.get(requireName(name));
        if (section == null) {
            throw new CheckpointException(file, "has no section " + name);
        }
        return section;
    }

    private MemorySegment sized(String name, long bytes) throws CheckpointException {
        MemorySegment section = section(name);
        if (section.byteSize() != bytes) {
            throw new CheckpointException(
                    file, "section " + name + ": expected " + bytes + " bytes, got " + section.byteSize());
        }
        return section;
    }

    private MemorySegment divisible(String name, int elementBytes) throws CheckpointException {
        MemorySegment section = section(name);
        return sized(name, section.byteSize() / elementBytes * elementBytes);
    }

    private static ValueLayout littleEndian(Precision precision) {
        return precision == Precision.FLOAT32
                ? ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN)
                : ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    }

    private static ValueLayout nativeOrder(Precision precision) {
        return precision == Precision.FLOAT32 ? ValueLayout.JAVA_FLOAT_UNALIGNED : ValueLayout.JAVA_DOUBLE_UNALIGNED;
    }

    private static void copyNumbers(MemorySegment from, ValueLayout layout, MemorySegment to, ValueLayout toLayout) {
        MemorySegment.copy(from, layout, 0, to, toLayout, 0, from.byteSize() / layout.byteSize());
    }

    /** Collects sections. */
    public static final class Builder {
        private final Map<String, MemorySegment> sections = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Adds a text.
         *
         * @param name its section's
         * @param value any text, also an empty one
         * @return this builder
         * @throws IllegalArgumentException if there is such a section already
         */
        public Builder text(String name, String value) {
            requireName(name);
            Objects.requireNonNull(value, "value: expected a text, got null");
            return add(name, MemorySegment.ofArray(value.getBytes(StandardCharsets.UTF_8)));
        }

        /**
         * Adds integers.
         *
         * @param name their section's
         * @param values any number of them; copied
         * @return this builder
         * @throws IllegalArgumentException if there is such a section already
         */
        public Builder ints(String name, int... values) {
            requireName(name);
            Objects.requireNonNull(values, "values: expected integers, got null");
            MemorySegment section = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Integer.BYTES)]);
            copyNumbers(MemorySegment.ofArray(values), ValueLayout.JAVA_INT, section, INT);
            return add(name, section);
        }

        /**
         * Adds long integers.
         *
         * @param name their section's
         * @param values any number of them; copied
         * @return this builder
         * @throws IllegalArgumentException if there is such a section already
         */
        public Builder longs(String name, long... values) {
            requireName(name);
            Objects.requireNonNull(values, "values: expected integers, got null");
            MemorySegment section = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Long.BYTES)]);
            copyNumbers(MemorySegment.ofArray(values), ValueLayout.JAVA_LONG, section, LONG);
            return add(name, section);
        }

        /**
         * Adds numbers.
         *
         * @param name their section's
         * @param precision the type of the numbers
         * @param values any number of them; copied, but those in native memory are read only when the checkpoint is
         *     written
         * @return this builder
         * @throws IllegalArgumentException if there is such a section already
         */
        public Builder numbers(String name, Precision precision, MemorySegment values) {
            requireName(name);
            Objects.requireNonNull(precision, "precision: expected that of the values, got null");
            Objects.requireNonNull(values, "values: expected memory, got null");
            if (values.isNative() && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
                return add(name, values);
            }
            MemorySegment section = MemorySegment.ofArray(new byte[Math.toIntExact(values.byteSize())]);
            copyNumbers(values, nativeOrder(precision), section, littleEndian(precision));
            return add(name, section);
        }

        /**
         * Adds what something else writes.
         *
         * @param part is called once, at once, with this builder
         * @return this builder
         */
        public Builder add(Consumer<Builder> part) {
            Objects.requireNonNull(part, "part: expected what writes sections, got null");
            part.accept(this);
            return this;
        }

        /**
         * Writes all sections.
         *
         * @param file is replaced by them, or left as it was: a temporary file beside it is written, synced and renamed
         * @throws IOException if it cannot be written
         * @throws IllegalStateException if memory that numbers lie in is closed
         */
        public void write(Path file) throws IOException {
            Objects.requireNonNull(file, "file: expected a path, got null");
            CheckpointFile.write(file, sections);
        }

        private Builder add(String name, MemorySegment section) {
            if (sections.putIfAbsent(name, section) != null) {
                throw new IllegalArgumentException("name: expected a new one, got " + name + " twice");
            }
            return this;
        }
    }
}
