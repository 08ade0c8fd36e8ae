package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import java.lang.foreign.MemorySegment;

/**
 * The backward loop of VECTOR, with dgates the gradient of the pre-activations:
 *
 * <pre>
 *   for each step, last first: dstate += doutput
 *                              dstate, activations -> dstate, dgates     the cell's pointwise part, row by row
 *                              dh += mask * (dgates weightHh)
 *   dinput    = dgates weightIh            dbias += sum of dgates over all steps and rows
 *   dweightIh += dgates^T input            dweightHh += dgates^T (mask * h)
 * </pre>
 *
 * <p>dgates take the place of the activations. Where the state does not move they are zero, and the gradient of the
 * state passes by.
 */
final class VectorBackward {
    private final VectorPointwise pointwise;
    private final VectorSequence sequence;
    private final VectorRow row;
    private final int[] planeWidths;
    private final int R;

    private final VectorRows[] stateGradients; // [B, P]
    private final VectorRows[] held; // [1, P]: gradients of units that are held one by one
    private final VectorRows outputGradient; // [1, P0]
    private final VectorRows operandGradient; // [B, P0]: with a recurrent mask
    private final VectorRows inputGradient; // [T * B, I]; null for tokens
    private final VectorRows gatesTransposed; // [R, T * B]
    private final VectorRows inputWeightGradient; // dense: [R, I]; tokens: [1, R], one token at a time
    private final VectorRows recurrentWeightGradient; // [R, P0]
    private final VectorRows biasGradient; // [1, R]

    private final VectorPanels inputWeights; // [R, I]; null for tokens
    private final VectorPanels recurrentWeights; // [R, P0]
    private final VectorPanels inputs; // [T * B, I]; null for tokens
    private final VectorPanels operands; // [T * B, P0]
    private long loads; // of the weights that are packed here

    VectorBackward(VectorPointwise pointwise, CellPlan plan, VectorSequence sequence) {
        Cell cell = plan.cell();
        CellShape largest = plan.largest();
        int lanes = sequence.lanes;
        int steps = Math.toIntExact(largest.rows());
        int I = largest.inputSize();
        int P0 = cell.outputSize();
        int padded = sequence.gates.columns();
        boolean dense = sequence.weights.kind == InputKind.DENSE;
        this.pointwise = pointwise;
        this.sequence = sequence;
        this.planeWidths = sequence.planeWidths;
        this.R = cell.rows();
        this.stateGradients = VectorSequence.planes(cell, largest.batchSize(), lanes);
        this.held = VectorSequence.planes(cell, 1, lanes);
        this.outputGradient = VectorSequence.planes(cell, 1, lanes)[0];
        this.operandGradient = VectorSequence.planes(cell, largest.batchSize(), lanes)[0];
        this.inputGradient = dense ? VectorRows.ofGroups(steps, 1, I, lanes) : null;
        this.gatesTransposed = VectorRows.of(padded, steps, steps);
        this.inputWeightGradient =
                dense ? VectorRows.ofGroups(padded, 1, I, lanes) : VectorSequence.gates(cell, 1, lanes);
        this.recurrentWeightGradient = VectorRows.ofGroups(padded, 1, P0, lanes);
        this.biasGradient = VectorSequence.gates(cell, 1, lanes);
        this.inputWeights = dense ? new VectorPanels(padded, I, lanes) : null;
        this.recurrentWeights = new VectorPanels(padded, P0, lanes);
        this.inputs = dense ? new VectorPanels(steps, I, lanes) : null;
        this.operands = new VectorPanels(steps, P0, lanes);
        this.row = new VectorRow(sequence, stateGradients);
    }

