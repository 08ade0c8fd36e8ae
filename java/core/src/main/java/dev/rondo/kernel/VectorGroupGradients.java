package dev.rondo.kernel;

import dev.rondo.cell.CellPass;
import java.lang.foreign.MemorySegment;

/**
 * Gradients of the parameters of a cell with {@linkplain VectorGroups groups of units}, chunk by chunk: those of a
 * group are sums over the steps at which it moved, whose rows are gathered first.
 *
 * <p>K rows (t, b) at most, k units in a group of which the first is unit s.
 */
final class VectorGroupGradients {
    private final VectorGroups groups;
    private final VectorSequence sequence;
    private final VectorMatrixGradient[] input; // none for tokens
    private final VectorMatrixGradient[] recurrent;
    private final VectorRows gatesTransposed; // [H, K]
    private final VectorRows biasGradient; // [1, H]
    private final VectorPanels inputs; // [K, I]; null for tokens
    private final VectorPanels[] operands; // [K, H - s] of each group

    VectorGroupGradients(VectorSequence sequence, VectorMatrixGradient[] input, VectorMatrixGradient[] recurrent,
            VectorRows gatesTransposed, VectorRows biasGradient) {
        this.groups = sequence.groups;
        this.sequence = sequence;
        this.input = input;
        this.recurrent = recurrent;
        this.gatesTransposed = gatesTransposed;
        this.biasGradient = biasGradient;
        int rows = gatesTransposed.width();
        int lanes = sequence.layout.lanes;
        this.inputs = input.length > 0 ? new VectorPanels(rows, sequence.input.width(), lanes) : null;
        this.operands = new VectorPanels[groups.count()];
        for (int g = 0; g < operands.length; g++) {
            operands[g] = new VectorPanels(rows, groups.first(groups.count()) - groups.first(g), lanes);
        }
    }

    /** Adds what the chunk gives. */
    void add(MemorySegment params) {
        for (int g = 0; g < groups.count(); g++) {
            int rows = gather(g);
            if (rows == 0) {
                continue;
            }
            if (inputs != null) {
                input[g].addWeights(sequence, rows, gatesTransposed, inputs);
            } else {
                addTokens(g, params);
            }
            recurrent[g].addWeights(sequence, rows, gatesTransposed, operands[g]);
        }
    }

    /** {@return how many rows the steps have at which group g moves: of these its operands are filled} */
    private int gather(int g) {
        int batch = sequence.batchSize();
        int k = 0;
        for (int s = 0; s < sequence.steps(); s++) {
            int t = sequence.time(s);
            if (groups.moves(sequence, g, t)) {
                gatherGates(g, sequence.row(t, 0), k);
                operands[g].putRows(sequence.operand(t).fromColumn(groups.first(g)), k, operandWidth(g));
                if (inputs != null) {
                    inputs.putRows(sequence.input.window(sequence.row(t, 0), batch), k);
                }
                k += batch;
            }
        }
        return k;
    }

    private int operandWidth(int g) {
        return groups.first(groups.count()) - groups.first(g);
    }

    /** The gates of a group in the rows of one step, the first of which is {@code row}, become columns k, k + 1, ... */
    private void gatherGates(int g, int row, int k) {
        float[] from = sequence.gates.values();
        float[] to = gatesTransposed.values();
        float[] bias = biasGradient.values();
        for (int r = groups.first(g); r < groups.first(g + 1); r++) {
            float sum = bias[r];
            for (int i = 0; i < sequence.batchSize(); i++) {
                float gate = from[sequence.gates.at(row + i) + r];
                to[gatesTransposed.at(r) + k + i] = gate;
                sum += gate;
            }
            bias[r] = sum;
        }
    }

    /** A token's row of weights gets the gradient of each pre-activation of the group that it was part of. */
    private void addTokens(int g, MemorySegment params) {
        CellPass pass = sequence.pass();
        for (int s = 0; s < sequence.steps(); s++) {
            int t = sequence.time(s);
            for (int b = 0; b < sequence.batchSize(); b++) {
                if (groups.moves(sequence, g, t) && pass.active(t, b)) {
                    int row = sequence.row(t, b);
                    sequence.weights.tokens[g].addGradient(sequence.gates, row, params, sequence.token(row));
                }
            }
        }
    }
}
