package dev.rondo.cell;

import dev.rondo.cell.Operands.Extent;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Gradients of one {@link CellPass}. Incoming ones, of output and last state, are read only and zero if absent; outgoing ones
 * that are absent are not computed. Gradients at output beyond a row's length are ignored.
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

    /** Starts the gradients of {@code pass}. */
    public static Builder of(CellPass pass) {
        return new Builder(pass);
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

    /** {@return in: gradient of plane {@code plane} of the last state, [B, P], or null} */
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

    /** {@return out, assigned: gradient of plane {@code plane} of the initial state, [B, P], or null} */
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

    /** Collects gradients and checks each. */
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

        /** Takes the gradient of the output from {@code values} [T, B, P0], rows {@code rowStride} elements apart. */
        public Builder output(MemorySegment values, long rowStride) {
            var extent = new Extent(pass.shape().rows(), pass.cell().outputSize(), rowStride);
            this.output = operands.addRows("gradient of output", values, extent, precision);
            this.outputStride = rowStride;
            return this;
        }

        /** Takes the gradient of plane {@code plane} of the last state from {@code values} [B, P]. */
        public Builder last(int plane, MemorySegment values) {
            last[plane] = add("gradient of last[" + plane + "]", values, planeCount(plane));
            return this;
        }

        /** Adds the gradient of the parameters to {@code values}, laid out as the parameters. */
        public Builder params(MemorySegment values) {
            this.params = addResult("gradient of params", values, pass.params().byteSize() / precision.bytes());
            return this;
        }

        /**
         * Assigns the gradient of the dense input to {@code values} [T, B, I], or adds it if {@code accumulate}; rows
         * (t, b) lie {@code rowStride} elements apart.
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
         * Assigns the gradient of plane {@code plane} of the initial state to {@code values} [B, P]; may be the memory
         * given to last.
         */
        public Builder initial(int plane, MemorySegment values) {
            initial[plane] = addResult("gradient of initial[" + plane + "]", values, planeCount(plane));
            return this;
        }

        /** Assigns the gradient of the pre-activations, [T, B, R]. */
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
