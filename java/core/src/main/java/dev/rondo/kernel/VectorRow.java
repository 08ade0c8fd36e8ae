package dev.rondo.kernel;

import dev.rondo.cell.Cell;

/**
 * One row of one step as a cell's pointwise part sees it: arrays, and where in them the row lies. Every part is a whole
 * number of vectors long: there are {@link #units} numbers for H units. Beyond H, pre-activations and gradients are
 * zero, and a cell gives gradient 0 for gradient 0.
 */
public final class VectorRow {
    private final int gateStride;
    private final Cell cell;
    private final long variant;
    private final VectorRows gates;
    private final VectorRows[] states;
    private final VectorRows[] gradients; // with a projection, of what it takes in the place of plane 0
    private final VectorRows[] cachePlanes;
    private final VectorRows[] cacheGradients;
    private final VectorRows pointwise;
    private final VectorRows pointwiseGradient;
    private final VectorRows unprojected; // in the place of plane 0, if the cell projects it; else null
    private final float[] scratch;
    private int unit; // the first that is shown
    private int units; // how many are
    private int gateRow;
    private int before;
    private int after;
    private int b;
    private VectorRows operand;
    private int operandRow;
    private VectorRows operandGradient;

    /**
     * A row of {@code sequence}; {@code gradients} are those of the state, [B, P] for each plane, and {@code
     * cacheGradients} those of the cache planes, [B, W] each, if there are any, {@code pointwiseGradient} that of the
     * pointwise parameters, [1, V], {@code unprojectedGradient} that of what is projected, [B, H].
     */
    VectorRow(VectorSequence sequence, VectorRows[] gradients, VectorRows[] cacheGradients,
            VectorRows pointwiseGradient, VectorRows unprojectedGradient) {
        this.gateStride = sequence.gates.groupStride();
        this.units = gateStride;
        this.cell = sequence.cell;
        this.variant = sequence.variant;
        this.gates = sequence.gates;
        this.states = sequence.states;
        this.gradients = gradients.clone();
        if (unprojectedGradient != null) {
            this.gradients[0] = unprojectedGradient;
        }
        this.cachePlanes = sequence.cachePlanes;
        this.cacheGradients = cacheGradients;
        this.pointwise = sequence.weights.pointwiseValues;
        this.pointwiseGradient = pointwiseGradient;
        this.unprojected = sequence.weights.projection == null ? null : sequence.weights.projection.unprojected;
        this.scratch = new float[gateStride];
    }

    /** Moves to row (t, b). */
    VectorRow select(VectorSequence sequence, int t, int b) {
        this.gateRow = sequence.row(t, b);
        this.before = sequence.before(t, b);
        this.after = sequence.after(t, b);
        this.b = b;
        return this;
    }

    /** Shows some units only, from {@code first} on, a whole number of vectors; until it is told otherwise. */
    void units(int first, int count) {
        this.unit = first;
        this.units = count;
    }

    /** Moves to row {@code b} of the recurrent operand, a window; for what is between two products. */
    VectorRow between(VectorRows operand, int b) {
        this.operand = operand;
        this.operandRow = operand.windowRow(b);
        return this;
    }

    /** Gives the gradient of the recurrent operand, [B, P0]; for what is between two products. */
    VectorRow gradientTo(VectorRows operandGradient) {
        this.operandGradient = operandGradient;
        return this;
    }

    /** {@return how many units there are: H, or those of some groups, rounded up to whole vectors} */
    public int units() {
        return units;
    }

    /** {@return {@link Cell#variant} of the cell} */
    public long variant() {
        return variant;
    }

    /** {@return the cell, whose options say what to compute} */
    public Cell cell() {
        return cell;
    }

    /** {@return the array with the pre-activations, or what took their place} */
    public float[] gates() {
        return gates.values();
    }

    /**
     * {@return where the pre-activations of a gate start: one gate after the other}
     *
     * @param gate which gate, from 0
     */
    public int gate(int gate) {
        return gates.at(gateRow) + gate * gateStride + unit;
    }

    /**
     * {@return the array with a state plane, before and after the step} Of a cell with a projection plane 0 is what the
     * projection takes, H numbers, after the step alone.
     *
     * @param plane which plane
     */
    public float[] state(int plane) {
        return (plane == 0 && unprojected != null ? unprojected : states[plane]).values();
    }

    /**
     * {@return where a state plane before the step starts}
     *
     * @param plane which plane
     */
    public int before(int plane) {
        return states[plane].at(before) + unit;
    }

    /**
     * {@return where a state plane after the step starts}
     *
     * @param plane which plane
     */
    public int after(int plane) {
        return (plane == 0 && unprojected != null ? unprojected.at(gateRow) : states[plane].at(after)) + unit;
    }

    /**
     * {@return the array with the gradient of a state plane}
     *
     * @param plane which plane
     */
    public float[] gradient(int plane) {
        return gradients[plane].values();
    }

    /**
     * {@return where the gradient of a state plane starts}
     *
     * @param plane which plane
     */
    public int gradientAt(int plane) {
        return gradients[plane].at(b) + unit;
    }

    /** {@return the array with the recurrent operand: plane 0 before the step, after the recurrent mask} */
    public float[] operand() {
        return operand.values();
    }

    /** {@return where the recurrent operand starts} */
    public int operandAt() {
        return operandRow;
    }

    /** {@return the array with the gradient of the recurrent operand} */
    public float[] operandGradient() {
        return operandGradient.values();
    }

    /** {@return where the gradient of the recurrent operand starts} */
    public int operandGradientAt() {
        return operandGradient.at(b);
    }

    /**
     * {@return the array with a cache plane}
     *
     * @param plane which plane
     */
    public float[] cachePlane(int plane) {
        return cachePlanes[plane].values();
    }

    /**
     * {@return where a cache plane starts}
     *
     * @param plane which plane
     */
    public int cachePlaneAt(int plane) {
        return cachePlanes[plane].at(gateRow);
    }

    /**
     * {@return the array with the gradient of a cache plane}
     *
     * @param plane which plane
     */
    public float[] cacheGradient(int plane) {
        return cacheGradients[plane].values();
    }

    /**
     * {@return where the gradient of a cache plane starts}
     *
     * @param plane which plane
     */
    public int cacheGradientAt(int plane) {
        return cacheGradients[plane].at(b);
    }

    /** {@return the array with the cell's pointwise parameters} */
    public float[] pointwise() {
        return pointwise.values();
    }

    /** {@return the array with the gradients of the pointwise parameters, to be added to} */
    public float[] pointwiseGradient() {
        return pointwiseGradient.values();
    }

    /**
     * {@return where in both a group of H pointwise parameters starts}
     *
     * @param group which group, from 0
     */
    public int pointwiseAt(int group) {
        return group * gateStride + unit;
    }

    /** {@return {@link #units} numbers to work with} */
    public float[] scratch() {
        return scratch;
    }
}
