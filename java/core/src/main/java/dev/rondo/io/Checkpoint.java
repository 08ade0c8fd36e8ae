package dev.rondo.io;

import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkPass;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A file of named sections that holds a network, and whatever training it needs to go on. A write that is interrupted
 * leaves the old file; a file that is damaged is refused.
 *
 * <pre>{@code
 * Checkpoint.builder().network(network).trainer(trainer).write(path);
 *
 * Checkpoint checkpoint = Checkpoint.read(path);
 * Network network = checkpoint.network(builder -> builder.threads(2));
 * checkpoint.restore(trainer);
 * }</pre>
 */
public final class Checkpoint {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String DESCRIPTION = "network.description";
    private static final String PRECISION = "network.precision";
    private static final String PARAMETERS = "network.parameters";
    private static final String STEPS = "trainer.steps";
    private static final String SCHEDULE = "trainer.schedule";
    private static final String OPTIMIZER = "trainer.";

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
     * {@return what {@code file} holds}
     *
     * @throws CheckpointException if the file is no checkpoint, is damaged, or is of a newer format
     * @throws IOException if the file cannot be read
     */
    public static Checkpoint read(Path file) throws IOException {
        return new Checkpoint(file, CheckpointFile.read(file));
    }

    /** {@return the file that this was read from} */
    public Path file() {
        return file;
    }

    /** {@return whether there is a section called {@code name}} */
    public boolean has(String name) {
        return sections.containsKey(name);
    }