    /** Runs backward over the sequence, whose arrays are as forward left them. */
    void run(CellGradients gradients) {
        packWeights();
        int batch = sequence.batchSize();
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                stateGradients[p].read(b, gradients.last(p), (long) b * planeWidths[p]);
            }
        }
        for (int s = sequence.timeSteps() - 1; s >= 0; s--) {
            step(sequence.time(s), gradients);
        }
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                stateGradients[p].write(b, gradients.initial(p), (long) b * planeWidths[p]);
            }
        }
        for (int i = 0; i < sequence.rows(); i++) {
            sequence.gates.write(i, gradients.preActivations(), (long) i * R);
        }
        if (gradients.input() != null) {
            addInputGradient(gradients);
        }
        if (gradients.params() != null) {
            addParameterGradients(gradients.params());
        }
    }

    private void packWeights() {
        VectorWeights weights = sequence.weights;
        if (loads == weights.loads()) {
            return;
        }
        loads = weights.loads();
        recurrentWeights.putRows(weights.recurrent.all(), 0);
        if (inputWeights != null) {
            inputWeights.putRows(weights.input.all(), 0);
        }
    }

    private void step(int t, CellGradients gradients) {
        int batch = sequence.batchSize();
        CellPass pass = sequence.pass();
        for (int b = 0; b < batch; b++) {
            if (gradients.output() != null && t < pass.length(b)) {
                outputGradient.read(0, gradients.output(), sequence.row(t, b) * gradients.outputStride());
                VectorSequence.addRow(outputGradient, 0, stateGradients[0], b);
            }
            if (!pass.active(t, b)) {
                sequence.gates.clear(sequence.row(t, b));
            } else if (sequence.unitsHeld()) {
                takeHeld(t, b);
                pointwise.backward(row.select(sequence, t, b));
                giveHeld(b);
            } else {
                pointwise.backward(row.select(sequence, t, b));
            }
        }
        multiplyRecurrent(t);
    }

    /** dh += mask * (dgates weightHh) at step t. */
    private void multiplyRecurrent(int t) {
        int batch = sequence.batchSize();
        VectorRows gates = sequence.gates.window(sequence.row(t, 0), batch);
        if (sequence.pass().recurrentMask() == null) {
            sequence.product.add(gates, recurrentWeights, stateGradients[0].window(0, batch));
            return;
        }
        for (int b = 0; b < batch; b++) {
            operandGradient.clear(b);
        }
        sequence.product.add(gates, recurrentWeights, operandGradient.window(0, batch));
        VectorRows masked = sequence.mask(t);
        VectorSequence.multiply(masked, operandGradient, 0);
        for (int b = 0; b < batch; b++) {
            VectorSequence.addRow(masked, b, stateGradients[0], b);
        }
    }

    /**
     * Moves the gradients of held units out of the way: with a zero coming in, their pre-activations get none, whatever
     * the cell, since backward is linear in it.
     */
    private void takeHeld(int t, int b) {
        for (int p = 0; p < planeWidths.length; p++) {
            float[] aside = held[p].values();
            float[] gradient = stateGradients[p].values();
            int at = stateGradients[p].at(b);
            for (int k = 0; k < planeWidths[p]; k++) {
                boolean isHeld = sequence.pass().unitHeld(t, b, k);
                aside[k] = isHeld ? gradient[at + k] : 0;
                gradient[at + k] = isHeld ? 0 : gradient[at + k];
            }
        }
    }

    private void giveHeld(int b) {
        for (int p = 0; p < planeWidths.length; p++) {
            VectorSequence.addRow(held[p], 0, stateGradients[p], b);
        }
    }

    private void addInputGradient(CellGradients gradients) {
        int count = sequence.rows();
        for (int i = 0; i < count; i++) {
            MemorySegment start = gradients.inputAccumulate() ? gradients.input() : null;
            inputGradient.read(i, start, i * gradients.inputStride());
        }
        sequence.product.add(sequence.gates.window(0, count), inputWeights, inputGradient.window(0, count));
        for (int i = 0; i < count; i++) {
            inputGradient.write(i, gradients.input(), i * gradients.inputStride());
        }
    }

    private void addParameterGradients(MemorySegment params) {
        VectorWeights weights = sequence.weights;
        transposeGates();
        if (weights.kind == InputKind.DENSE) {
            inputs.putRows(sequence.input.window(0, sequence.rows()), 0);
            addWeightGradient(inputs, inputWeightGradient, params, weights.inputOffset);
        } else {
            addTokenGradients(params);
        }
        for (int t = 0; t < sequence.timeSteps(); t++) {
            operands.putRows(sequence.operand(t), sequence.row(t, 0));
        }
        addWeightGradient(operands, recurrentWeightGradient, params, weights.recurrentOffset);
        biasGradient.read(0, params, weights.biasOffset);
        for (int i = 0; i < sequence.rows(); i++) {
            VectorSequence.addRow(sequence.gates, i, biasGradient, 0);
        }
        biasGradient.write(0, params, weights.biasOffset);
    }

    /** dW += dgates^T source, for the weights [R, columns] at {@code offset}; {@code sum} is room for them. */
    private void addWeightGradient(VectorPanels source, VectorRows sum, MemorySegment params, long offset) {
        int columns = sum.width();
        for (int r = 0; r < R; r++) {
            sum.read(sequence.gates.column(r), params, offset + (long) r * columns);
        }
        source.depth(sequence.rows());
        sequence.product.add(gatesTransposed.all(), source, sum.all());
        for (int r = 0; r < R; r++) {
            sum.write(sequence.gates.column(r), params, offset + (long) r * columns);
        }
    }

    /** A token's row of weights gets the gradient of each pre-activation that it was part of. */
    private void addTokenGradients(MemorySegment params) {
        for (int t = 0; t < sequence.timeSteps(); t++) {
            for (int b = 0; b < sequence.batchSize(); b++) {
                if (sequence.pass().active(t, b)) {
                    long offset = sequence.weights.inputOffset + (long) sequence.token(t, b) * R;
                    inputWeightGradient.read(0, params, offset);
                    VectorSequence.addRow(sequence.gates, sequence.row(t, b), inputWeightGradient, 0);
                    inputWeightGradient.write(0, params, offset);
                }
            }
        }
    }

    /** In blocks of 8 rows: what is read stays in the L1 cache until all of it is used. */
    private void transposeGates() {
        final int block = 8;
        float[] from = sequence.gates.values();
        float[] to = gatesTransposed.values();
        int columns = sequence.gates.columns();
        for (int start = 0; start < sequence.rows(); start += block) {
            int end = Math.min(start + block, sequence.rows());
            for (int r = 0; r < columns; r++) {
                for (int i = start; i < end; i++) {
                    to[gatesTransposed.at(r) + i] = from[sequence.gates.at(i) + r];
                }
            }
        }
    }
}
