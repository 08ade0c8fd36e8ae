package dev.rondo.kernel;

/**
 * One row of one step as a cell's pointwise part sees it: arrays, and where in them the row lies. Every part is a whole
 * number of vectors long: there are {@link #units} numbers for H units, and those beyond H are zero and come out as
 * zero if the cell gives 0 for state, pre-activation and gradient 0.
 */
public final class VectorRow {
    private final int units;
    private final VectorRows gates;
    private final VectorRows[] states;
    private final VectorRows[] gradients;
    private final float[] scratch;
    private int gateRow;
    private int before;
    private int after;
    private int b;

    /** A row of {@code sequence}; {@code gradients} are those of the state, [B, P] for each plane, if there are any. */
    VectorRow(VectorSequence sequence, VectorRows[] gradients) {
        this.units = sequence.gates.groupStride();
        this.gates = sequence.gates;
        this.states = sequence.states;
        this.gradients = gradients;
        this.scratch = new float[units];
    }

    /** Moves to row (t, b). */
    VectorRow select(VectorSequence sequence, int t, int b) {
        this.gateRow = sequence.row(t, b);
        this.before = sequence.before(t, b);
        this.after = sequence.after(t, b);
        this.b = b;
        return this;
    }

    /** {@return H, rounded up to whole vectors} */
    public int units() {
        return units;
    }

    /** {@return the array with the pre-activations, or what took their place} */
    public float[] gates() {
        return gates.values();
    }

    /** {@return where those of gate {@code gate} start: {@link #units} each, one gate after the other} */
    public int gate(int gate) {
        return gates.at(gateRow) + gate * units;
    }

    /** {@return the array with state plane {@code plane}, before and after the step} */
    public float[] state(int plane) {
        return states[plane].values();
    }

    /** {@return where plane {@code plane} before the step starts} */
    public int before(int plane) {
        return states[plane].at(before);
    }

    /** {@return where plane {@code plane} after the step starts} */
    public int after(int plane) {
        return states[plane].at(after);
    }

    /** {@return the array with the gradient of plane {@code plane}} */
    public float[] gradient(int plane) {
        return gradients[plane].values();
    }

    /** {@return where the gradient of plane {@code plane} starts} */
    public int gradientAt(int plane) {
        return gradients[plane].at(b);
    }

    /** {@return {@link #units} numbers to work with} */
    public float[] scratch() {
        return scratch;
    }
}
