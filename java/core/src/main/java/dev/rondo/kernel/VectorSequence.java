package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import java.lang.foreign.ValueLayout;

/**
 * What the forward and the backward loop share: the arrays of one chunk of time of a sequence, filled from a pass. T
 * here is the chunk's.
 *
 * <p>States lie in slots in the order of time: the chunk's step t reads slot t and writes slot t + 1; reversed, it
 * reads slot t + 1 and writes slot t.
 *
 * <p>Cached for backward, chunk after chunk as forward went, padded as they lie here: gates [T, B, R], each cache plane
 * [T, B, W], what is projected [T, B, H] if there is a projection, state slots [T + 1, B, P] of each plane.
 */
final class VectorSequence {
    final VectorLayout layout;
    final VectorProduct product;
    final InputKind kind;
    final int[] planeWidths;
    final Cell cell;
    final long variant;
    final VectorGroups groups; // null of a cell that has none
    final VectorWeights weights;
    final VectorRows gates; // [T * B, R]: pre-activations, then activations, then gradients of the pre-activations
    final VectorRows[] cachePlanes; // [T * B, W]
    final VectorRows[] states; // [(T + 1) * B, P]
    final VectorRows input; // [T * B, I]; null for tokens

    private final VectorRows masked; // [B, P0]: the recurrent mask, or the operand that it made
    private CellPass pass;
    private int timeSteps; // of the sequence
    private int batchSize;
    private int chunkSteps; // of all chunks but the last
    private int chunk;
    private int first; // of the chunk's times
    private int steps; // of the chunk

    VectorSequence(Cell cell, CellShape largest, InputKind kind, VectorWidth width, VectorLayout layout) {
        this.layout = layout;
        this.product = width.product();
        this.kind = kind;
        this.planeWidths = cell.planeWidths();
        this.cell = cell;
        this.variant = cell.variant();
        this.groups = VectorGroups.of(cell, width.lanes());
        this.weights = new VectorWeights(cell, largest, kind, layout, product);
        int rows = VectorLayout.chunkRows(largest);
        this.gates = layout.gates(rows);
        this.cachePlanes = layout.cachePlanes(rows);
        this.states = layout.states(rows + largest.batchSize());
        this.input = kind == InputKind.DENSE
                ? VectorRows.of(rows, largest.inputSize(), largest.inputSize())
                : null;
        this.masked = layout.outputs(largest.batchSize());
    }

    /** Starts on {@code pass}: weights are read. */
    void begin(CellPass pass) {
        this.pass = pass;
        this.timeSteps = pass.shape().timeSteps();
        this.batchSize = pass.shape().batchSize();
        this.chunkSteps = VectorLayout.chunkSteps(timeSteps, batchSize);
        weights.load(pass);
    }

    /** {@return the number of chunks} */
    int chunks() {
        return Math.ceilDiv(timeSteps, chunkSteps);
    }

    /** Goes to a chunk, by its number in the order of forward: input is read. */
    void select(int chunk) {
        this.chunk = chunk;
        this.steps = Math.min(chunkSteps, timeSteps - chunk * chunkSteps);
        this.first = pass.reversed() ? timeSteps - chunk * chunkSteps - steps : chunk * chunkSteps;
        if (pass.input() instanceof CellPass.Dense dense) {
            // Where the state does not move the input is anything, not-a-number too: it must not meet a zero gradient.
            for (int t = first; t < first + steps; t++) {
                for (int b = 0; b < batchSize; b++) {
                    long element = passRow(row(t, b)) * dense.rowStride();
                    input.read(row(t, b), pass.active(t, b) ? dense.values() : null, element);
                }
            }
        }
    }

    /** Goes to the next chunk of forward, which starts from the state that the one before ended with. */
    void selectNext() {
        int from = slotRow(steps);
        select(chunk + 1);
        for (VectorRows plane : states) {
            for (int b = 0; b < batchSize; b++) {
                plane.copyRow(plane, from + b, slotRow(0) + b);
            }
        }
    }

    CellPass pass() {
        return pass;
    }

    int batchSize() {
        return batchSize;
    }

    /** {@return the number of time steps in the chunk} */
    int steps() {
        return steps;
    }

    /** {@return the number of rows (t, b) in the chunk} */
    int rows() {
        return steps * batchSize;
    }

