package dev.rondo.cell;

import dev.rondo.cell.Operands.Extent;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * All that one forward pass, and the backward pass after it, works on: one layer, one direction, one whole sequence.
 * Made once per batch shape and used again for every batch: extents, strides and alignment are checked when it is made,
 * contents (lengths, tokens) at each call. T, B, I as in {@link CellShape}, P<sub>p</sub> the width of state plane p.
 *
 * <p>At step (t, b) with t at or beyond the row's length, the state stays as it is and the output is zero. Else, where
 * {@code hold} is set, the state is held and the output repeats it. A reversed pass starts at each row's own last
 * element. A row of length 0 ends in its initial state.
 */
public final class CellPass {
    /** What the layer reads. */
    public sealed interface Input permits Dense, Tokens {}

    /**
     * Numbers, [T, B, I]. Beyond a row's length, and where a whole row is held, they may be anything, even
     * not-a-number.
     *
     * @param values native segment; row (t, b) starts at element (t * B + b) * rowStride
     * @param rowStride at least I
     */
    public record Dense(MemorySegment values, long rowStride) implements Input {
        /** Refuses null; all else is checked when a pass takes it. */
        public Dense {
            Objects.requireNonNull(values, "values: expected a segment, got null");
        }
    }

    /**
     * Tokens, int32 [T, B], each from 0 to I - 1; beyond a row's length any such number.
     *
     * @param ids native segment
     */
    public record Tokens(MemorySegment ids) implements Input {
        /** Refuses null; all else is checked when a pass takes it. */
        public Tokens {
            Objects.requireNonNull(ids, "ids: expected a segment, got null");
        }
    }

    private final Cell cell;
    private final CellShape shape;
    private final Parameters parameters;
    private final MemorySegment params;
    private final Input input;
    private final MemorySegment[] initial;
    private final MemorySegment[] last;
    private final MemorySegment output;
    private final long outputStride;
    private final MemorySegment lengths;
    private final MemorySegment hold;
    private final int holdWidth;
    private final MemorySegment recurrentMask;
    private final long maskStep;
    private final boolean reversed;
    private final MemorySegment cache;
    private final Operands operands;
    private final List<MemorySegment> arenas;
    private long timeOrigin;
    private CellPlan cacheFilledBy;
    private long cacheOrigin; // the time origin that it was filled at

    private CellPass(Builder b) {
        this.cell = b.cell;
        this.shape = b.shape;
        this.parameters = b.parameters;
        this.params = b.params;
        this.input = Objects.requireNonNull(b.input, "input: expected dense values or tokens, got null");
        this.initial = b.initial.clone();
        this.last = b.last.clone();
        this.output = b.output;
        this.outputStride = b.outputStride;
        this.lengths = b.lengths;
        this.hold = b.hold;
        this.holdWidth = b.holdWidth;
        this.recurrentMask = b.recurrentMask;
        this.maskStep = b.maskStep;
        this.reversed = b.reversed;
        this.cache = b.cache;
        this.timeOrigin = b.timeOrigin;
        this.operands = b.operands;
        List<MemorySegment> all = operands.arenasBeside(List.of(params));
        this.arenas = List.copyOf(all.subList(1, all.size()));
        long expected = cell.layout(shape.inputSize(), inputKind()).count();
        if (params.byteSize() != expected * precision().bytes()) {
            throw new IllegalArgumentException("params: expected " + expected + " elements, got "
                    + params.byteSize() / precision().bytes());
        }
        b.operands = null; // what was checked belongs to this pass now
    }

