package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

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
 * <p>T time steps, B sequences, I numbers per step, O outputs; element (t, b) of what is [T, B] lies at
 * {@code t * B + b}. Targets are classes or numbers, per step or per sequence, as the network's head and loss want
 * them.
 *
 * <p>What has another size than its shape says is refused with {@link IllegalArgumentException} when it is given;
 * tokens, classes and lengths out of range are refused when a pass reads them.
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
    private final Parts parts;

    /** What a batch may have beside its inputs; each null if absent. */
    private record Parts(MemorySegment targets, Precision targetPrecision, int targetSize, MemorySegment targetMask,
            MemorySegment lengths, MemorySegment hold) {
        static final Parts NONE = new Parts(null, null, 1, null, null, null);
    }

    private SequenceBatch(SequenceBatch from, Parts parts) {
        this.timeSteps = from.timeSteps;
        this.batchSize = from.batchSize;
        this.inputSize = from.inputSize;
        this.precision = from.precision;
        this.values = from.values;
        this.tokens = from.tokens;
        this.parts = parts;
    }

    private SequenceBatch(MemorySegment values, Precision precision, int timeSteps, int batchSize, int inputSize) {
        this.timeSteps = CellShape.atLeastOne("timeSteps", timeSteps);
        this.batchSize = CellShape.atLeastOne("batchSize", batchSize);
        this.inputSize = CellShape.atLeastOne("inputSize", inputSize);
        this.precision = precision;
        boolean dense = precision != null;
        this.values = dense ? sized("values", values, rows() * inputSize, precision.bytes()) : null;
        this.tokens = dense ? null : sized("tokens", values, rows(), Integer.BYTES);
        this.parts = Parts.NONE;
    }

    /**
     * {@return a batch of numbers}
     *
     * @param values [T, B, I]
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     * @param inputSize I, at least 1
     */
    public static SequenceBatch of(float[] values, int timeSteps, int batchSize, int inputSize) {
        return of(MemorySegment.ofArray(present("values", values)), Precision.FLOAT32, timeSteps, batchSize, inputSize);
    }

    /**
     * {@return a batch of numbers}
     *
     * @param values [T, B, I]
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     * @param inputSize I, at least 1
     */
    public static SequenceBatch of(double[] values, int timeSteps, int batchSize, int inputSize) {
        return of(MemorySegment.ofArray(present("values", values)), Precision.FLOAT64, timeSteps, batchSize, inputSize);
    }

    /**
     * {@return a batch of numbers, on the heap or native}
     *
     * @param values [T, B, I]
     * @param precision the type of the values
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     * @param inputSize I, at least 1
     */
    public static SequenceBatch of(
            MemorySegment values, Precision precision, int timeSteps, int batchSize, int inputSize) {
        present("values", values);
        Objects.requireNonNull(precision, "precision: expected that of the values, got null");
        return new SequenceBatch(values, precision, timeSteps, batchSize, inputSize);
    }

    /**
     * {@return a batch of tokens}
     *
     * @param ids [T, B], each from 0 to V - 1, beyond a length too
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     */
    public static SequenceBatch tokens(int[] ids, int timeSteps, int batchSize) {
        return tokens(MemorySegment.ofArray(present("ids", ids)), timeSteps, batchSize);
    }

    /**
     * {@return a batch of tokens, on the heap or native}
     *
     * @param ids int32 [T, B], each from 0 to V - 1, beyond a length too
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     */
    public static SequenceBatch tokens(MemorySegment ids, int timeSteps, int batchSize) {
        return new SequenceBatch(present("ids", ids), null, timeSteps, batchSize, 1);
    }

    /**
     * {@return this batch with the class that each position shall have}
     *
     * @param classes [T, B], one per step, or [B], one per sequence; each from 0, or {@link #IGNORED}
     * @throws IllegalArgumentException if there are neither T * B nor B of them
     */
    public SequenceBatch targets(int[] classes) {
        return targets(MemorySegment.ofArray(present("classes", classes)));
    }

    /**
     * {@return this batch with the class that each position shall have, on the heap or native}
     *
     * @param classes int32 [T, B], one per step, or [B], one per sequence; each from 0, or {@link #IGNORED}
     * @throws IllegalArgumentException if there are neither T * B nor B of them
     */
    public SequenceBatch targets(MemorySegment classes) {
        return with(aligned(present("classes", classes), 1, Integer.BYTES), null, 1);
    }

    /**
     * {@return this batch with the numbers that each position shall have}
     *
     * @param numbers [T, B, O], per step, or [B, O], per sequence
     * @param outputSize O, at least 1
     * @throws IllegalArgumentException if there are neither T * B * O nor B * O of them
     */
    public SequenceBatch targets(float[] numbers, int outputSize) {
        return targets(MemorySegment.ofArray(present("numbers", numbers)), Precision.FLOAT32, outputSize);
    }

    /**
     * {@return this batch with the numbers that each position shall have}
     *
     * @param numbers [T, B, O], per step, or [B, O], per sequence
     * @param outputSize O, at least 1
     * @throws IllegalArgumentException if there are neither T * B * O nor B * O of them
     */
    public SequenceBatch targets(double[] numbers, int outputSize) {
        return targets(MemorySegment.ofArray(present("numbers", numbers)), Precision.FLOAT64, outputSize);
    }

    /**
     * {@return this batch with the numbers that each position shall have, on the heap or native}
     *
     * @param numbers [T, B, O], per step, or [B, O], per sequence
     * @param of the type of the numbers
     * @param outputSize O, at least 1
     * @throws IllegalArgumentException if there are neither T * B * O nor B * O of them
     */
    public SequenceBatch targets(MemorySegment numbers, Precision of, int outputSize) {
        present("numbers", numbers);
        Objects.requireNonNull(of, "of: expected a precision, got null");
        CellShape.atLeastOne("outputSize", outputSize);
        return with(aligned(numbers, outputSize, of.bytes()), of, outputSize);
    }

    private SequenceBatch with(MemorySegment targets, Precision of, int outputSize) {
        return new SequenceBatch(
                this, new Parts(targets, of, outputSize, parts.targetMask, parts.lengths, parts.hold));
    }

    /**
     * {@return this batch with marks of what counts: where one is zero, the target there is ignored, whatever it is}
     *
     * @param marks one per position, [T, B] or [B] as the targets; or one per number of targets that are numbers,
     *     [T, B, O] or [B, O]. A pass looks whether they fit
     */
    public SequenceBatch targetMask(byte[] marks) {
        return targetMask(MemorySegment.ofArray(present("marks", marks)));
    }

    /**
     * {@return this batch with marks of what counts, on the heap or native}
     *
     * @param marks a byte each, as {@link #targetMask(byte[])} says
     */
    public SequenceBatch targetMask(MemorySegment marks) {
        present("marks", marks);
        return new SequenceBatch(this, new Parts(
                parts.targets, parts.targetPrecision, parts.targetSize, marks, parts.lengths, parts.hold));
    }

    /**
     * {@return this batch with the length of each sequence: beyond it nothing happens or counts}
     *
     * @param values [B], each from 0 to T
     */
    public SequenceBatch lengths(int[] values) {
        return lengths(MemorySegment.ofArray(present("values", values)));
    }

    /**
     * {@return this batch with the length of each sequence, on the heap or native: beyond it nothing happens or counts}
     *
     * @param values int32 [B], each from 0 to T
     */
    public SequenceBatch lengths(MemorySegment values) {
        MemorySegment lengths = sized("lengths", present("values", values), batchSize, Integer.BYTES);
        return new SequenceBatch(this, new Parts(
                parts.targets, parts.targetPrecision, parts.targetSize, parts.targetMask, lengths, parts.hold));
    }

    /**
     * {@return this batch with marks of where every layer holds its state}
     *
     * @param marks [T, B], not zero where it is held
     */
    public SequenceBatch hold(byte[] marks) {
        return hold(MemorySegment.ofArray(present("marks", marks)));
    }

    /**
     * {@return this batch with marks of where every layer holds its state, on the heap or native}
     *
     * @param marks [T, B], a byte each, not zero where it is held
     */
    public SequenceBatch hold(MemorySegment marks) {
        MemorySegment hold = sized("hold", present("marks", marks), rows(), 1);
        return new SequenceBatch(this, new Parts(
                parts.targets, parts.targetPrecision, parts.targetSize, parts.targetMask, parts.lengths, hold));
    }

    /**
     * {@return some steps of this batch, a view of the same memory but for lengths, which are copied: online learners
     * take their steps so} Targets per step are those of the steps; targets per sequence stay with the part that ends
     * where this batch does.
     *
     * <pre>{@code
     * pass.carryState(true);
     * for (int t = 0; t < batch.timeSteps(); t++) {
     *     trainer.step(pass, batch.steps(t, 1));
     * }
     * }</pre>
     *
     * @param from the first step, from 0
     * @param count how many, at least 1
     * @throws IndexOutOfBoundsException if this batch has no such steps
     */
    public SequenceBatch steps(int from, int count) {
        CellShape.atLeastOne("count", count);
        Objects.checkFromIndexSize(from, count, timeSteps);
        SequenceBatch part = tokens != null
                ? tokens(stepsOf(tokens, from, count), count, batchSize)
                : of(stepsOf(values, from, count), precision, count, batchSize, inputSize);
        return new SequenceBatch(part, partsOf(from, count));
    }

    private Parts partsOf(int from, int count) {
        MemorySegment targets = parts.targets;
        MemorySegment mask = parts.targetMask;
        if (targets != null && timeSteps > 1) {
            long elementBytes = (long) parts.targetSize
                    * (parts.targetPrecision == null ? Integer.BYTES : parts.targetPrecision.bytes());
            boolean perStep = targets.byteSize() == rows() * elementBytes;
            boolean last = from + count == timeSteps;
            targets = perStep ? stepsOf(targets, from, count) : last ? targets : null;
            mask = mask == null || targets == null ? null : perStep ? stepsOf(mask, from, count) : mask;
        }
        MemorySegment hold = parts.hold == null ? null : stepsOf(parts.hold, from, count);
        return new Parts(targets, parts.targetPrecision, parts.targetSize, mask, lengthsOf(from, count), hold);
    }

    private MemorySegment lengthsOf(int from, int count) {
        if (parts.lengths == null) {
            return null;
        }
        var lengths = new int[batchSize];
        for (int b = 0; b < batchSize; b++) {
            int whole = parts.lengths.get(ValueLayout.JAVA_INT_UNALIGNED, (long) b * Integer.BYTES);
            lengths[b] = whole > timeSteps ? whole : Math.clamp(whole - from, Math.min(whole, 0), count);
        }
        return MemorySegment.ofArray(lengths);
    }

    /** {@return the part of what is [T, ...]} */
    private MemorySegment stepsOf(MemorySegment all, int from, int count) {
        long step = all.byteSize() / timeSteps;
        return all.asSlice(from * step, count * step);
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

    /** {@return targets: classes, int32, or numbers, of as many positions as there are steps or sequences; or null} */
    public MemorySegment targets() {
        return parts.targets;
    }

    /** {@return the precision of {@link #targets()}, or null if they are classes} */
    public Precision targetPrecision() {
        return parts.targetPrecision;
    }

    /** {@return O, numbers per position of {@link #targets()}; 1 for classes} */
    public int targetSize() {
        return parts.targetSize;
    }

    /** {@return marks of the targets that count, or null if all do} */
    public MemorySegment targetMask() {
        return parts.targetMask;
    }

    /** {@return lengths, int32 [B], or null if all are T} */
    public MemorySegment lengths() {
        return parts.lengths;
    }

    /** {@return marks [T, B] of what is held, or null if nothing is} */
    public MemorySegment hold() {
        return parts.hold;
    }

    /**
     * Says which memory is closed, if any is.
     *
     * @throws IllegalStateException if one is
     */
    void requireOpen() {
        requireOpen("values", values);
        requireOpen("tokens", tokens);
        requireOpen("targets", parts.targets);
        requireOpen("targetMask", parts.targetMask);
        requireOpen("lengths", parts.lengths);
        requireOpen("hold", parts.hold);
    }

    private static void requireOpen(String name, MemorySegment part) {
        if (part != null && !part.scope().isAlive()) {
            throw new IllegalStateException(name + " of the batch: its memory is closed");
        }
    }

    private static <T> T present(String name, T elements) {
        if (elements == null) {
            throw new NullPointerException(name + ": expected an array or memory, got null");
        }
        return elements;
    }

    /** Takes {@code width} elements per step, or per sequence. */
    private MemorySegment aligned(MemorySegment segment, int width, int elementBytes) {
        long perStep = rows() * width;
        long perSequence = (long) batchSize * width;
        if (segment.byteSize() != perStep * elementBytes && segment.byteSize() != perSequence * elementBytes) {
            throw new IllegalArgumentException("targets: expected " + perStep + " elements of " + elementBytes
                    + " bytes, per step, or " + perSequence + ", per sequence, got " + segment.byteSize() + " bytes");
        }
        return segment;
    }

    private static MemorySegment sized(String name, MemorySegment segment, long elements, int elementBytes) {
        if (segment.byteSize() != elements * elementBytes) {
            throw new IllegalArgumentException(name + ": expected " + elements + " elements of " + elementBytes
                    + " bytes, got " + segment.byteSize() + " bytes");
        }
        return segment;
    }
}