    /**
     * {@return the text in section {@code name}}
     *
     * @throws CheckpointException if there is no such section
     */
    public String text(String name) throws CheckpointException {
        return new String(section(name).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /** {@return the texts of all sections whose names begin with {@code prefix}, by the rest of the name} */
    public Map<String, String> texts(String prefix) throws CheckpointException {
        var texts = new LinkedHashMap<String, String>();
        for (String name : sections.keySet()) {
            if (name.startsWith(prefix)) {
                texts.put(name.substring(prefix.length()), text(name));
            }
        }
        return texts;
    }

    /**
     * {@return the integers in section {@code name}}
     *
     * @throws CheckpointException if there is no such section, or it holds no integers
     */
    public int[] ints(String name) throws CheckpointException {
        return divisible(name, Integer.BYTES).toArray(INT);
    }

    /**
     * {@return the {@code count} long integers in section {@code name}}
     *
     * @throws CheckpointException if there is no such section, or it holds another number
     */
    public long[] longs(String name, int count) throws CheckpointException {
        return sized(name, (long) count * Long.BYTES).toArray(LONG);
    }

    /**
     * Copies the numbers in section {@code name} to {@code target}.
     *
     * @throws CheckpointException if there is no such section, or it holds another number of them
     */
    public void copy(String name, Precision precision, MemorySegment target) throws CheckpointException {
        copyNumbers(sized(name, target.byteSize()), littleEndian(precision), target, nativeOrder(precision));
    }

    /**
     * {@return the network: its own description, precision and parameters; backend and threads as {@code options} set
     * them}
     *
     * @throws CheckpointException if there is none
     */
    public Network network(UnaryOperator<Network.Builder> options) throws CheckpointException {
        NetworkDescription description;
        Precision precision;
        long bytes;
        try {
            description = NetworkDescription.parse(text(DESCRIPTION));
            precision = Precision.valueOf(text(PRECISION));
            bytes = Math.multiplyExact(description.layout().count(), precision.bytes());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw damaged(DESCRIPTION, e);
        }
        sized(PARAMETERS, bytes); // before memory for that many is asked for
        Network network = options.apply(Network.of(description)).precision(precision).build();
        try {
            copy(PARAMETERS, precision, network.parameters().slab());
            network.parameters().changed();
            return network;
        } catch (CheckpointException | RuntimeException e) {
            network.close();
            throw e;
        }
    }

    /**
     * Puts {@code trainer}, made with the same optimiser and schedule on the same network, where it was.
     *
     * @throws CheckpointException if there is no such trainer in this checkpoint
     */
    public void restore(Trainer trainer) throws CheckpointException {
        for (var slab : trainer.optimizerState().slabs().entrySet()) {
            copy(OPTIMIZER + slab.getKey(), trainer.network().precision(), slab.getValue());
        }
        trainer.optimizerState().steps(longs(STEPS, 1)[0]);
        long[] memory = longs(SCHEDULE, trainer.schedule().memory().length);
        trainer.rememberLosses(Arrays.stream(memory).mapToDouble(Double::longBitsToDouble).toArray());
    }

    /**
     * Puts the carried states of {@code pass}, of the same network and batch size, where they were.
     *
     * @throws CheckpointException if there are no such states in this checkpoint
     */
    public void restore(NetworkPass pass) throws CheckpointException {
        for (var state : states(pass).entrySet()) {
            copy(state.getKey(), pass.network().precision(), state.getValue());
        }
    }

    /** {@return an exception that says that the contents of section {@code name} make no sense} */
    public CheckpointException damaged(String name, RuntimeException cause) {
        return new CheckpointException(file, "section " + name + ": " + cause.getMessage(), cause);
    }

    private static Map<String, MemorySegment> states(NetworkPass pass) {
        var states = new LinkedHashMap<String, MemorySegment>();
        var layers = pass.network().description().layers();
        for (int layer = 0; layer < layers.size(); layer++) {
            for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                states.put("state.layer" + layer + "." + plane, pass.state(layer, plane));
            }
        }
        return states;
    }

    private MemorySegment section(String name) throws CheckpointException {
        MemorySegment section = sections.get(name);
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

        /** Adds a text. */
        public Builder text(String name, String value) {
            return add(name, MemorySegment.ofArray(value.getBytes(StandardCharsets.UTF_8)));
        }

        /** Adds integers. */
        public Builder ints(String name, int... values) {
            MemorySegment section = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Integer.BYTES)]);
            copyNumbers(MemorySegment.ofArray(values), ValueLayout.JAVA_INT, section, INT);
            return add(name, section);
        }

        /** Adds long integers. */
        public Builder longs(String name, long... values) {
            MemorySegment section = MemorySegment.ofArray(new byte[Math.multiplyExact(values.length, Long.BYTES)]);
            copyNumbers(MemorySegment.ofArray(values), ValueLayout.JAVA_LONG, section, LONG);
            return add(name, section);
        }

        /** Adds numbers; those in native memory are read only when the checkpoint is written. */
        public Builder numbers(String name, Precision precision, MemorySegment values) {
            if (values.isNative() && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
                return add(name, values);
            }
            MemorySegment section = MemorySegment.ofArray(new byte[Math.toIntExact(values.byteSize())]);
            copyNumbers(values, nativeOrder(precision), section, littleEndian(precision));
            return add(name, section);
        }

        /** Adds what {@link Checkpoint#network} reads. */
        public Builder network(Network network) {
            return text(DESCRIPTION, network.description().text())
                    .text(PRECISION, network.precision().name())
                    .numbers(PARAMETERS, network.precision(), network.parameters().slab());
        }

        /** Adds what {@link Checkpoint#restore(Trainer)} reads. */
        public Builder trainer(Trainer trainer) {
            longs(STEPS, trainer.steps());
            longs(SCHEDULE, Arrays.stream(trainer.schedule().memory()).mapToLong(Double::doubleToLongBits).toArray());
            trainer.optimizerState().slabs().forEach(
                    (name, slab) -> numbers(OPTIMIZER + name, trainer.network().precision(), slab));
            return this;
        }

        /** Adds the states that {@code pass} carries, which {@link Checkpoint#restore(NetworkPass)} reads. */
        public Builder states(NetworkPass pass) {
            Checkpoint.states(pass).forEach((name, state) -> numbers(name, pass.network().precision(), state));
            return this;
        }

        /**
         * Replaces {@code file} by these sections, or leaves it as it was.
         *
         * @throws IOException if it cannot be written
         */
        public void write(Path file) throws IOException {
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