    /**
     * {@return a builder of a pass}
     *
     * @param cell the cell
     * @param shape the sizes of the pass
     * @param parameters slab that the cell's parameters lie in; gives the precision
     * @param offset index of the cell's first parameter in the slab
     * @throws IllegalArgumentException if {@code shape} has another hidden size than the cell, or the cell's parameters
     *     do not fit into the slab from {@code offset} on
     */
    public static Builder of(Cell cell, CellShape shape, Parameters parameters, long offset) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        Objects.requireNonNull(shape, "shape: expected one, got null");
        Objects.requireNonNull(parameters, "parameters: expected a slab, got null");
        return new Builder(cell, shape, parameters, offset);
    }

    /** {@return the cell} */
    public Cell cell() {
        return cell;
    }

    /** {@return the sizes} */
    public CellShape shape() {
        return shape;
    }

    /** {@return the element type} */
    public Precision precision() {
        return parameters.precision();
    }

    /**
     * {@return the slab that {@link #params()} is a slice of; its version says whether packed weights are still good}
     */
    public Parameters parameters() {
        return parameters;
    }

    /** {@return the cell's parameters, in the order of {@link Cell#layout}} */
    public MemorySegment params() {
        return params;
    }

    /** {@return what the layer reads} */
    public Input input() {
        return input;
    }

    /** {@return whether the input is numbers or tokens} */
    public InputKind inputKind() {
        return input instanceof Dense ? InputKind.DENSE : InputKind.TOKENS;
    }

    /**
     * {@return a state plane before the first step, [B, P], or null for zero}
     *
     * @param plane which plane
     * @throws IndexOutOfBoundsException if there is no such plane
     */
    public MemorySegment initial(int plane) {
        return initial[plane];
    }

    /**
     * {@return where a state plane after the last valid step goes, [B, P], or null if not wanted}
     *
     * @param plane which plane
     * @throws IndexOutOfBoundsException if there is no such plane
     */
    public MemorySegment last(int plane) {
        return last[plane];
    }

    /** {@return where the output goes, [T, B, P0], or null if not wanted} */
    public MemorySegment output() {
        return output;
    }

    /** {@return elements between the starts of consecutive output rows (t, b)} */
    public long outputStride() {
        return outputStride;
    }

    /** {@return length of each sequence, int32 [B], or null if all are T} */
    public MemorySegment lengths() {
        return lengths;
    }

    /** {@return bytes [T, B, {@link #holdWidth()}], non-zero = hold the state; or null} */
    public MemorySegment hold() {
        return hold;
    }

    /** {@return 1 if whole rows are held, H if single units are} */
    public int holdWidth() {
        return holdWidth;
    }

    /** {@return factors on plane 0 of the old state where it enters the recurrent product; or null} */
    public MemorySegment recurrentMask() {
        return recurrentMask;
    }

    /** {@return elements between the masks of consecutive steps: 0 = one mask [B, P0] for all, B * P0 = [T, B, P0]} */
    public long maskStep() {
        return maskStep;
    }

    /** {@return whether time runs from each sequence's last element to its first} */
    public boolean reversed() {
        return reversed;
    }

    /** {@return absolute time of step 0, for cells with a clock} */
    public long timeOrigin() {
        return timeOrigin;
    }

    /**
     * Sets the absolute time of step 0: a stream goes on with the same pass. Step t has time {@code time} + t, in a
     * reversed pass too, and for every sequence of the batch.
     *
     * @param time in steps; a backward pass has that of its forward pass
     */
    public void timeOrigin(long time) {
        this.timeOrigin = time;
    }

    /** {@return what forward keeps for backward, or null in inference; its layout is the backend's own} */
    public MemorySegment cache() {
        return cache;
    }

    /**
     * {@return one segment of each arena that this pass works in, but for that of the parameters, whose workspace the
     * plan enters. A body that works on raw addresses sees to it that these stay open}
     */
    public List<MemorySegment> arenas() {
        return arenas;
    }

    /**
     * {@return the length of a sequence, from 0 to T}
     *
     * @param b which sequence
     */
    public int length(int b) {
        return lengths == null ? shape.timeSteps() : lengths.getAtIndex(ValueLayout.JAVA_INT, b);
    }

    /**
     * {@return whether a row moves the state: it lies within the sequence and is not held as a whole}
     *
     * @param t time step
     * @param b sequence
     */
    public boolean active(int t, int b) {
        return t < length(b) && (hold == null || holdWidth != 1 || holdAt(t, b, 0) == 0);
    }

    /**
     * {@return whether a unit is held by itself}
     *
     * @param t time step
     * @param b sequence
     * @param unit hidden unit
     */
    public boolean unitHeld(int t, int b, int unit) {
        return hold != null && holdWidth != 1 && holdAt(t, b, unit) != 0;
    }

    private byte holdAt(int t, int b, int unit) {
        return hold.get(ValueLayout.JAVA_BYTE, ((long) t * shape.batchSize() + b) * holdWidth + unit);
    }

    /** The plan whose forward pass filled the cache; null once backward has consumed it. */
    CellPlan cacheFilledBy() {
        return cacheFilledBy;
    }

    void cacheFilledBy(CellPlan plan) {
        this.cacheFilledBy = plan;
        this.cacheOrigin = timeOrigin;
    }

    void checkTimeOrigin() {
        if (timeOrigin != cacheOrigin) {
            throw new IllegalArgumentException(
                    "timeOrigin: expected " + cacheOrigin + ", as in the forward pass, got " + timeOrigin);
        }
    }

    void checkAlive() {
        operands.checkAlive();
    }

    void checkFits(CellPlan plan) {
        CellShape most = plan.largest();
        if (cell != plan.cell() && !cell.equals(plan.cell())) { // a record's equals takes milliseconds to link
            throw new IllegalArgumentException("cell: expected " + plan.cell() + ", got " + cell);
        }
        if (precision() != plan.precision()) {
            throw new IllegalArgumentException("precision: expected " + plan.precision() + ", got " + precision());
        }
        if (shape.inputSize() != most.inputSize()) {
            throw new IllegalArgumentException(
                    "inputSize: expected " + most.inputSize() + ", got " + shape.inputSize());
        }
        if (shape.timeSteps() > most.timeSteps() || shape.batchSize() > most.batchSize()) {
            throw new IllegalArgumentException("shape: expected at most " + most.timeSteps() + " time steps x "
                    + most.batchSize() + " sequences, got " + shape.timeSteps() + " x " + shape.batchSize());
        }
    }

    void checkCache(long bytes) {
        if (cache.byteSize() < bytes) {
            throw new IllegalArgumentException(
                    "cache: expected at least " + bytes + " bytes, got " + cache.byteSize());
        }
    }

    /** Lengths and tokens are data: looked at before every call, so that no kernel has to. */
    void checkContents() {
        for (int b = 0; lengths != null && b < shape.batchSize(); b++) {
            int length = length(b);
            if (length < 0 || length > shape.timeSteps()) {
                throw new IllegalArgumentException(
                        "lengths[" + b + "]: expected 0 to " + shape.timeSteps() + ", got " + length);
            }
        }
        if (input instanceof Tokens tokens) {
            for (long i = 0; i < shape.rows(); i++) {
                int id = tokens.ids.getAtIndex(ValueLayout.JAVA_INT, i);
                if (id < 0 || id >= shape.inputSize()) {
                    throw new IllegalArgumentException("tokens[" + i / shape.batchSize() + ", " + i % shape.batchSize()
                            + "]: expected 0 to " + (shape.inputSize() - 1) + ", got " + id);
                }
            }
        }
    }

    /**
     * Collects the parts of a pass and checks each. Absent parts have the defaults that the accessors state. A segment
     * fits if it is native, long enough, aligned to its elements and, where it is written to, not read-only.
     */
    public static final class Builder {
        private final Cell cell;
        private final CellShape shape;
        private final Parameters parameters;
        private final MemorySegment params;
        private final Precision precision;
        private final MemorySegment[] initial;
        private final MemorySegment[] last;
        private Operands operands = new Operands();
        private Input input;
        private MemorySegment output;
        private long outputStride;
        private MemorySegment lengths;
        private MemorySegment hold;
        private int holdWidth = 1;
        private MemorySegment recurrentMask;
        private long maskStep;
        private boolean reversed;
        private long timeOrigin;
        private MemorySegment cache;

        private Builder(Cell cell, CellShape shape, Parameters parameters, long offset) {
            if (shape.hiddenSize() != cell.hiddenSize()) {
                throw new IllegalArgumentException(
                        "hiddenSize: expected " + cell.hiddenSize() + ", got " + shape.hiddenSize());
            }
            this.cell = cell;
            this.shape = shape;
            this.parameters = parameters;
            this.precision = parameters.precision();
            // Both input kinds have equally many parameters, so the extent is known before the kind is.
            long count = cell.layout(shape.inputSize(), InputKind.DENSE).count();
            if (offset < 0 || offset + count > parameters.count()) {
                throw new IllegalArgumentException("offset: expected " + count + " parameters from it on within "
                        + parameters.count() + ", got offset " + offset);
            }
            this.params = operands.add(
                    "params", precision.slice(parameters.slab(), offset, count), count, precision.bytes());
            this.initial = new MemorySegment[cell.planeWidths().length];
            this.last = new MemorySegment[cell.planeWidths().length];
        }

        /**
         * Reads numbers, see {@link Dense}.
         *
         * @param values [T, B, I]
         * @param rowStride elements between the starts of consecutive rows, at least I
         * @return this
         * @throws IllegalArgumentException if segment or stride does not fit
         */
        public Builder input(MemorySegment values, long rowStride) {
            var extent = new Extent(shape.rows(), shape.inputSize(), rowStride);
            this.input = new Dense(operands.addRows("input", values, extent, precision), rowStride);
            return this;
        }

        /**
         * Reads tokens, see {@link Tokens}.
         *
         * @param ids int32 [T, B]
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder tokens(MemorySegment ids) {
            this.input = new Tokens(operands.add("tokens", ids, shape.rows(), Integer.BYTES));
            return this;
        }

        /**
         * Starts a state plane from given values.
         *
         * @param plane which plane
         * @param values [B, P]
         * @return this
         * @throws IllegalArgumentException if there is no such plane or the segment does not fit
         */
        public Builder initial(int plane, MemorySegment values) {
            initial[plane] = operands.add("initial[" + plane + "]", values, planeCount(plane), precision.bytes());
            return this;
        }

        /**
         * Keeps a state plane after the last valid step.
         *
         * @param plane which plane
         * @param values where it goes, [B, P]; may be the memory given to {@link #initial}
         * @return this
         * @throws IllegalArgumentException if there is no such plane or the segment does not fit
         */
        public Builder last(int plane, MemorySegment values) {
            String name = "last[" + plane + "]";
            last[plane] = operands.add(name, Operands.writable(name, values), planeCount(plane), precision.bytes());
            return this;
        }

        /**
         * Keeps the output, in time order also when reversed.
         *
         * @param values where it goes, [T, B, P0]
         * @param rowStride elements between the starts of consecutive rows, at least P0
         * @return this
         * @throws IllegalArgumentException if segment or stride does not fit
         */
        public Builder output(MemorySegment values, long rowStride) {
            var extent = new Extent(shape.rows(), cell.outputSize(), rowStride);
            this.output = operands.addRows("output", Operands.writable("output", values), extent, precision);
            this.outputStride = rowStride;
            return this;
        }

        /**
         * Ends each sequence at its own length.
         *
         * @param values int32 [B], each from 0 to T
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder lengths(MemorySegment values) {
            this.lengths = operands.add("lengths", values, shape.batchSize(), Integer.BYTES);
            return this;
        }

        /**
         * Holds the state where a byte is not zero.
         *
         * @param values bytes [T, B, width]
         * @param width 1 to hold whole rows; H to hold single units, which not every cell {@linkplain Cell#holdsUnits()
         *     can}
         * @return this
         * @throws IllegalArgumentException if the width is another, or the segment does not fit
         */
        public Builder hold(MemorySegment values, int width) {
            if (width != 1 && !(width == shape.hiddenSize() && cell.holdsUnits())) {
                String expected = cell.holdsUnits() ? "1 or " + shape.hiddenSize() : "1, for the state is not by unit";
                throw new IllegalArgumentException("width: expected " + expected + ", got " + width);
            }
            this.hold = operands.add("hold", values, shape.rows() * width, 1);
            this.holdWidth = width;
            return this;
        }

        /**
         * Multiplies plane 0 of the old state where it enters the recurrent product, by the same factors at all steps.
         *
         * @param values [B, P0]
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder recurrentMask(MemorySegment values) {
            return recurrentMask(values, 1, 0);
        }

        /**
         * Multiplies plane 0 of the old state where it enters the recurrent product, by factors for each step.
         *
         * @param values [T, B, P0]; where a sequence takes no step they may be anything
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder recurrentMasks(MemorySegment values) {
            Objects.requireNonNull(values, "recurrentMasks: expected a segment, got null");
            return recurrentMask(values, shape.timeSteps(), planeCount(0));
        }

        private Builder recurrentMask(MemorySegment values, int steps, long step) {
            this.recurrentMask = operands.add("recurrentMask", values, steps * planeCount(0), precision.bytes());
            this.maskStep = step;
            return this;
        }

        /**
         * Lets time run backwards, from each sequence's own last element.
         *
         * @param value whether it does; default false
         * @return this
         */
        public Builder reversed(boolean value) {
            this.reversed = value;
            return this;
        }

        /**
         * Sets the absolute time of step 0, for cells with a clock.
         *
         * @param time in steps; default 0
         * @return this
         */
        public Builder timeOrigin(long time) {
            this.timeOrigin = time;
            return this;
        }

        /**
         * Keeps what backward needs; a pass without it is for inference.
         *
         * @param bytes {@link CellPlan#cacheBytes} of them, which the plan checks, aligned to 64
         * @return this
         * @throws IllegalArgumentException if the segment is not native, not aligned or read-only
         */
        public Builder cache(MemorySegment bytes) {
            operands.add("cache", Operands.writable("cache", bytes), 0, 64);
            this.cache = bytes;
            return this;
        }

        /**
         * {@return the pass; the builder is used up}
         *
         * @throws IllegalArgumentException if the slab holds another number of parameters for the kind of input
         * @throws NullPointerException if there is no input
         */
        public CellPass build() {
            return new CellPass(this);
        }

        private long planeCount(int plane) {
            return shape.planeCount(cell, plane);
        }
    }
}
