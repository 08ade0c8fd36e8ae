package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import java.lang.foreign.ValueLayout;

/**
 * What the forward and the backward loop share: the arrays of one sequence, filled from a pass.
 *
 * <p>States lie in slots in the order of time: step t reads slot t and writes slot t + 1; reversed, it reads slot t + 1
 * and writes slot t.
 *
 * <p>Cached for backward, padded as they lie here: gates [T, B, R], state slots [T + 1, B, P] of each plane.
 */
final class VectorSequence {
    final VectorProduct product;
    final int lanes;
    final int[] planeWidths;
    final VectorWeights weights;
    final VectorRows gates; // [T * B, R]: pre-activations, then activations, then gradients of the pre-activations
    final VectorRows[] states; // [(T + 1) * B, P]
    final VectorRows input; // [T * B, I]; null for tokens

    private final VectorRows masked; // [B, P0]: the recurrent mask, or the operand that it made
    private CellPass pass;
    private int timeSteps;
    private int batchSize;

    VectorSequence(Cell cell, CellShape largest, InputKind kind, VectorWidth width) {
        this.product = width.product();
        this.lanes = width.lanes();
        this.planeWidths = cell.planeWidths();
        this.weights = new VectorWeights(cell, largest, kind, lanes);
        this.gates = gates(cell, largest.rows(), lanes);
        this.states = planes(cell, largest.rows() + largest.batchSize(), lanes);
        this.input = kind == InputKind.DENSE
                ? VectorRows.of(largest.rows(), largest.inputSize(), largest.inputSize())
                : null;
        this.masked = planes(cell, largest.batchSize(), lanes)[0];
    }

    /** {@return {@code rows} rows of pre-activations} */
    static VectorRows gates(Cell cell, long rows, int lanes) {
        return VectorRows.ofGroups(rows, cell.rows() / cell.hiddenSize(), cell.hiddenSize(), lanes);
    }

    /** {@return {@code rows} rows of each state plane} */
    static VectorRows[] planes(Cell cell, long rows, int lanes) {
        int[] widths = cell.planeWidths();
        var planes = new VectorRows[widths.length];
        for (int p = 0; p < planes.length; p++) {
            planes[p] = VectorRows.ofGroups(rows, 1, widths[p], lanes);
        }
        return planes;
    }

    /** Starts on {@code pass}: weights and input are read. */
    void begin(CellPass pass) {
        this.pass = pass;
        this.timeSteps = pass.shape().timeSteps();
        this.batchSize = pass.shape().batchSize();
        weights.load(pass);
        if (pass.input() instanceof CellPass.Dense dense) {
            // Where the state does not move the input is anything, not-a-number too: it must not meet a zero gradient.
            for (int t = 0; t < timeSteps; t++) {
                for (int b = 0; b < batchSize; b++) {
                    input.read(row(t, b), pass.active(t, b) ? dense.values() : null, row(t, b) * dense.rowStride());
                }
            }
        }
    }

    CellPass pass() {
        return pass;
    }

    int timeSteps() {
        return timeSteps;
    }

    int batchSize() {
        return batchSize;
    }

    /** {@return the number of rows (t, b)} */
    int rows() {
        return timeSteps * batchSize;
    }

    /** {@return the time of the step that comes as number {@code step} in this direction} */
    int time(int step) {
        return pass.reversed() ? timeSteps - 1 - step : step;
    }

    int row(int t, int b) {
        return t * batchSize + b;
    }

    /** {@return the row of the states that step t reads} */
    int before(int t, int b) {
        return row(pass.reversed() ? t + 1 : t, b);
    }

    /** {@return the row of the states that step t writes} */
    int after(int t, int b) {
        return row(pass.reversed() ? t : t + 1, b);
    }

    int token(int t, int b) {
        var tokens = (CellPass.Tokens) pass.input();
        return tokens.ids().getAtIndex(ValueLayout.JAVA_INT, row(t, b));
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
        multiply(masked, states[0], before(t, 0));
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

    /** Multiplies the window of {@code rows} by as many rows of {@code factors} from row {@code from} on. */
    static void multiply(VectorRows rows, VectorRows factors, int from) {
        float[] x = rows.values();
        float[] y = factors.values();
        int xAt = rows.windowRow(0);
        int yAt = factors.at(from);
        for (int i = 0; i < rows.count() * rows.stride(); i++) {
            x[xAt + i] *= y[yAt + i];
        }
    }

    /** Adds row {@code from} of {@code x} to row {@code to} of {@code y}; both are laid out alike. */
    static void addRow(VectorRows x, int from, VectorRows y, int to) {
        float[] source = x.values();
        float[] sum = y.values();
        int sourceAt = x.at(from);
        int sumAt = y.at(to);
        for (int i = 0; i < x.columns(); i++) {
            sum[sumAt + i] += source[sourceAt + i];
        }
    }

    /** {@return bytes that {@link #save} writes} */
    static long cacheBytes(Cell cell, long timeSteps, long batchSize, int lanes) {
        int gates = cell.rows() / cell.hiddenSize();
        long elements = timeSteps * batchSize * VectorRows.strideOfGroups(gates, cell.hiddenSize(), lanes);
        for (int planeWidth : cell.planeWidths()) {
            elements += (timeSteps + 1) * batchSize * VectorRows.strideOfGroups(1, planeWidth, lanes);
        }
        return elements * Float.BYTES;
    }

    void save() {
        long at = gates.save(rows(), pass.cache(), 0);
        for (VectorRows plane : states) {
            at = plane.save(rows() + batchSize, pass.cache(), at);
        }
    }

    void restore() {
        long at = gates.restore(rows(), pass.cache(), 0);
        for (VectorRows plane : states) {
            at = plane.restore(rows() + batchSize, pass.cache(), at);
        }
    }
}
