package dev.rondo.kernel;

import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The backward loop of VECTOR, for each chunk of time, the last one first, with dgates the gradient of the
 * pre-activations:
 *
 * <pre>
 *   for each step, last first: dstate += doutput
 *                              dm = dh weight                            if the cell has a projection
 *                              dstate, activations -> dstate, dgates     the cell's pointwise part, row by row
 *                              dcache planes = dgates weight             if the cell has any
 *                              dcache planes -> dgates, dh               its part between the products, row by row
 *                              dh += mask * (dgates weightHh)            and of other planes that feed back
 *   dinput    = dgates weightIh            dbias += sum of dgates over its steps and rows
 *   dweightIh += dgates^T input            dweightHh += dgates^T (mask * h), or unit by unit, or where it is
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
    private final VectorRows[] cacheGradients; // [B, W]
    private final VectorRows inputGradient; // [T * B, I], T here the chunk's; null for tokens
    private final VectorRows gatesTransposed; // [R, T * B]
    private final VectorRows biasGradient; // [1, R]
    private final VectorRows pointwiseGradient; // [1, V]: over all rows and steps; null if there are none
    private final VectorRows pointwiseSum; // [1, V]: what it is added to

    private final VectorProjection.Gradient projection; // null if there is none
    private final VectorMatrixGradient[] input;
    private final VectorMatrixGradient[] recurrent;
    private final VectorSparse sparse; // null if there are no such weights
    private final VectorMatrixGradient[] second;
    private final VectorMatrixGradient[] matrices; // all of them
    private final VectorPanels inputs; // [T * B, I]; null for tokens
    private final VectorPanels[] operands; // [T * B, P] of each plane that feeds back
    private final VectorPanels[] cachePlanes; // [T * B, W]
    private final VectorGroups groups; // null of a cell that has none, as the next
    private final VectorGroupGradients groupGradients;
    private long loads; // of the weights that are packed here

    VectorBackward(VectorPointwise pointwise, CellPlan plan, VectorSequence sequence) {
        CellShape largest = plan.largest();
        VectorLayout layout = sequence.layout;
        int lanes = layout.lanes;
        int rows = VectorLayout.chunkRows(largest);
        int batch = largest.batchSize();
        int I = largest.inputSize();
        boolean dense = sequence.kind == InputKind.DENSE;
        this.pointwise = pointwise;
        this.sequence = sequence;
        this.planeWidths = sequence.planeWidths;
        this.R = plan.cell().rows();
        this.stateGradients = layout.states(batch);
        this.held = layout.states(1);
        this.outputGradient = layout.outputs(1);
        this.operandGradient = layout.outputs(batch);
        this.cacheGradients = layout.cachePlanes(batch);
        this.inputGradient = dense ? VectorRows.ofGroups(rows, 1, I, lanes) : null;
        this.gatesTransposed = VectorRows.of(layout.start(R), rows, rows);
        this.biasGradient = layout.gates(1);
        VectorProjection projected = sequence.weights.projection;
        this.projection =
                projected == null ? null : new VectorProjection.Gradient(projected, rows, batch, lanes);
        this.pointwiseGradient = sequence.weights.pointwiseRow(layout);
        this.pointwiseSum = sequence.weights.pointwiseRow(layout);
        this.input = gradients(sequence.weights.input, lanes);
        this.recurrent = gradients(sequence.weights.recurrent, lanes);
        this.sparse = sequence.weights.sparse;
        this.second = gradients(sequence.weights.second, lanes);
        this.matrices = Stream.of(input, recurrent, second)
                .flatMap(Arrays::stream)
                .toArray(VectorMatrixGradient[]::new);
        boolean whole = sequence.groups == null; // groups have operands of their own
        this.inputs = dense && whole ? new VectorPanels(rows, I, lanes) : null;
        this.operands = new VectorPanels[planeWidths.length];
        for (VectorMatrix matrix : whole ? sequence.weights.recurrent : new VectorMatrix[0]) {
            int plane = matrix.plane();
            operands[plane] = new VectorPanels(rows, planeWidths[plane], lanes);
        }
        this.cachePlanes = Arrays.stream(plan.cell().cachePlaneWidths())
                .mapToObj(width -> new VectorPanels(rows, width, lanes))
                .toArray(VectorPanels[]::new);
        this.row = new VectorRow(sequence, stateGradients, cacheGradients, pointwiseGradient,
                projection == null ? null : projection.unprojected);
        this.groups = sequence.groups;
        this.groupGradients = groups == null
                ? null
                : new VectorGroupGradients(sequence, input, recurrent, gatesTransposed, biasGradient);
    }

    private static VectorMatrixGradient[] gradients(VectorMatrix[] matrices, int lanes) {
        return Arrays.stream(matrices)
                .map(matrix -> new VectorMatrixGradient(matrix, lanes))
                .toArray(VectorMatrixGradient[]::new);
    }

    /** Runs backward over the sequence, of which forward has filled the cache. */
    void run(CellGradients gradients) {
        packWeights();
        readParameterGradients(gradients.params());
        int batch = sequence.batchSize();
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                stateGradients[p].clear(b); // beyond the units too: it may be anything after a pass that met NaN
                stateGradients[p].read(b, gradients.last(p), (long) b * planeWidths[p]);
            }
        }
        for (int chunk = sequence.chunks() - 1; chunk >= 0; chunk--) {
            sequence.select(chunk);
            sequence.restore();
            runChunk(gradients);
        }
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                stateGradients[p].write(b, gradients.initial(p), (long) b * planeWidths[p]);
            }
        }
        writeParameterGradients(gradients.params());
    }

    private void runChunk(CellGradients gradients) {
        for (int s = sequence.steps() - 1; s >= 0; s--) {
            step(sequence.time(s), gradients);
        }
        for (int s = 0; groups != null && gradients.preActivations() != null && s < sequence.steps(); s++) {
            groups.clearResting(sequence, sequence.time(s));
        }
        for (int i = 0; i < sequence.rows(); i++) {
            sequence.gates.write(i, gradients.preActivations(), sequence.passRow(i) * R);
        }
        if (gradients.input() != null) {
            addInputGradient(gradients);
        }
        if (gradients.params() != null && groups != null) {
            groupGradients.add(gradients.params());
        } else if (gradients.params() != null) {
            addParameterGradients(gradients.params());
        }
    }

    private void packWeights() {
        if (loads == sequence.weights.loads()) {
            return;
        }
        loads = sequence.weights.loads();
        for (VectorMatrixGradient matrix : matrices) {
            matrix.packWeights();
        }
        if (projection != null) {
            projection.packWeights();
        }
    }

    private void step(int t, CellGradients gradients) {
        int batch = sequence.batchSize();
        CellPass pass = sequence.pass();
        for (int b = 0; b < batch; b++) {
            if (gradients.output() != null && t < pass.length(b)) {
                long element = sequence.passRow(sequence.row(t, b)) * gradients.outputStride();
                outputGradient.read(0, gradients.output(), element);
                stateGradients[0].addRow(sequence.product, outputGradient, 0, b);
            }
        }
        if (projection != null) {
            projection.unproject(sequence, t, stateGradients[0]);
        }
        for (int b = 0; b < batch; b++) {
            if (!pass.active(t, b)) {
                sequence.gates.clear(sequence.row(t, b));
            } else if (sequence.unitsHeld()) {
                takeHeld(t, b);
                backward(t, b);
                giveHeld(b);
            } else {
                backward(t, b);
            }
        }
        multiplyRecurrent(t);
    }

    private void backward(int t, int b) {
        row.select(sequence, t, b);
        if (groups == null) {
            pointwise.backward(row);
        } else {
            groups.backward(pointwise, sequence, row, t);
        }
    }

    /** dh += mask * doperand at step t, with doperand = dgates weightHh and what passes through cache planes. */
    private void multiplyRecurrent(int t) {
        int batch = sequence.batchSize();
        boolean hasMask = sequence.pass().recurrentMask() != null;
        VectorRows gradient = hasMask ? operandGradient : stateGradients[0];
        for (int b = 0; hasMask && b < batch; b++) {
            operandGradient.clear(b);
        }
        if (cacheGradients.length > 0) {
            passCachePlanes(t, gradient);
        }
        for (int m = 0; m < recurrent.length; m++) {
            if (groups == null || groups.moves(sequence, m, t)) {
                int column = groups == null ? 0 : groups.first(m);
                VectorRows to = recurrent[m].plane() == 0 ? gradient : stateGradients[recurrent[m].plane()];
                recurrent[m].addSource(sequence, sequence.row(t, 0), to.window(0, batch, column));
            }
        }
        for (VectorDiagonal weights : sequence.weights.diagonal) {
            weights.addSource(sequence, t, gradient);
        }
        if (sparse != null) {
            sparse.addSource(sequence, t, gradient);
        }
        if (hasMask) {
            VectorRows masked = sequence.mask(t);
            masked.multiply(operandGradient, 0);
            for (int b = 0; b < batch; b++) {
                stateGradients[0].addRow(sequence.product, masked, b, b);
            }
        }
    }

    /** The second product backwards, and the cell's part between the two; {@code gradient} [B, P0] gets its share. */
    private void passCachePlanes(int t, VectorRows gradient) {
        int batch = sequence.batchSize();
        for (VectorRows plane : cacheGradients) {
            for (int b = 0; b < batch; b++) {
                plane.clear(b);
            }
        }
        for (VectorMatrixGradient matrix : second) {
            matrix.addSource(sequence, sequence.row(t, 0), cacheGradients[matrix.plane()].window(0, batch));
        }
        VectorRows operand = sequence.operand(t);
        for (int b = 0; b < batch; b++) {
            if (sequence.pass().active(t, b)) {
                pointwise.backwardBetween(row.select(sequence, t, b).between(operand, b).gradientTo(gradient));
            }
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
            stateGradients[p].addRow(sequence.product, held[p], 0, b);
        }
    }

    private void addInputGradient(CellGradients gradients) {
        int count = sequence.rows();
        for (int i = 0; i < count; i++) {
            MemorySegment start = gradients.inputAccumulate() ? gradients.input() : null;
            inputGradient.read(i, start, sequence.passRow(i) * gradients.inputStride());
        }
        if (groups == null) {
            for (VectorMatrixGradient matrix : input) {
                matrix.addSource(sequence, 0, inputGradient.window(0, count));
            }
        } else {
            addGroupInputGradient();
        }
        for (int i = 0; i < count; i++) {
            inputGradient.write(i, gradients.input(), sequence.passRow(i) * gradients.inputStride());
        }
    }

    private void addGroupInputGradient() {
        int batch = sequence.batchSize();
        for (int s = 0; s < sequence.steps(); s++) {
            int t = sequence.time(s);
            for (int g = 0; g < groups.count(); g++) {
                if (groups.moves(sequence, g, t)) {
                    int start = sequence.row(t, 0);
                    input[g].addSource(sequence, start, inputGradient.window(start, batch));
                }
            }
        }
    }

    private void addParameterGradients(MemorySegment params) {
        transposeGates();
        int count = sequence.rows();
        if (inputs != null) {
            inputs.putRows(sequence.input.window(0, count), 0);
        }
        for (int s = 0; recurrent.length > 0 && s < sequence.steps(); s++) {
            putOperands(sequence.time(s));
        }
        for (VectorDiagonal weights : sequence.weights.diagonal) {
            for (int s = 0; s < sequence.steps(); s++) {
                int t = sequence.time(s);
                weights.addWeights(sequence, sequence.operand(t), t);
            }
        }
        for (int s = 0; sparse != null && s < sequence.steps(); s++) {
            int t = sequence.time(s);
            sparse.addWeights(sequence, sequence.operand(t), t);
        }
        for (int p = 0; p < cachePlanes.length; p++) {
            cachePlanes[p].putRows(sequence.cachePlanes[p].window(0, count), 0);
        }
        for (VectorMatrixGradient matrix : input) {
            matrix.addWeights(sequence, count, gatesTransposed, inputs);
        }
        for (VectorMatrixGradient matrix : recurrent) {
            matrix.addWeights(sequence, count, gatesTransposed, operands[matrix.plane()]);
        }
        for (VectorMatrixGradient matrix : second) {
            matrix.addWeights(sequence, count, gatesTransposed, cachePlanes[matrix.plane()]);
        }
        if (projection != null) {
            projection.addWeights(sequence);
        }
        addTokenGradients(params);
        for (int i = 0; i < count; i++) {
            biasGradient.addRow(sequence.product, sequence.gates, i, 0);
        }
    }

    private void putOperands(int t) {
        VectorRows operand = sequence.operand(t);
        for (int p = 0; p < operands.length; p++) {
            if (operands[p] != null) {
                operands[p].putRows(sequence.operand(p, operand, t), sequence.row(t, 0));
            }
        }
    }

    /** What the chunks add to: the gradients of weights as they are, and those of biases from zero. */
    private void readParameterGradients(MemorySegment params) {
        biasGradient.clear(0);
        if (pointwiseGradient != null) {
            pointwiseGradient.clear(0);
        }
        if (projection != null && params != null) {
            projection.read(params);
        }
        for (int m = 0; params != null && m < matrices.length; m++) {
            matrices[m].readGradient(params);
        }
        for (int m = 0; params != null && m < sequence.weights.diagonal.length; m++) {
            sequence.weights.diagonal[m].readGradient(params);
        }
        if (params != null && sparse != null) {
            sparse.readGradient(params);
        }
    }

    private void writeParameterGradients(MemorySegment params) {
        if (params == null) {
            return;
        }
        for (VectorMatrixGradient matrix : matrices) {
            matrix.writeGradient(params);
        }
        for (VectorDiagonal weights : sequence.weights.diagonal) {
            weights.writeGradient(params);
        }
        if (sparse != null) {
            sparse.writeGradient(params);
        }
        for (VectorSpan bias : sequence.weights.biases) {
            bias.addGradient(biasGradient, 0, params, 0);
        }
        if (projection != null) {
            projection.write(params);
        }
        if (pointwiseGradient != null) {
            long offset = sequence.weights.pointwise.offset();
            pointwiseSum.read(0, params, offset);
            pointwiseSum.addRow(sequence.product, pointwiseGradient, 0, 0);
            pointwiseSum.write(0, params, offset);
        }
    }

    /** A token's row of weights gets the gradient of each pre-activation that it was part of. */
    private void addTokenGradients(MemorySegment params) {
        int batch = sequence.batchSize();
        for (VectorSpan tokens : sequence.weights.tokens) {
            for (int i = 0; i < sequence.rows(); i++) {
                long row = sequence.passRow(i);
                if (sequence.pass().active((int) (row / batch), (int) (row % batch))) {
                    tokens.addGradient(sequence.gates, i, params, sequence.token(i));
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
