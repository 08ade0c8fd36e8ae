package dev.rondo.cell.lstm;

import dev.rondo.kernel.VectorRow;

/**
 * The layer norms of an LSTM for VECTOR, in plain loops: sums over a row, whose squares may be more than a float holds,
 * are taken in double. The equations are those of {@link LstmReference}; x is H numbers in each of some groups.
 */
final class LstmVectorNorm {
    private LstmVectorNorm() {}

    /** Adds both products, normalized, to what the gates take. */
    static void addProducts(VectorRow row, Lstm lstm) {
        int groups = lstm.gates();
        int gain = lstm.peepholes().size();
        add(row, lstm, row.gates(), row.gate(0), groups, gain, row.gate(2 * groups));
        add(row, lstm, row.gates(), row.gate(groups), groups, gain + groups, row.gate(2 * groups));
    }

    /** Adds c', normalized, to what its tanh takes. */
    static void addCell(VectorRow row, Lstm lstm) {
        int gain = lstm.peepholes().size() + lstm.firstGroup();
        add(row, lstm, row.state(1), row.after(1), 1, gain, row.gate(3 * lstm.gates()));
    }

    /** From the gradients of what the gates take to those of both products, which take their place. */
    static void productGradients(VectorRow row, Lstm lstm) {
        int groups = lstm.gates();
        int gain = lstm.peepholes().size();
        for (int product = 0; product < 2; product++) {
            int at = row.gate(product * groups);
            int gains = gain + product * groups;
            gradient(row, lstm, row.gates(), at, groups, gains, row.gate(2 * groups), row.gates(), at);
        }
    }

    /** Puts c' of {@code cells} in the place of dh, adds what its tanh hands on to the gradient of the cell. */
    static void cellGradient(VectorRow row, Lstm lstm) {
        float[] cells = row.gradient(0);
        float[] dcs = row.gradient(1);
        int at = row.gradientAt(0);
        newCells(row, lstm, cells, at);
        float[] through = row.scratch();
        int gain = lstm.peepholes().size() + lstm.firstGroup();
        gradient(row, lstm, cells, at, 1, gain, row.gate(3 * lstm.gates()), through, 0);
        for (int k = 0; k < lstm.hiddenSize(); k++) {
            dcs[row.gradientAt(1) + k] += through[k];
        }
    }

    /** c', which is not in the state where a unit is held. */
    private static void newCells(VectorRow row, Lstm lstm, float[] cells, int at) {
        float[] gates = row.gates();
        float[] c = row.state(1);
        int i = row.gate(lstm.firstGroup());
        int f = row.gate(lstm.firstGroup() + 1);
        int g = row.gate(lstm.firstGroup() + lstm.gates() - 2);
        float bound = (float) lstm.cellClip();
        for (int k = 0; k < lstm.hiddenSize(); k++) {
            float kept = (lstm.gatesCoupled() ? 1 - gates[i + k] : gates[f + k]) * c[row.before(1) + k];
            float cell = Math.fma(gates[i + k], gates[g + k], kept);
            cells[at + k] = cell > bound ? bound : cell < -bound ? -bound : cell;
        }
    }

    private static void add(VectorRow row, Lstm lstm, float[] x, int at, int groups, int gain, int to) {
        float mean = mean(row, lstm, x, at, groups);
        float scale = scale(row, lstm, x, at, groups, mean);
        for (int group = 0; group < groups; group++) {
            int from = at + group * row.units();
            int gains = row.pointwiseAt(gain + group);
            int taken = to + group * row.units();
            for (int k = 0; k < lstm.hiddenSize(); k++) {
                row.gates()[taken + k] += row.pointwise()[gains + k] * ((x[from + k] - mean) * scale);
            }
        }
    }

    /** dx from the gradients at {@code d} of the gates; dx may lie where x does. */
    private static void gradient(VectorRow row, Lstm lstm, float[] x, int at, int groups, int gain, int d, float[] dx,
            int dxAt) {
        float mean = mean(row, lstm, x, at, groups);
        float scale = scale(row, lstm, x, at, groups, mean);
        double sum = 0;
        double share = 0;
        for (int group = 0; group < groups; group++) {
            int from = at + group * row.units();
            int gains = row.pointwiseAt(gain + group);
            for (int k = 0; k < lstm.hiddenSize(); k++) {
                float taken = row.gates()[d + group * row.units() + k];
                float normal = (x[from + k] - mean) * scale;
                float through = taken * row.pointwise()[gains + k];
                sum += through;
                share += through * normal;
                row.pointwiseGradient()[gains + k] += taken * normal;
            }
        }
        float meanThrough = (float) (sum / (groups * lstm.hiddenSize()));
        float meanShare = (float) (share / (groups * lstm.hiddenSize()));
        for (int group = 0; group < groups; group++) {
            int from = at + group * row.units();
            int gains = row.pointwiseAt(gain + group);
            for (int k = 0; k < lstm.hiddenSize(); k++) {
                float normal = (x[from + k] - mean) * scale;
                float through = row.gates()[d + group * row.units() + k] * row.pointwise()[gains + k];
                dx[dxAt + group * row.units() + k] = scale * (through - meanThrough - normal * meanShare);
            }
        }
    }

    private static float mean(VectorRow row, Lstm lstm, float[] x, int at, int groups) {
        double sum = 0;
        for (int group = 0; group < groups; group++) {
            for (int k = 0; k < lstm.hiddenSize(); k++) {
                sum += x[at + group * row.units() + k];
            }
        }
        return (float) (sum / (groups * lstm.hiddenSize()));
    }

    private static float scale(VectorRow row, Lstm lstm, float[] x, int at, int groups, float mean) {
        double squares = 0;
        for (int group = 0; group < groups; group++) {
            for (int k = 0; k < lstm.hiddenSize(); k++) {
                double distance = x[at + group * row.units() + k] - mean;
                squares += distance * distance;
            }
        }
        return (float) (1 / Math.sqrt(squares / (groups * lstm.hiddenSize()) + lstm.normEpsilon()));
    }
}
