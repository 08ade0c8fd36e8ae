package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * The forward loop of VECTOR, for each chunk of time:
 *
 * <pre>
 *   gates = bias + input weightIh^T                 one product for all its steps; tokens: a row of weights each
 *   for each step: gates += (mask * h) weightHh^T   a product on packed weights for each plane that feeds back
 *                  gates, mask * h -> cache planes  if the cell has any: its part between the products, row by row
 *                  gates += cache planes weight^T   and the second product
 *                  gates, state -> state            the cell's pointwise part, row by row
 *                  m weight^T -> h                  if the cell has a projection, of what that left as h
 * </pre>
 *
 * <p>Which weights feed which gates the cell's blocks say; gates here is short for all pre-activations.
 *
 * <p>Everything runs on arrays that the plan owns, made at its first pass (those for backward at its first backward
 * pass) and sized for a chunk of the largest one; after that a call allocates nothing.
 */
final class VectorPlan extends CellPlan {
    private final VectorPointwise pointwise;
    private final VectorWidth width;
    private final VectorLayout layout;
    private final VectorRows zero; // [1, P0]
    private VectorSequence sequence;
    private VectorRow row;
    private VectorBackward backward;

    VectorPlan(VectorPointwise pointwise, Cell cell, CellShape largest, VectorWidth width) {
        super(cell, largest, Precision.FLOAT32);
        this.pointwise = pointwise;
        this.width = width;
        this.layout = new VectorLayout(cell, width.lanes());
        this.zero = layout.outputs(1);
    }

    @Override
    public Backend backend() {
        return Backend.VECTOR;
    }

    @Override
    public IsaTier tier() {
        return width.tier();
    }

    @Override
    protected long countCacheBytes(int timeSteps, int batchSize) {
        int chunks = Math.ceilDiv(timeSteps, VectorLayout.chunkSteps(timeSteps, batchSize));
        return layout.cacheBytes(chunks, timeSteps, batchSize);
    }

    @Override
    protected void free() {
        sequence = null;
        row = null;
        backward = null;
    }

    @Override
    protected void runForward(CellPass pass) {
        begin(pass);
        sequence.select(0);
        for (int b = 0; b < sequence.batchSize(); b++) {
            for (int p = 0; p < sequence.states.length; p++) {
                int before = sequence.before(sequence.time(0), b);
                sequence.states[p].clear(before); // what is after the state too: it may be from another direction
                sequence.states[p].read(before, pass.initial(p), stateElement(p, b));
            }
        }
        runChunk();
        for (int chunk = 1; chunk < sequence.chunks(); chunk++) {
            sequence.selectNext();
            runChunk();
        }
        for (int b = 0; b < sequence.batchSize(); b++) {
            for (int p = 0; p < sequence.states.length; p++) {
                int after = sequence.after(sequence.time(sequence.steps() - 1), b);
                sequence.states[p].write(after, pass.last(p), stateElement(p, b));
            }
        }
    }

    private void runChunk() {
        multiplyInput();
        for (int s = 0; s < sequence.steps(); s++) {
            step(sequence.time(s));
        }
        if (sequence.pass().cache() != null) {
            sequence.save();
        }
    }

    @Override
    protected void runBackward(CellPass pass, CellGradients gradients) {
        begin(pass);
        if (backward == null) {
            backward = new VectorBackward(pointwise, this, sequence);
        }
        backward.run(gradients);
    }

    private void begin(CellPass pass) {
        if (sequence == null || sequence.kind != pass.inputKind()) {
            sequence = new VectorSequence(cell(), largest(), pass.inputKind(), width, layout);
            row = new VectorRow(sequence, new VectorRows[0], new VectorRows[0], null, null);
            backward = null;
        }
        sequence.begin(pass);
    }

    private long stateElement(int plane, int b) {
        return (long) b * sequence.planeWidths[plane];
    }

    /** gates = bias + input weightIh^T, for all steps of the chunk. */
    private void multiplyInput() {
        for (int s = 0; sequence.groups != null && s < sequence.steps(); s++) {
            sequence.groups.multiplyInput(sequence, sequence.time(s));
        }
        if (sequence.groups != null) {
            return;
        }
        VectorWeights weights = sequence.weights;
        for (int i = 0; i < sequence.rows(); i++) {
            sequence.gates.copyRow(weights.bias, 0, i);
            for (VectorSpan tokens : weights.tokens) {
                tokens.add(sequence.pass().params(), sequence.token(i), sequence.gates, i);
            }
        }
        for (VectorMatrix matrix : weights.input) {
            matrix.multiply(sequence.product, sequence.input.window(0, sequence.rows()), sequence.gates, 0);
        }
    }

    private void step(int t) {
        VectorRows operand = sequence.operand(t);
        if (sequence.groups == null) {
            sequence.multiplyState(operand, t);
        } else {
            sequence.groups.multiplyState(sequence, operand, t);
        }
        for (VectorDiagonal weights : sequence.weights.diagonal) {
            weights.multiply(sequence, operand, t);
        }
        if (sequence.weights.sparse != null) {
            sequence.weights.sparse.multiply(sequence, operand, t);
        }
        if (sequence.cachePlanes.length > 0) {
            fillCachePlanes(t, operand);
        }
        int batch = sequence.batchSize();
        CellPass pass = sequence.pass();
        for (int b = 0; b < batch; b++) {
            if (pass.active(t, b)) {
                row.select(sequence, t, b);
                if (sequence.groups == null) {
                    pointwise.forward(row);
                } else {
                    sequence.groups.forward(pointwise, sequence, row, t, b);
                }
                if (sequence.unitsHeld()) {
                    hold(t, b);
                }
            }
        }
        if (sequence.weights.projection != null) {
            sequence.weights.projection.project(sequence, t);
        }
        for (int b = 0; b < batch; b++) {
            if (!pass.active(t, b)) {
                for (VectorRows plane : sequence.states) {
                    plane.copyRow(plane, sequence.before(t, b), sequence.after(t, b));
                }
            }
            writeOutput(t, b);
        }
    }

    /** The cell's part between the two products, and the second one. */
    private void fillCachePlanes(int t, VectorRows operand) {
        int batch = sequence.batchSize();
        for (int b = 0; b < batch; b++) {
            if (sequence.pass().active(t, b)) {
                pointwise.forwardBetween(row.select(sequence, t, b).between(operand, b));
            } else {
                sequence.clearCachePlanes(t, b);
            }
        }
        sequence.multiplyCachePlanes(t);
    }

    /** Gives units that are held the state that they had. */
    private void hold(int t, int b) {
        for (int p = 0; p < sequence.states.length; p++) {
            float[] values = sequence.states[p].values();
            int before = sequence.states[p].at(sequence.before(t, b));
            int after = sequence.states[p].at(sequence.after(t, b));
            for (int k = 0; k < sequence.planeWidths[p]; k++) {
                if (sequence.pass().unitHeld(t, b, k)) {
                    values[after + k] = values[before + k];
                }
            }
        }
    }

    private void writeOutput(int t, int b) {
        CellPass pass = sequence.pass();
        MemorySegment output = pass.output();
        long element = sequence.passRow(sequence.row(t, b)) * pass.outputStride();
        if (t < pass.length(b)) {
            sequence.states[0].write(sequence.after(t, b), output, element);
        } else {
            zero.write(0, output, element);
        }
    }
}
