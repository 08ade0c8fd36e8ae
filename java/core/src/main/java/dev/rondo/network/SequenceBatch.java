package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * Sequences side by side, time-major: what one {@link NetworkPass} reads. A batch is a view of the arrays or segments
 * that it is given: it owns nothing, copies nothing, and is refilled by writing into them before the next pass.
 *
 * <pre>{@code
 * var ids = new int[timeSteps * batchSize];
 * var next = new int[timeSteps * batchSize];
 * var batch = SequenceBatch.tokens(ids, timeSteps, batchSize).targets(next);
 * }</pre>
 *
 * <p>T time steps, B sequences, I numbers per step; element (t, b) of what is [T, B] lies at {@code t * B + b}.
 */
public final class SequenceBatch {
    /** The target of a position that does not count. */
    public static final int IGNORED = -1;

    private final int timeSteps;
    private final int batchSize;
    private final int inputSize;
    private final Precision precision;
    private final MemorySegment values;
    private final MemorySegment tokens;
    private final MemorySegment targets;
    private final MemorySegment lengths;
    private final MemorySegment hold;

    private SequenceBatch(SequenceBatch from, MemorySegment targets, MemorySegment lengths, MemorySegment hold) {
        this.timeSteps = from.timeSteps;
        this.batchSize = from.batchSize;
        this.inputSize = from.inputSize;
        this.precision = from.precision;
        this.values = from.values;
        this.tokens = from.tokens;
        this.targets = targets;
        this.lengths = lengths;
        this.hold = hold;
    }

    private SequenceBatch(MemorySegment values, Precision precision, int timeSteps, int batchSize, int inputSize) {
        this.timeSteps = CellShape.atLeastOne("timeSteps", timeSteps);
        this.batchSize = CellShape.atLeastOne("batchSize", batchSize);
        this.inputSize = CellShape.atLeastOne("inputSize", inputSize);
        this.precision = precision;
        boolean dense = precision != null;
        this.values = dense ? sized("values", values, rows() * inputSize, precision.bytes()) : null;
        this.tokens = dense ? null : sized("tokens", values, rows(), Integer.BYTES);
        this.targets = null;
        this.lengths = null;
        this.hold = null;
    }

    /** {@return a batch of numbers [T, B, I]} */
    public static SequenceBatch of(float[] values, int timeSteps, int batchSize, int inputSize) {
        return of(MemorySegment.ofArray(values), Precision.FLOAT32, timeSteps, batchSize, inputSize);
    }

    /** {@return a batch of numbers [T, B, I]} */
    public static SequenceBatch of(double[] values, int timeSteps, int batchSize, int inputSize) {
        return of(MemorySegment.ofArray(values), Precision.FLOAT64, timeSteps, batchSize, inputSize);
    }

    /** {@return a batch of numbers [T, B, I] of the given precision, on the heap or native} */
    public static SequenceBatch of(
            MemorySegment values, Precision precision, int timeSteps, int batchSize, int inputSize) {
        return new SequenceBatch(values, precision, timeSteps, batchSize, inputSize);
    }

    /** {@return a batch of tokens [T, B]} */
    public static SequenceBatch tokens(int[] ids, int timeSteps, int batchSize) {
        return tokens(MemorySegment.ofArray(ids), timeSteps, batchSize);
    }

    /** {@return a batch of tokens, int32 [T, B], on the heap or native} */
    public static SequenceBatch tokens(MemorySegment ids, int timeSteps, int batchSize) {
        return new SequenceBatch(ids, null, timeSteps, batchSize, 1);
    }

    /** {@return this batch with the class [T, B] that each position shall have, or {@link #IGNORED}} */
    public SequenceBatch targets(int[] classes) {
        return targets(MemorySegment.ofArray(classes));
    }

    /** {@return this batch with the class, int32 [T, B], that each position shall have, or {@link #IGNORED}} */
    public SequenceBatch targets(MemorySegment classes) {
        return new SequenceBatch(this, sized("targets", classes, rows(), Integer.BYTES), lengths, hold);
    }

    /** {@return this batch with the length of each sequence [B], from 0 to T; beyond it nothing happens or counts} */
    public SequenceBatch lengths(int[] values) {
        return lengths(MemorySegment.ofArray(values));
    }

    /**
     * {@return this batch with the length of each sequence, int32 [B], from 0 to T; beyond it nothing happens or
     * counts}
     */
    public SequenceBatch lengths(MemorySegment values) {
        return new SequenceBatch(this, targets, sized("lengths", values, batchSize, Integer.BYTES), hold);
    }

    /** {@return this batch with marks [T, B]: where one is not zero, every layer holds its state} */
    public SequenceBatch hold(byte[] marks) {
        return new SequenceBatch(this, targets, lengths, sized("hold", MemorySegment.ofArray(marks), rows(), 1));
    }

    /** {@return T} */
    public int timeSteps() {
        return timeSteps;
    }

    /** {@return B} */
    public int batchSize() {
        return batchSize;
    }

    /** {@return I; 1 for tokens} */
    public int inputSize() {
        return inputSize;
    }

    /** {@return T * B} */
    public long rows() {
        return (long) timeSteps * batchSize;
    }

    /** {@return the precision of {@link #values()}, or null for tokens} */
    public Precision precision() {
        return precision;
    }

    /** {@return numbers [T, B, I], or null for tokens} */
    public MemorySegment values() {
        return values;
    }

    /** {@return tokens, int32 [T, B], or null for numbers} */
    public MemorySegment tokens() {
        return tokens;
    }

    /** {@return targets, int32 [T, B], or null if there are none} */
    public MemorySegment targets() {
        return targets;
    }

    /** {@return lengths, int32 [B], or null if all are T} */
    public MemorySegment lengths() {
        return lengths;
    }

    /** {@return marks [T, B] of what is held, or null if nothing is} */
    public MemorySegment hold() {
        return hold;
    }

    private static MemorySegment sized(String name, MemorySegment segment, long elements, int elementBytes) {
        if (segment.byteSize() != elements * elementBytes) {
            throw new IllegalArgumentException(name + ": expected " + elements + " elements of " + elementBytes
                    + " bytes, got " + segment.byteSize() + " bytes");
        }
        return segment;
    }
}
