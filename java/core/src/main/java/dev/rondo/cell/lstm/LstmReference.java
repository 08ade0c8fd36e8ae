package dev.rondo.cell.lstm;

import static dev.rondo.kernel.ReferenceMath.sigmoid;
import static dev.rondo.kernel.ReferenceMath.tanh;

import dev.rondo.cell.lstm.Lstm.Gate;
import dev.rondo.kernel.ReferenceKernel;
import java.util.stream.DoubleStream;

/**
 * The LSTM in plain Java; the equations are those of {@link Lstm}. Backward, with dh and dc the gradients of the new
 * state, and p a peephole, 0 where there is none:
 *
 * <pre>
 *   do = dh * tanh(c') * o (1 - o)  dc' = dc + dh * o * (1 - tanh(c')^2) + do * p_o
 *   di = dc' * g * i (1 - i)        df = dc' * c * f (1 - f)     dg = dc' * i * (1 - g^2)
 *   coupled:                        di = dc' * (g - c) * i (1 - i)
 *   dc (old) = dc' * f + di * p_i + df * p_f        dh (old): only through the pre-activations
 *   dp_i += di * c                  dp_f += df * c               dp_o += do * c'
 * </pre>
 *
 * <p>What a clipped activation took has the gradient 0, and so has a clipped c'. Clipped is what lies on the bound, or,
 * of an activation, where it has its value at the bound.
 *
 * <p>Through a layer norm y = N(x), with m the mean and s the factor 1 / sqrt(variance + epsilon):
 *
 * <pre>
 *   dgain += d * y        with e = d * gain:  dx = s * (e - m(e) - y * m(e * y))
 * </pre>
 *
 * <p>Cached: the activations i f g o; with layer norm W x, R h and what the tanh of the cell takes. State planes:
 * 0 = h, 1 = c.
 */
final class LstmReference extends ReferenceKernel {
    private final Lstm lstm;
    private final double[] parameters; // [V]: peepholes, gains
    private final double[] parameterGradients; // [V]

    LstmReference(Lstm lstm) {
        this(lstm, new double[0], new double[0]);
    }

    private LstmReference(Lstm lstm, double[] parameters, double[] parameterGradients) {
        this.lstm = lstm;
        this.parameters = parameters;
        this.parameterGradients = parameterGradients;
    }

