package dev.rondo.network;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** What a network, and the states that a pass carries, are in a checkpoint. */
final class NetworkSections {
    private static final String DESCRIPTION = "network.description";
    private static final String PRECISION = "network.precision";
    private static final String PARAMETERS = "network.parameters";
    private static final String TIME = "state.time";
    private static final String BEGINS = "state.begins";
    private static final String MASKS = "network.masks";

    private NetworkSections() {}

    static void write(Network network, Checkpoint.Builder checkpoint) {
        MemorySegment slab = network.parameters().slab(); // of a closed network there is none: nothing is added
        checkpoint.text(DESCRIPTION, network.description().text())
                .text(PRECISION, network.precision().name())
                .numbers(PARAMETERS, network.precision(), slab);
        if (network.description().drawsMasks()) {
            checkpoint.longs(MASKS, network.maskSeeds().state());
        }
    }

    static Network read(Checkpoint checkpoint, UnaryOperator<Network.Builder> options) throws CheckpointException {
        NetworkDescription description;
        Precision precision;
        long bytes;
        String section = DESCRIPTION;
        try {
            description = NetworkDescription.parse(checkpoint.text(DESCRIPTION));
            section = PRECISION;
            precision = Precision.valueOf(checkpoint.text(PRECISION));
            section = PARAMETERS;
            bytes = Math.multiplyExact(description.layout().count(), precision.bytes());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw checkpoint.damaged(section, e);
        }
        checkpoint.expect(PARAMETERS, bytes); // before memory for that many is asked for
        Network.Builder builder = options.apply(Network.of(description).precision(precision));
        Objects.requireNonNull(builder, "options: expected to get the builder back, got null");
        if (builder.drawing != null) {
            throw new IllegalArgumentException(
                    builder.drawing + ": expected none, for the parameters are the file's, got one");
        }
        Network network = builder.withoutFirstParameters().build();
        try {
            if (!network.description().equals(description)) {
                throw new IllegalArgumentException(
                        "options: expected backend, threads and the like, got another network than the file's");
            }
            copy(checkpoint, PARAMETERS, precision, network.precision(), network.parameters().slab());
            network.parameters().changed();
            restoreMasks(checkpoint, network);
            return network;
        } catch (CheckpointException | RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private static void copy(Checkpoint checkpoint, String name, Precision written, Precision precision,
            MemorySegment target) throws CheckpointException {
        if (written == precision) {
            checkpoint.copy(name, precision, target);
        } else {
            try (var memory = new Workspace("checkpoint")) {
                long count = target.byteSize() / precision.bytes();
                MemorySegment numbers = memory.allocate(written, count);
                checkpoint.copy(name, written, numbers);
                for (long i = 0; i < count; i++) {
                    precision.set(target, i, written.get(numbers, i));
                }
            }
        }
    }

    static void restore(Network network, Checkpoint checkpoint) throws CheckpointException {
        String text = checkpoint.text(DESCRIPTION);
        try {
            // As text first: that of a cell that is not in the list can be compared, not parsed.
            if (!text.equals(network.description().text())
                    && !NetworkDescription.parse(text).equals(network.description())) {
                throw new IllegalArgumentException("expected that of this network, got another's");
            }
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(DESCRIPTION, e);
        }
        checkpoint.expect(PARAMETERS, network.parameters().slab().byteSize()); // before anything is changed
        restoreMasks(checkpoint, network);
        checkpoint.copy(PARAMETERS, network.precision(), network.parameters().slab());
        network.parameters().changed();
    }

    private static void restoreMasks(Checkpoint checkpoint, Network network) throws CheckpointException {
        if (network.description().drawsMasks()) {
            network.maskSeeds().state(checkpoint.longs(MASKS, 1)[0]);
        }
    }

    static void writeStates(NetworkPass pass, Checkpoint.Builder checkpoint) {
        states(pass).forEach((name, state) -> checkpoint.numbers(name, pass.network().precision(), state));
        checkpoint.longs(TIME, pass.timeOrigin()).longs(BEGINS, pass.begins());
    }

    /** {@return the precision of the network in a checkpoint; of none, another} */
    private static Precision precision(Checkpoint checkpoint, Precision otherwise) throws CheckpointException {
        try {
            return checkpoint.has(PRECISION) ? Precision.valueOf(checkpoint.text(PRECISION)) : otherwise;
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(PRECISION, e);
        }
    }

    static void restoreStates(NetworkPass pass, Checkpoint checkpoint) throws CheckpointException {
        Map<String, MemorySegment> states = states(pass);
        Precision written = precision(checkpoint, pass.network().precision());
        for (var state : states.entrySet()) { // before the first is written over
            long count = state.getValue().byteSize() / pass.network().precision().bytes();
            checkpoint.expect(state.getKey(), count * written.bytes());
        }
        long time = checkpoint.has(TIME) ? checkpoint.longs(TIME, 1)[0] : 0; // earlier files have no cells with clocks
        long[] begins = new long[pass.batchSize()]; // no sequence, as earlier files mean it
        if (checkpoint.has(BEGINS)) {
            begins = checkpoint.longs(BEGINS, begins.length);
            if (Arrays.stream(begins).anyMatch(mark -> mark != 0 && mark != 1)) {
                throw checkpoint.damaged(BEGINS, new IllegalArgumentException("expected marks of 0 and 1"));
            }
        }
        for (var state : states.entrySet()) {
            copy(checkpoint, state.getKey(), written, pass.network().precision(), state.getValue());
        }
        pass.timeOrigin(time);
        pass.begins(begins);
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
}