    /** {@return the time of the step that comes as number {@code step} of the chunk in this direction} */
    int time(int step) {
        return first + (pass.reversed() ? steps - 1 - step : step);
    }

    /** {@return the row of the arrays that is (t, b), with a time of the chunk} */
    int row(int t, int b) {
        return (t - first) * batchSize + b;
    }

    /** {@return the row (t, b) of the pass, counted from its first, that is row {@code row} of the arrays} */
    long passRow(int row) {
        return (long) first * batchSize + row;
    }

    /** {@return the first of the rows of the states that the chunk's step {@code step}, in this direction, reads} */
    private int slotRow(int step) {
        return (pass.reversed() ? steps - step : step) * batchSize;
    }

    /** {@return the row of the states that step t reads} */
    int before(int t, int b) {
        return row(pass.reversed() ? t + 1 : t, b);
    }

    /** {@return the row of the states that step t writes} */
    int after(int t, int b) {
        return row(pass.reversed() ? t : t + 1, b);
    }

    /** {@return the token of row {@code row}} */
    int token(int row) {
        var tokens = (CellPass.Tokens) pass.input();
        return tokens.ids().getAtIndex(ValueLayout.JAVA_INT, passRow(row));
    }

    /** {@return whether units are held one by one} */
    boolean unitsHeld() {
        return pass.hold() != null && pass.holdWidth() != 1;
    }

    /** {@return [B, P0]: plane 0 before step t, after the recurrent mask} */
    VectorRows operand(int t) {
        if (pass.recurrentMask() == null) {
            return states[0].window(before(t, 0), batchSize);
        }
        mask(t);
        masked.multiply(states[0], before(t, 0));
        return masked;
    }

    /** {@return [B, P0]: the recurrent mask of step t; zero where the state does not move, for there it is anything} */
    VectorRows mask(int t) {
        for (int b = 0; b < batchSize; b++) {
            long element = t * pass.maskStep() + (long) b * planeWidths[0];
            masked.read(b, pass.active(t, b) ? pass.recurrentMask() : null, element);
        }
        return masked.window(0, batchSize);
    }

    /** {@return [B, P]: what weights of a plane multiply at step t; of plane 0 that is {@code operand}} */
    VectorRows operand(int plane, VectorRows operand, int t) {
        return plane == 0 ? operand : states[plane].window(before(t, 0), batchSize);
    }

    /** Adds the products of the recurrent weights and the planes before step t to its gates. */
    void multiplyState(VectorRows operand, int t) {
        for (VectorMatrix matrix : weights.recurrent) {
            matrix.multiply(product, operand(matrix.plane(), operand, t), gates, row(t, 0));
        }
    }

    /** Adds the products of the second weights and the cache planes to the gates of step t. */
    void multiplyCachePlanes(int t) {
        for (VectorMatrix matrix : weights.second) {
            VectorRows plane = cachePlanes[matrix.plane()].window(row(t, 0), batchSize);
            matrix.multiply(product, plane, gates, row(t, 0));
        }
    }

    /** Where the state does not move, nothing is in the cache planes: neither may 0 times what is there be NaN. */
    void clearCachePlanes(int t, int b) {
        for (VectorRows plane : cachePlanes) {
            plane.clear(row(t, b));
        }
    }

    private long cacheStart() {
        return layout.cacheBytes(chunk, (long) chunk * chunkSteps, batchSize);
    }

    void save() {
        long at = gates.save(rows(), pass.cache(), cacheStart());
        for (VectorRows plane : cachePlanes) {
            at = plane.save(rows(), pass.cache(), at);
        }
        if (weights.projection != null) {
            at = weights.projection.unprojected.save(rows(), pass.cache(), at);
        }
        for (VectorRows plane : states) {
            at = plane.save(rows() + batchSize, pass.cache(), at);
        }
    }

    void restore() {
        long at = gates.restore(rows(), pass.cache(), cacheStart());
        for (VectorRows plane : cachePlanes) {
            at = plane.restore(rows(), pass.cache(), at);
        }
        if (weights.projection != null) {
            at = weights.projection.unprojected.restore(rows(), pass.cache(), at);
        }
        for (VectorRows plane : states) {
            at = plane.restore(rows() + batchSize, pass.cache(), at);
        }
    }
}