    @Override
    protected ReferenceKernel with(double[] values, double[] gradients) {
        return new LstmReference(lstm, values, gradients);
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        if (lstm.normalizes()) {
            addNormalized(gates);
        }
        for (int k = 0; k < lstm.hiddenSize(); k++) {
            double cBefore = before[1][k];
            double i = sigmoid(clip(taken(Gate.INPUT, k, gates, cBefore), lstm.clip()));
            double f = lstm.gatesCoupled() ? 1 - i : sigmoid(clip(taken(Gate.FORGET, k, gates, cBefore), lstm.clip()));
            double g = tanh(clip(gates[lstm.candidateRow() + k], lstm.clip()));
            double c = clip(f * cBefore + i * g, lstm.cellClip());
            double o = sigmoid(clip(taken(Gate.OUTPUT, k, gates, c), lstm.clip()));
            gates[row(Gate.INPUT, k)] = i;
            if (!lstm.gatesCoupled()) {
                gates[row(Gate.FORGET, k)] = f;
            }
            gates[lstm.candidateRow() + k] = g;
            gates[row(Gate.OUTPUT, k)] = o;
            after[1][k] = c;
        }
        double[] cells = after[1];
        if (lstm.normalizes()) {
            cellNorm().add(cells, 0, gates);
        }
        for (int k = 0; k < lstm.hiddenSize(); k++) {
            after[0][k] = gates[row(Gate.OUTPUT, k)] * tanh(lstm.normalizes() ? gates[lstm.cellRow() + k] : cells[k]);
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        double[] cells = lstm.normalizes() ? newCells(gates, before[1]) : after[1];
        double[] dO = new double[lstm.hiddenSize()];
        for (int k = 0; k < dO.length; k++) {
            double tanhC = tanh(lstm.normalizes() ? gates[lstm.cellRow() + k] : cells[k]);
            double dh = gradient[0][k];
            double dTaken = dh * gates[row(Gate.OUTPUT, k)] * (1 - tanhC * tanhC);
            dO[k] = dh * tanhC;
            gradient[0][k] = 0;
            if (lstm.normalizes()) {
                gates[lstm.cellRow() + k] = dTaken;
            } else {
                gradient[1][k] += dTaken;
            }
        }
        if (lstm.normalizes()) {
            cellNorm().addGradient(cells, 0, gates, gradient[1], 0);
        }
        for (int k = 0; k < dO.length; k++) {
            backward(k, gates, before[1][k], cells[k], dO[k], gradient[1]);
        }
        if (lstm.normalizes()) {
            for (Norm norm : productNorms()) {
                var taken = new double[norm.count];
                norm.addGradient(gates, norm.row, gates, taken, 0);
                System.arraycopy(taken, 0, gates, norm.row, norm.count);
            }
        }
    }

    /** One unit, from the gradients of o and of c', of which {@code dcs} has that of c' and gets that of c. */
    private void backward(int k, double[] gates, double cBefore, double c, double dO, double[] dcs) {
        double i = gates[row(Gate.INPUT, k)];
        double f = lstm.gatesCoupled() ? 1 - i : gates[row(Gate.FORGET, k)];
        double g = gates[lstm.candidateRow() + k];
        double dc = dcs[k] + ofGate(Gate.OUTPUT, k, dO, gates, c);
        dc = lstm.clipsCell() && Math.abs(c) >= lstm.cellClip() ? 0 : dc;
        dcs[k] = dc * f;
        if (lstm.gatesCoupled()) {
            dcs[k] += ofGate(Gate.INPUT, k, dc * (g - cBefore), gates, cBefore);
        } else {
            dcs[k] += ofGate(Gate.INPUT, k, dc * g, gates, cBefore);
            dcs[k] += ofGate(Gate.FORGET, k, dc * cBefore, gates, cBefore);
        }
        boolean clipped = lstm.clips() && Math.abs(g) >= tanh(lstm.clip());
        gates[lstm.candidateRow() + k] = clipped ? 0 : dc * i * (1 - g * g);
    }

    /** c', which is not in the state where a unit is held. */
    private double[] newCells(double[] gates, double[] before) {
        var cells = new double[lstm.hiddenSize()];
        for (int k = 0; k < cells.length; k++) {
            double i = gates[row(Gate.INPUT, k)];
            double f = lstm.gatesCoupled() ? 1 - i : gates[row(Gate.FORGET, k)];
            cells[k] = clip(f * before[k] + i * gates[lstm.candidateRow() + k], lstm.cellClip());
        }
        return cells;
    }

    /** Adds both products, normalized, to what the gates take. */
    private void addNormalized(double[] gates) {
        for (Norm norm : productNorms()) {
            norm.add(gates, norm.row, gates);
        }
    }

    /** The norms of both products, W x and R h. */
    private Norm[] productNorms() {
        int count = lstm.firstGroup() / 2 * lstm.hiddenSize();
        int gain = lstm.peepholes().size() * lstm.hiddenSize();
        return new Norm[] {new Norm(0, count, gain, 2 * count), new Norm(count, count, gain + count, 2 * count)};
    }

    private Norm cellNorm() {
        int H = lstm.hiddenSize();
        return new Norm(0, H, (lstm.peepholes().size() + lstm.firstGroup()) * H, lstm.cellRow());
    }

    /** A layer norm of {@code count} numbers, its gains from parameter {@code gain} on, for rows from {@code to} on. */
    private final class Norm {
        private final int row; // of the pre-activations, where x is one of them
        private final int count;
        private final int gain;
        private final int to;

        Norm(int row, int count, int gain, int to) {
            this.row = row;
            this.count = count;
            this.gain = gain;
            this.to = to;
        }

        /** taken += gain * N(x) */
        void add(double[] x, int at, double[] taken) {
            double[] normal = normal(x, at);
            for (int k = 0; k < count; k++) {
                taken[to + k] += parameters[gain + k] * normal[k];
            }
        }

        /** dx += what the gradients at row {@code to} of {@code gates} give, which give to those of the gains too. */
        void addGradient(double[] x, int at, double[] gates, double[] dx, int dxAt) {
            double[] normal = normal(x, at);
            double mean = 0;
            double share = 0;
            for (int k = 0; k < count; k++) {
                double d = gates[to + k] * parameters[gain + k];
                mean += d / count;
                share += d * normal[k] / count;
                parameterGradients[gain + k] += gates[to + k] * normal[k];
            }
            double scale = scale(x, at, mean(x, at));
            for (int k = 0; k < count; k++) {
                dx[dxAt + k] += scale * (gates[to + k] * parameters[gain + k] - mean - normal[k] * share);
            }
        }

        private double[] normal(double[] x, int at) {
            double mean = mean(x, at);
            double scale = scale(x, at, mean);
            var normal = new double[count];
            for (int k = 0; k < count; k++) {
                normal[k] = (x[at + k] - mean) * scale;
            }
            return normal;
        }

        private double mean(double[] x, int at) {
            double sum = 0;
            for (int k = 0; k < count; k++) {
                sum += x[at + k];
            }
            return sum / count;
        }

        private double scale(double[] x, int at, double mean) {
            double squares = 0;
            for (int k = 0; k < count; k++) {
                squares += (x[at + k] - mean) * (x[at + k] - mean);
            }
            return 1 / Math.sqrt(squares / count + lstm.normEpsilon());
        }
    }

    /**
     * Writes the gradient of what a gate's sigmoid took, whose value lies in {@code gates}, and adds that of its
     * peephole; {@return what that gives to the gradient of the cell}
     *
     * @param gradient of the gate
     * @param c the cell that its peephole sees
     */
    private double ofGate(Gate gate, int k, double gradient, double[] gates, double c) {
        double value = gates[row(gate, k)];
        boolean clipped = lstm.clips() && (value >= sigmoid(lstm.clip()) || value <= sigmoid(-lstm.clip()));
        double taken = clipped ? 0 : gradient * value * (1 - value);
        gates[row(gate, k)] = taken;
        int peephole = lstm.peephole(gate);
        if (peephole < 0) {
            return 0;
        }
        int index = peephole * lstm.hiddenSize() + k;
        parameterGradients[index] += taken * c;
        return taken * parameters[index];
    }

    /** What a gate's sigmoid takes before it is clipped: its pre-activation, and what its peephole sees. */
    private double taken(Gate gate, int k, double[] gates, double c) {
        int peephole = lstm.peephole(gate);
        double product = gates[row(gate, k)];
        return peephole < 0 ? product : product + parameters[peephole * lstm.hiddenSize() + k] * c;
    }

    private int row(Gate gate, int k) {
        return lstm.row(gate) + k;
    }

    /** Not-a-number stays one. */
    private static double clip(double x, double bound) {
        return x > bound ? bound : x < -bound ? -bound : x;
    }

    /** Both bounds of what each activation takes, and of c'. */
    @Override
    protected double[] kinks(double[] gates, double[][] before) {
        int H = lstm.hiddenSize();
        gates = gates.clone();
        if (lstm.normalizes()) {
            addNormalized(gates);
        }
        var taken = new double[4 * H];
        var cells = new double[H];
        for (int k = 0; k < H; k++) {
            double cBefore = before[1][k];
            taken[k] = taken(Gate.INPUT, k, gates, cBefore);
            taken[H + k] = lstm.gatesCoupled() ? 0 : taken(Gate.FORGET, k, gates, cBefore);
            taken[2 * H + k] = gates[lstm.candidateRow() + k];
            double i = sigmoid(clip(taken[k], lstm.clip()));
            double f = lstm.gatesCoupled() ? 1 - i : sigmoid(clip(taken[H + k], lstm.clip()));
            cells[k] = f * cBefore + i * tanh(clip(taken[2 * H + k], lstm.clip()));
            taken[3 * H + k] = taken(Gate.OUTPUT, k, gates, clip(cells[k], lstm.cellClip()));
        }
        DoubleStream clips = DoubleStream.of(taken).flatMap(a -> DoubleStream.of(a - lstm.clip(), a + lstm.clip()));
        DoubleStream cellClips =
                DoubleStream.of(cells).flatMap(c -> DoubleStream.of(c - lstm.cellClip(), c + lstm.cellClip()));
        return DoubleStream.concat(clips, cellClips).toArray();
    }
}
