package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.UnitGroup;
import java.util.Arrays;
import java.util.List;

/**
 * What a step is for a cell with {@linkplain Cell#unitGroups groups of units}: products and pointwise parts of those
 * that move. Group g has the g-th of the input's and of the recurrent blocks.
 *
 * <p>Groups need not start at a whole number of vectors. A product adds zeros to the units behind its group, as always;
 * what the pointwise part makes of those up to the end of a vector is undone.
 */
final class VectorGroups {
    private final int[] first; // [groups + 1]: the first unit of each, and H
    private final UnitGroup[] groups;
    private final int lanes;
    private final float[] kept; // [2 * lanes]

    private VectorGroups(List<UnitGroup> groups, int lanes) {
        this.groups = groups.toArray(UnitGroup[]::new);
        this.first = new int[this.groups.length + 1];
        Arrays.setAll(first, g -> groups.subList(0, g).stream().mapToInt(UnitGroup::size).sum());
        this.lanes = lanes;
        this.kept = new float[2 * lanes];
    }

    /** {@return the groups of a cell; null if it has none} */
    static VectorGroups of(Cell cell, int lanes) {
        return cell.unitGroups().isEmpty() ? null : new VectorGroups(cell.unitGroups(), lanes);
    }

    int count() {
        return groups.length;
    }

    /** {@return the first unit of group {@code g}} */
    int first(int g) {
        return first[g];
    }

    int size(int g) {
        return groups[g].size();
    }

    boolean moves(VectorSequence sequence, int g, int t) {
        return groups[g].movesAt(sequence.pass().timeOrigin() + t);
    }

    /** {@return the first group after {@code g} that does not do as {@code g} does at step t: move, or rest} */
    private int runEnd(VectorSequence sequence, int g, int t) {
        boolean moves = moves(sequence, g, t);
        int end = g + 1;
        while (end < groups.length && moves(sequence, end, t) == moves) {
            end++;
        }
        return end;
    }

    /** gates = bias + input weightIh^T of the groups that move, for the rows of step t. */
    void multiplyInput(VectorSequence sequence, int t) {
        VectorWeights weights = sequence.weights;
        int batch = sequence.batchSize();
        int start = sequence.row(t, 0);
        for (int g = 0; g < groups.length; g++) {
            if (!moves(sequence, g, t)) {
                continue;
            }
            for (int i = start; i < start + batch; i++) {
                sequence.gates.copyColumns(weights.bias, 0, i, first[g], groups[g].size());
                if (weights.tokens.length > 0) {
                    weights.tokens[g].add(sequence.pass().params(), sequence.token(i), sequence.gates, i);
                }
            }
        }
        for (int g = 0; g < weights.input.length; g++) {
            if (moves(sequence, g, t)) {
                VectorRows input = sequence.input.window(start, batch);
                weights.input[g].multiply(sequence.product, input, sequence.gates, start);
            }
        }
    }

    /** gates += operand weightHh^T of the groups that move, for the rows of step t. */
    void multiplyState(VectorSequence sequence, VectorRows operand, int t) {
        for (int g = 0; g < groups.length; g++) {
            if (moves(sequence, g, t)) {
                VectorRows seen = operand.fromColumn(first[g]);
                sequence.weights.recurrent[g].multiply(sequence.product, seen, sequence.gates, sequence.row(t, 0));
            }
        }
    }

    /** The pointwise part of the units that move in row (t, b), which {@code row} is; the others keep their state. */
    void forward(VectorPointwise pointwise, VectorSequence sequence, VectorRow row, int t, int b) {
        int end;
        for (int g = 0; g < groups.length; g = end) {
            end = runEnd(sequence, g, t);
            if (moves(sequence, g, t)) {
                row.units(first[g], VectorRows.roundUp(first[end] - first[g], lanes));
                keep(row, row.state(0), row.after(0), first[end] - first[g]);
                pointwise.forward(row);
                putBack(row, row.state(0), row.after(0), first[end] - first[g]);
            }
        }
        for (int g = 0; g < groups.length; g = end) {
            end = runEnd(sequence, g, t);
            if (!moves(sequence, g, t)) {
                VectorRows states = sequence.states[0];
                int units = first[end] - first[g];
                states.copyColumns(states, sequence.before(t, b), sequence.after(t, b), first[g], units);
            }
        }
    }

    /** The same backwards. The gradient of the state of units that rest stays as it is. */
    void backward(VectorPointwise pointwise, VectorSequence sequence, VectorRow row, int t) {
        int end;
        for (int g = 0; g < groups.length; g = end) {
            end = runEnd(sequence, g, t);
            if (moves(sequence, g, t)) {
                row.units(first[g], VectorRows.roundUp(first[end] - first[g], lanes));
                keep(row, row.gradient(0), row.gradientAt(0), first[end] - first[g]);
                pointwise.backward(row);
                putBack(row, row.gradient(0), row.gradientAt(0), first[end] - first[g]);
            }
        }
    }

    /** Keeps what stands behind the {@code units} units of the row, in the gates and in {@code plane}. */
    private void keep(VectorRow row, float[] plane, int at, int units) {
        System.arraycopy(row.gates(), row.gate(0) + units, kept, 0, row.units() - units);
        System.arraycopy(plane, at + units, kept, lanes, row.units() - units);
    }

    private void putBack(VectorRow row, float[] plane, int at, int units) {
        System.arraycopy(kept, 0, row.gates(), row.gate(0) + units, row.units() - units);
        System.arraycopy(kept, lanes, plane, at + units, row.units() - units);
    }

    /** The gradients of pre-activations are zero where a group rests. */
    void clearResting(VectorSequence sequence, int t) {
        for (int g = 0; g < groups.length; g++) {
            for (int b = 0; b < sequence.batchSize() && !moves(sequence, g, t); b++) {
                int at = sequence.gates.at(sequence.row(t, b));
                Arrays.fill(sequence.gates.values(), at + first[g], at + first[g + 1], 0);
            }
        }
    }
}
