package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A part of a stream, for it to be run again.
 *
 * @param inputs of its steps
 * @param states [B, P] of each layer and plane, those that it was entered in
 * @param begins [B], which sequences began there
 * @param time absolute time of its first step
 * @param masks of dropout and zoneout that it had; null where nothing is drawn
 */
record StreamPiece(
        SequenceBatch inputs, List<MemorySegment> states, boolean[] begins, long time, MaskDraw masks) {
    private static final String NUMBERS = "numbers"; // steps and time
    private static final String BEGINS = "begins";
    private static final String MASKS = "masks";
    private static final String TOKENS = "tokens";
    private static final String VALUES = "values";
    private static final String LENGTHS = "lengths";
    private static final String HOLD = "hold";
    private static final String STATE = "state";

    StreamPiece with(SequenceBatch otherInputs, MaskDraw otherMasks) {
        return new StreamPiece(otherInputs, states, begins, time, otherMasks);
    }

    /** {@return the same, that shares no memory with the caller's batch} */
    StreamPiece keep() {
        int steps = inputs.timeSteps();
        SequenceBatch copy = inputs.tokens() != null
                ? SequenceBatch.tokens(copy(inputs.tokens()), steps, inputs.batchSize())
                : SequenceBatch.of(copy(inputs.values()), inputs.precision(), steps, inputs.batchSize(),
                        inputs.inputSize());
        copy = inputs.lengths() == null ? copy : copy.lengths(copy(inputs.lengths()));
        return with(inputs.hold() == null ? copy : copy.hold(copy(inputs.hold())), masks);
    }

    /** {@return a copy on the heap} */
    static MemorySegment copy(MemorySegment memory) {
        var copy = new double[Math.toIntExact(Math.ceilDiv(memory.byteSize(), Double.BYTES))]; // aligned for all types
        return MemorySegment.ofArray(copy).asSlice(0, memory.byteSize()).copyFrom(memory);
    }

    /** Writes sections whose names begin with {@code prefix}; numbers of the input are float64 there. */
    void write(String prefix, Precision precision, Checkpoint.Builder checkpoint) {
        checkpoint.longs(prefix + NUMBERS, inputs.timeSteps(), time);
        checkpoint.longs(
                prefix + BEGINS, IntStream.range(0, begins.length).mapToLong(b -> begins[b] ? 1 : 0).toArray());
        if (masks != null) {
            checkpoint.longs(prefix + MASKS, masks.seed(), masks.timeSteps(), masks.first());
        }
        if (inputs.tokens() != null) {
            checkpoint.ints(prefix + TOKENS, inputs.tokens().toArray(ValueLayout.JAVA_INT_UNALIGNED));
        } else {
            var values = new double[Math.toIntExact(inputs.rows() * inputs.inputSize())];
            inputs.precision().read(inputs.values(), 0, values, values.length);
            checkpoint.numbers(prefix + VALUES, Precision.FLOAT64, MemorySegment.ofArray(values));
        }
        if (inputs.lengths() != null) {
            checkpoint.ints(prefix + LENGTHS, inputs.lengths().toArray(ValueLayout.JAVA_INT_UNALIGNED));
        }
        if (inputs.hold() != null) {
            byte[] hold = inputs.hold().toArray(ValueLayout.JAVA_BYTE);
            checkpoint.ints(prefix + HOLD, IntStream.range(0, hold.length).map(i -> hold[i]).toArray());
        }
        for (int i = 0; i < states.size(); i++) {
            checkpoint.numbers(prefix + STATE + i, precision, states.get(i));
        }
    }

    /**
     * {@return the piece that such sections hold}
     *
     * @param like states of as many planes and numbers
     */
    static StreamPiece read(String prefix, Network network, int sequences, List<MemorySegment> like,
            Checkpoint checkpoint) throws CheckpointException {
        long[] numbers = checkpoint.longs(prefix + NUMBERS, 2);
        long[] begins = checkpoint.longs(prefix + BEGINS, sequences);
        var states = new ArrayList<MemorySegment>();
        for (int i = 0; i < like.size(); i++) {
            MemorySegment state = copy(like.get(i));
            checkpoint.copy(prefix + STATE + i, network.precision(), state);
            states.add(state);
        }
        try {
            var began = new boolean[sequences];
            LongStream.range(0, sequences).filter(b -> begins[(int) b] != 0).forEach(b -> began[(int) b] = true);
            return new StreamPiece(inputs(prefix, network, (int) numbers[0], sequences, checkpoint), states, began,
                    numbers[1], masks(prefix, checkpoint));
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(prefix + NUMBERS, e);
        }
    }

    private static MaskDraw masks(String prefix, Checkpoint checkpoint) throws CheckpointException {
        if (!checkpoint.has(prefix + MASKS)) {
            return null;
        }
        long[] masks = checkpoint.longs(prefix + MASKS, 3);
        return new MaskDraw(masks[0], (int) masks[1], (int) masks[2]);
    }

    private static SequenceBatch inputs(String prefix, Network network, int steps, int sequences,
            Checkpoint checkpoint) throws CheckpointException {
        SequenceBatch inputs;
        if (network.description().input().tokens()) {
            inputs = SequenceBatch.tokens(checkpoint.ints(prefix + TOKENS), steps, sequences);
        } else {
            long count = (long) steps * sequences * network.inputSize();
            checkpoint.expect(prefix + VALUES, count * Double.BYTES);
            var values = new double[Math.toIntExact(count)];
            checkpoint.copy(prefix + VALUES, Precision.FLOAT64, MemorySegment.ofArray(values));
            inputs = SequenceBatch.of(values, steps, sequences, network.inputSize());
        }
        inputs = checkpoint.has(prefix + LENGTHS) ? inputs.lengths(checkpoint.ints(prefix + LENGTHS)) : inputs;
        if (!checkpoint.has(prefix + HOLD)) {
            return inputs;
        }
        int[] marks = checkpoint.ints(prefix + HOLD);
        var hold = new byte[marks.length];
        for (int i = 0; i < hold.length; i++) {
            hold[i] = (byte) marks[i];
        }
        return inputs.hold(hold);
    }
}
