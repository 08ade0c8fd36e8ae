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
 * The forward loop of VECTOR:
 *
 * <pre>
 *   gates = bias + input weightIh^T                 one product for all steps; tokens: a row of weights each
 *   for each step: gates += (mask * h) weightHh^T   one product on packed weights
 *                  gates, state -> state            the cell's pointwise part, row by row
 * </pre>
 *
 * <p>Everything runs on arrays that the plan owns, made at its first pass (those for backward at its first backward
 * pass) and sized for the largest one; after that a call allocates nothing.
 */
final class VectorPlan extends CellPlan {
    private final VectorPointwise pointwise;
    private final VectorWidth width;
    private final VectorRows zero; // [1, P0]
    private VectorSequence sequence;
    private VectorRow row;
    private VectorBackward backward;

    VectorPlan(VectorPointwise pointwise, Cell cell, CellShape largest, VectorWidth width) {
        super(cell, largest, Precision.FLOAT32);
        this.pointwise = pointwise;
        this.width = width;
        this.zero = VectorSequence.planes(cell, 1, width.lanes())[0];
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
        return VectorSequence.cacheBytes(cell(), timeSteps, batchSize, width.lanes());
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
        multiplyInput();
        for (int b = 0; b < sequence.batchSize(); b++) {
            for (int p = 0; p < sequence.states.length; p++) {
                sequence.states[p].read(sequence.before(sequence.time(0), b), pass.initial(p), stateElement(p, b));
            }
        }
        for (int s = 0; s < sequence.timeSteps(); s++) {
            step(sequence.time(s));
        }
        for (int b = 0; b < sequence.batchSize(); b++) {
            for (int p = 0; p < sequence.states.length; p++) {
                int after = sequence.after(sequence.time(sequence.timeSteps() - 1), b);
                sequence.states[p].write(after, pass.last(p), stateElement(p, b));
            }
        }
        if (pass.cache() != null) {
            sequence.save();
        }
    }

    @Override
    protected void runBackward(CellPass pass, CellGradients gradients) {
        begin(pass);
        if (backward == null) {
            backward = new VectorBackward(pointwise, this, sequence);
        }
        sequence.restore();
        backward.run(gradients);
    }

    private void begin(CellPass pass) {
        if (sequence == null || sequence.weights.kind != pass.inputKind()) {
            sequence = new VectorSequence(cell(), largest(), pass.inputKind(), width);
            row = new VectorRow(sequence, new VectorRows[0]);
            backward = null;
        }
        sequence.begin(pass);
    }

    private long stateElement(int plane, int b) {
        return (long) b * sequence.planeWidths[plane];
    }

    /** gates = bias + input weightIh^T, for all steps. */
    private void multiplyInput() {
        VectorWeights weights = sequence.weights;
        for (int t = 0; t < sequence.timeSteps(); t++) {
            for (int b = 0; b < sequence.batchSize(); b++) {
                int to = sequence.row(t, b);
                sequence.gates.copyRow(weights.bias, 0, to);
                if (weights.kind == InputKind.TOKENS) {
                    VectorSequence.addRow(weights.input, sequence.token(t, b), sequence.gates, to);
                }
            }
        }
        if (weights.kind == InputKind.DENSE) {
            VectorRows input = sequence.input.window(0, sequence.rows());
            sequence.product.add(input, weights.inputPanels, sequence.gates.window(0, sequence.rows()));
        }
    }

    private void step(int t) {
        int batch = sequence.batchSize();
        VectorRows gates = sequence.gates.window(sequence.row(t, 0), batch);
        sequence.product.add(sequence.operand(t), sequence.weights.recurrentPanels, gates);
        CellPass pass = sequence.pass();
        for (int b = 0; b < batch; b++) {
            if (pass.active(t, b)) {
                pointwise.forward(row.select(sequence, t, b));
                if (sequence.unitsHeld()) {
                    hold(t, b);
                }
            } else {
                for (VectorRows plane : sequence.states) {
                    plane.copyRow(plane, sequence.before(t, b), sequence.after(t, b));
                }
            }
            writeOutput(t, b);
        }
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
        long element = sequence.row(t, b) * pass.outputStride();
        if (t < pass.length(b)) {
            sequence.states[0].write(sequence.after(t, b), output, element);
        } else {
            zero.write(0, output, element);
        }
    }
}
