package dev.rondo.cell;

import dev.rondo.cell.Operands.Extent;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Gradients of one {@link CellPass}. Incoming ones, of output and last state, are read only and zero if absent;
 * outgoing ones that are absent are not computed. Gradients at output beyond a row's length are ignored.
 */
public final class CellGradients {
    private final CellPass pass;
    private final MemorySegment output;
    private final long outputStride;
    private final MemorySegment[] last;
    private final MemorySegment params;
    private final MemorySegment input;
    private final long inputStride;
    private final boolean inputAccumulate;
    private final MemorySegment[] initial;
    private final MemorySegment preActivations;
    private final Operands operands;
    private final List<MemorySegment> arenas;

    private CellGradients(Builder b) {
        this.pass = b.pass;
        this.output = b.output;
        this.outputStride = b.outputStride;
        this.last = b.last.clone();
        this.params = b.params;
        this.input = b.input;
        this.inputStride = b.inputStride;
        this.inputAccumulate = b.inputAccumulate;
        this.initial = b.initial.clone();
        this.preActivations = b.preActivations;
        this.operands = b.operands;
        List<MemorySegment> known = new ArrayList<>(List.of(pass.params()));
        known.addAll(pass.arenas());
        List<MemorySegment> all = operands.arenasBeside(known);
        this.arenas = List.copyOf(all.subList(1, all.size()));
        b.operands = null; // what was checked belongs to these gradients now
    }

    /**
     * {@return a builder without any gradients}
     *
     * @param pass what they are gradients of
     */
    public static Builder of(CellPass pass) {
        return new Builder(Objects.requireNonNull(pass, "pass: expected one, got null"));
    }

    /** {@return the pass these are gradients of} */
    public CellPass pass() {
        return pass;
    }

    /** {@return in: gradient of the output, [T, B, P0], or null} */
    public MemorySegment output() {
        return output;
    }

    /** {@return elements between the starts of consecutive rows of {@link #output()}} */
    public long outputStride() {
        return outputStride;
    }

    /**
     * {@return in: gradient of a plane of the last state, [B, P], or null}
     *
     * @param plane which plane
     * @throws IndexOutOfBoundsException if there is no such plane
     */
    public MemorySegment last(int plane) {
        return last[plane];
    }

    /** {@return out, accumulated: gradient of the parameters, or null} */
    public MemorySegment params() {
        return params;
    }

    /** {@return out: gradient of the dense input, [T, B, I], or null} */
    public MemorySegment input() {
        return input;
    }

    /** {@return elements between the starts of consecutive rows of {@link #input()}} */
    public long inputStride() {
        return inputStride;
    }

    /** {@return whether the gradient of the input is added to what is there, or assigned} */
    public boolean inputAccumulate() {
        return inputAccumulate;
    }

    /**
     * {@return out, assigned: gradient of a plane of the initial state, [B, P], or null}
     *
     * @param plane which plane
     * @throws IndexOutOfBoundsException if there is no such plane
     */
    public MemorySegment initial(int plane) {
        return initial[plane];
    }

    /** {@return out, assigned: gradient of the pre-activations, [T, B, R], or null} */
    public MemorySegment preActivations() {
        return preActivations;
    }

    /** {@return what {@link CellPass#arenas()} says, for these gradients and their pass} */
    public List<MemorySegment> arenas() {
        return arenas;
    }

    void checkAlive() {
        operands.checkAlive();
    }

    /**
     * Collects gradients and checks each. A segment fits if it is native, long enough, aligned to its elements and,
     * where it is written to, not read-only.
     */
    public static final class Builder {
        private final CellPass pass;
        private final Precision precision;
        private final MemorySegment[] last;
        private final MemorySegment[] initial;
        private Operands operands = new Operands();
        private MemorySegment output;
        private long outputStride;
        private MemorySegment params;
        private MemorySegment input;
        private long inputStride;
        private boolean inputAccumulate;
        private MemorySegment preActivations;

        private Builder(CellPass pass) {
            this.pass = pass;
            this.precision = pass.precision();
            this.last = new MemorySegment[pass.cell().planeWidths().length];
            this.initial = new MemorySegment[last.length];
        }

        /**
         * Takes the gradient of the output.
         *
         * @param values [T, B, P0], to be read
         * @param rowStride elements between the starts of consecutive rows, at least P0
         * @return this
         * @throws IllegalArgumentException if segment or stride does not fit
         */
        public Builder output(MemorySegment values, long rowStride) {
            var extent = new Extent(pass.shape().rows(), pass.cell().outputSize(), rowStride);
            this.output = operands.addRows("gradient of output", values, extent, precision);
            this.outputStride = rowStride;
            return this;
        }

        /**
         * Takes the gradient of a plane of the last state.
         *
         * @param plane which plane
         * @param values [B, P], to be read
         * @return this
         * @throws IllegalArgumentException if there is no such plane or the segment does not fit
         */
        public Builder last(int plane, MemorySegment values) {
            last[plane] = add("gradient of last[" + plane + "]", values, planeCount(plane));
            return this;
        }

        /**
         * Adds the gradient of the parameters to what is there.
         *
         * @param values laid out as the parameters
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder params(MemorySegment values) {
            this.params = addResult("gradient of params", values, pass.params().byteSize() / precision.bytes());
            return this;
        }

        /**
         * Assigns or adds the gradient of the dense input.
         *
         * @param values [T, B, I]
         * @param rowStride elements between the starts of consecutive rows, at least I
         * @param accumulate whether it is added to what is there
         * @return this
         * @throws IllegalArgumentException if segment or stride does not fit, or the input is tokens
         */
        public Builder input(MemorySegment values, long rowStride, boolean accumulate) {
            if (pass.inputKind() == InputKind.TOKENS) {
                throw new IllegalArgumentException("input: expected none, for tokens have no gradient; got a segment");
            }
            var extent = new Extent(pass.shape().rows(), pass.shape().inputSize(), rowStride);
            String name = "gradient of input";
            this.input = operands.addRows(name, Operands.writable(name, values), extent, precision);
            this.inputStride = rowStride;
            this.inputAccumulate = accumulate;
            return this;
        }

        /**
         * Assigns the gradient of a plane of the initial state.
         *
         * @param plane which plane
         * @param values [B, P]; may be the memory given to {@link #last}
         * @return this
         * @throws IllegalArgumentException if there is no such plane or the segment does not fit
         */
        public Builder initial(int plane, MemorySegment values) {
            initial[plane] = addResult("gradient of initial[" + plane + "]", values, planeCount(plane));
            return this;
        }

        /**
         * Assigns the gradient of the pre-activations.
         *
         * @param values [T, B, R] without gaps
         * @return this
         * @throws IllegalArgumentException if the segment does not fit
         */
        public Builder preActivations(MemorySegment values) {
            long count = pass.shape().rows() * pass.cell().rows();
            this.preActivations = addResult("gradient of preActivations", values, count);
            return this;
        }

        /** {@return the gradients; the builder is used up} */
        public CellGradients build() {
            return new CellGradients(this);
        }

        private MemorySegment addResult(String name, MemorySegment values, long elements) {
            return add(name, Operands.writable(name, values), elements);
        }

        private MemorySegment add(String name, MemorySegment values, long elements) {
            return operands.add(name, values, elements, precision.bytes());
        }

        private long planeCount(int plane) {
            return pass.shape().planeCount(pass.cell(), plane);
        }
    }
}
