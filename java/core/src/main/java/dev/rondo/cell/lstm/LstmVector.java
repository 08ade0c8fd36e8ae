package dev.rondo.cell.lstm;

import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;

import dev.rondo.cell.lstm.Lstm.Gate;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The LSTM in vectors; the equations are those of {@link Lstm} and, backward, of {@link LstmReference}.
 *
 * <p>A row at a time: activations over whole gates, then one loop over units; a row of all this stays in the L1 cache.
 * Cached: the activations i f g o, and what {@link LstmReference} says of layer norm. State planes: 0 = h, 1 = c.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class LstmVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();
    private static final int OUTPUT = Gate.OUTPUT.ordinal();

    @Override
    public void forward(VectorRow row) {
        if (row.variant() != 0) {
            forwardWithOptions(row);
            return;
        }
        int H = row.units();
        float[] gates = row.gates();
        int i = row.gate(0);
        int f = row.gate(1);
        int g = row.gate(2);
        int o = row.gate(3);
        MATH.sigmoid(gates, i, 2 * H); // i and f lie side by side
        MATH.tanh(gates, g, H);
        MATH.sigmoid(gates, o, H);

        float[] c = row.state(1);
        int before = row.before(1);
        int after = row.after(1);
        for (int k = 0; k < H; k += LANES) {
            FloatVector kept = TYPE.cast(fromArray(SPECIES, gates, f + k)).mul(fromArray(SPECIES, c, before + k));
            FloatVector in = TYPE.cast(fromArray(SPECIES, gates, i + k));
            in.fma(fromArray(SPECIES, gates, g + k), kept).intoArray(c, after + k);
        }
        float[] h = row.state(0);
        int out = row.after(0);
        System.arraycopy(c, after, h, out, H);
        MATH.tanh(h, out, H);
        for (int k = 0; k < H; k += LANES) {
            TYPE.cast(fromArray(SPECIES, gates, o + k)).mul(fromArray(SPECIES, h, out + k)).intoArray(h, out + k);
        }
    }

    @Override
    public void backward(VectorRow row) {
        if (row.variant() != 0) {
            backwardWithOptions(row);
            return;
        }
        int H = row.units();
        float[] gates = row.gates();
        float[] c = row.state(1);
        float[] tanhC = row.scratch();
        System.arraycopy(c, row.after(1), tanhC, 0, H);
        MATH.tanh(tanhC, 0, H);
        int before = row.before(1);
        float[] dhs = row.gradient(0);
        float[] dcs = row.gradient(1);
        int dhAt = row.gradientAt(0);
        int dcAt = row.gradientAt(1);
        int start = row.gate(0);
        FloatVector one = TYPE.cast(FloatVector.broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            int at = start + k;
            FloatVector i = TYPE.cast(fromArray(SPECIES, gates, at));
            FloatVector f = TYPE.cast(fromArray(SPECIES, gates, at + H));
            FloatVector g = TYPE.cast(fromArray(SPECIES, gates, at + 2 * H));
            FloatVector o = TYPE.cast(fromArray(SPECIES, gates, at + 3 * H));
            FloatVector tc = TYPE.cast(fromArray(SPECIES, tanhC, k));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
            FloatVector dc = dh.mul(o).fma(one.sub(tc.mul(tc)), fromArray(SPECIES, dcs, dcAt + k));
            dc.mul(g).mul(i).mul(one.sub(i)).intoArray(gates, at);
            dc.mul(fromArray(SPECIES, c, before + k)).mul(f).mul(one.sub(f)).intoArray(gates, at + H);
            dc.mul(i).mul(one.sub(g.mul(g))).intoArray(gates, at + 2 * H);
            dh.mul(tc).mul(o).mul(one.sub(o)).intoArray(gates, at + 3 * H);
            TYPE.cast(FloatVector.zero(SPECIES)).intoArray(dhs, dhAt + k);
            dc.mul(f).intoArray(dcs, dcAt + k);
        }
    }

    /** The same with every option; in loops of their own, each over what lies in the L1 cache. */
    private static void forwardWithOptions(VectorRow row) {
        Lstm lstm = (Lstm) row.cell();
        int H = row.units();
        int gateCount = lstm.gates();
        float[] gates = row.gates();
        int first = lstm.firstGroup();
        int i = row.gate(first);
        int g = row.gate(first + gateCount - 2);
        int o = row.gate(first + gateCount - 1);
        float[] c = row.state(1);
        int before = row.before(1);
        int after = row.after(1);
        int group = 0;
        if (lstm.normalizes()) {
            LstmVectorNorm.addProducts(row, lstm);
        }
        for (int gate = 0; gate < 2; gate++) { // i and f
            for (int k = 0; seesCell(row, gate) && k < H; k += LANES) {
                FloatVector p = TYPE.cast(fromArray(SPECIES, row.pointwise(), row.pointwiseAt(group) + k));
                FloatVector product = fromArray(SPECIES, gates, i + gate * H + k);
                p.fma(fromArray(SPECIES, c, before + k), product).intoArray(gates, i + gate * H + k);
            }
            group += seesCell(row, gate) ? 1 : 0;
        }
        clip(gates, i, o - i, lstm.clip());
        MATH.sigmoid(gates, i, g - i);
        MATH.tanh(gates, g, H);

        float[] forget = lstm.gatesCoupled() ? row.scratch() : gates;
        int f = lstm.gatesCoupled() ? 0 : row.gate(first + 1);
        FloatVector one = TYPE.cast(FloatVector.broadcast(SPECIES, 1));
        for (int k = 0; lstm.gatesCoupled() && k < H; k += LANES) {
            one.sub(fromArray(SPECIES, gates, i + k)).intoArray(forget, k);
        }
        for (int k = 0; k < H; k += LANES) {
            FloatVector kept = TYPE.cast(fromArray(SPECIES, forget, f + k)).mul(fromArray(SPECIES, c, before + k));
            FloatVector in = TYPE.cast(fromArray(SPECIES, gates, i + k));
            in.fma(fromArray(SPECIES, gates, g + k), kept).intoArray(c, after + k);
        }
        clip(c, after, H, lstm.cellClip());

        for (int k = 0; seesCell(row, OUTPUT) && k < H; k += LANES) {
            FloatVector p = TYPE.cast(fromArray(SPECIES, row.pointwise(), row.pointwiseAt(group) + k));
            p.fma(fromArray(SPECIES, c, after + k), fromArray(SPECIES, gates, o + k)).intoArray(gates, o + k);
        }
        clip(gates, o, H, lstm.clip());
        MATH.sigmoid(gates, o, H);
        float[] h = row.state(0);
        int out = row.after(0);
        if (lstm.normalizes()) {
            LstmVectorNorm.addCell(row, lstm);
            System.arraycopy(gates, row.gate(first + gateCount), h, out, H);
        } else {
            System.arraycopy(c, after, h, out, H);
        }
        MATH.tanh(h, out, H);
        for (int k = 0; k < H; k += LANES) {
            TYPE.cast(fromArray(SPECIES, gates, o + k)).mul(fromArray(SPECIES, h, out + k)).intoArray(h, out + k);
        }
    }

    /** In methods that are each large enough to be compiled alone, and no larger, see {@link VectorWidth}. */
    private static void backwardWithOptions(VectorRow row) {
        Lstm lstm = (Lstm) row.cell();
        int groups = lstm.peepholes().size();
        int i = row.gate(lstm.firstGroup());
        int o = row.gate(lstm.firstGroup() + lstm.gates() - 1);
        float high = sigmoidAt(row.scratch(), lstm.clip());
        float low = sigmoidAt(row.scratch(), -lstm.clip());
        backwardOutput(row, high, low);
        // With layer norm c' is made again, in the place of dh: where a unit is held the state does not have it.
        if (lstm.normalizes()) {
            LstmVectorNorm.cellGradient(row, lstm);
        }
        float[] cells = lstm.normalizes() ? row.gradient(0) : row.state(1);
        int cellsAt = lstm.normalizes() ? row.gradientAt(0) : row.after(1);
        if (seesCell(row, OUTPUT)) {
            addPeephole(row, --groups, o, cells, cellsAt);
        }
        backwardCell(row, cells, cellsAt);
        backwardGates(row, high, low);
        for (int gate = 1; gate >= 0; gate--) { // f and i
            if (seesCell(row, gate)) {
                addPeephole(row, --groups, i + gate * row.units(), row.state(1), row.before(1));
            }
        }
        if (lstm.normalizes()) {
            LstmVectorNorm.productGradients(row, lstm);
            Arrays.fill(row.gradient(0), row.gradientAt(0), row.gradientAt(0) + row.units(), 0);
        }
    }

    /** From dh to the gradients of what the sigmoid of o and the tanh of c' take. */
    private static void backwardOutput(VectorRow row, float high, float low) {
        Lstm lstm = (Lstm) row.cell();
        int H = row.units();
        float[] gates = row.gates();
        int o = row.gate(lstm.firstGroup() + lstm.gates() - 1);
        float[] dhs = row.gradient(0);
        int dhAt = row.gradientAt(0);
        float[] tanhC = row.scratch();
        // With layer norm tanh takes numbers of its own, whose gradient takes their place; else it takes the cell.
        boolean normalizes = lstm.normalizes();
        int takenAt = normalizes ? row.gate(lstm.firstGroup() + lstm.gates()) : row.after(1);
        System.arraycopy(normalizes ? gates : row.state(1), takenAt, tanhC, 0, H);
        MATH.tanh(tanhC, 0, H);
        float[] dTaken = normalizes ? gates : row.gradient(1);
        int dTakenAt = normalizes ? takenAt : row.gradientAt(1);
        if (normalizes) {
            Arrays.fill(gates, takenAt, takenAt + H, 0);
        }
        FloatVector one = TYPE.cast(FloatVector.broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            FloatVector out = TYPE.cast(fromArray(SPECIES, gates, o + k));
            FloatVector tc = TYPE.cast(fromArray(SPECIES, tanhC, k));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
            FloatVector d = dh.mul(tc).mul(out).mul(one.sub(out)).blend(0f, out.compare(GE, high));
            d.blend(0f, out.compare(LE, low)).intoArray(gates, o + k);
            FloatVector sum = fromArray(SPECIES, dTaken, dTakenAt + k);
            dh.mul(out).fma(one.sub(tc.mul(tc)), sum).intoArray(dTaken, dTakenAt + k);
            TYPE.cast(FloatVector.zero(SPECIES)).intoArray(dhs, dhAt + k);
        }
    }

    /** The gradient of c' where it was not clipped, and that of what the tanh of g takes; g goes to the scratch. */
    private static void backwardCell(VectorRow row, float[] cells, int cellsAt) {
        Lstm lstm = (Lstm) row.cell();
        int H = row.units();
        float[] gates = row.gates();
        int i = row.gate(lstm.firstGroup());
        int g = row.gate(lstm.firstGroup() + lstm.gates() - 2);
        float[] dcs = row.gradient(1);
        int dcAt = row.gradientAt(1);
        float[] candidates = row.scratch();
        float highest = tanhAt(candidates, lstm.clip());
        float cellClip = boundOf(lstm.cellClip());
        FloatVector one = TYPE.cast(FloatVector.broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            FloatVector in = TYPE.cast(fromArray(SPECIES, gates, i + k));
            FloatVector candidate = TYPE.cast(fromArray(SPECIES, gates, g + k));
            FloatVector cNow = TYPE.cast(fromArray(SPECIES, cells, cellsAt + k));
            FloatVector dAny = TYPE.cast(fromArray(SPECIES, dcs, dcAt + k)).blend(0f, cNow.compare(GE, cellClip));
            FloatVector dc = dAny.blend(0f, cNow.compare(LE, -cellClip));
            FloatVector d = dc.mul(in).mul(one.sub(candidate.mul(candidate))).blend(0f, candidate.compare(GE, highest));
            d.blend(0f, candidate.compare(LE, -highest)).intoArray(gates, g + k);
            candidate.intoArray(candidates, k);
            dc.intoArray(dcs, dcAt + k);
        }
    }

    /** The gradients of what the sigmoids of i and f take, and the part of dc that does not pass through them. */
    private static void backwardGates(VectorRow row, float high, float low) {
        Lstm lstm = (Lstm) row.cell();
        int H = row.units();
        float[] gates = row.gates();
        int i = row.gate(lstm.firstGroup());
        int f = row.gate(lstm.firstGroup() + 1);
        float[] c = row.state(1);
        int before = row.before(1);
        float[] dcs = row.gradient(1);
        int dcAt = row.gradientAt(1);
        float[] candidates = row.scratch();
        FloatVector one = TYPE.cast(FloatVector.broadcast(SPECIES, 1));
        for (int k = 0; lstm.gatesCoupled() && k < H; k += LANES) {
            FloatVector in = TYPE.cast(fromArray(SPECIES, gates, i + k));
            FloatVector dc = TYPE.cast(fromArray(SPECIES, dcs, dcAt + k));
            FloatVector gain = TYPE.cast(fromArray(SPECIES, candidates, k)).sub(fromArray(SPECIES, c, before + k));
            FloatVector d = dc.mul(gain).mul(in).mul(one.sub(in)).blend(0f, in.compare(GE, high));
            d.blend(0f, in.compare(LE, low)).intoArray(gates, i + k);
            dc.mul(one.sub(in)).intoArray(dcs, dcAt + k);
        }
        for (int k = 0; !lstm.gatesCoupled() && k < H; k += LANES) {
            FloatVector in = TYPE.cast(fromArray(SPECIES, gates, i + k));
            FloatVector kept = TYPE.cast(fromArray(SPECIES, gates, f + k));
            FloatVector dc = TYPE.cast(fromArray(SPECIES, dcs, dcAt + k));
            FloatVector dIn = dc.mul(fromArray(SPECIES, candidates, k)).mul(in).mul(one.sub(in));
            FloatVector dKept = dc.mul(fromArray(SPECIES, c, before + k)).mul(kept).mul(one.sub(kept));
            FloatVector di = dIn.blend(0f, in.compare(GE, high));
            FloatVector df = dKept.blend(0f, kept.compare(GE, high));
            di.blend(0f, in.compare(LE, low)).intoArray(gates, i + k);
            df.blend(0f, kept.compare(LE, low)).intoArray(gates, f + k);
            dc.mul(kept).intoArray(dcs, dcAt + k);
        }
    }

    /**
     * A peephole backwards: d at {@code gate} is the gradient of what a sigmoid took, what the peephole saw
     * lies in {@code cells}. A loop that HotSpot makes vectors of by itself, or none.
     */
    private static void addPeephole(VectorRow row, int group, int gate, float[] cells, int cellsAt) {
        float[] gates = row.gates();
        float[] dcs = row.gradient(1);
        int dcAt = row.gradientAt(1);
        int at = row.pointwiseAt(group);
        float[] peephole = row.pointwise();
        float[] gradient = row.pointwiseGradient();
        for (int k = 0; k < row.units(); k++) {
            gradient[at + k] += gates[gate + k] * cells[cellsAt + k];
            dcs[dcAt + k] += gates[gate + k] * peephole[at + k];
        }
    }

    /** {@return whether a gate, by its order in {@link Gate}, has a peephole} */
    private static boolean seesCell(VectorRow row, int gate) {
        return (row.variant() >> gate & 1) != 0;
    }

    /** x, but no further from 0 than {@code bound}; not-a-number stays one. */
    private static void clip(float[] x, int at, int count, double bound) {
        float high = (float) bound;
        for (int k = at; high < Float.POSITIVE_INFINITY && k < at + count; k++) {
            x[k] = x[k] > high ? high : x[k] < -high ? -high : x[k];
        }
    }

    /** {@return a bound to compare with; not-a-number, with which nothing compares, where there is none} */
    private static float boundOf(double clip) {
        return Double.isInfinite(clip) ? Float.NaN : (float) clip;
    }

    /** {@return the sigmoid at a bound: what is beyond it was clipped} */
    private static float sigmoidAt(float[] scratch, double clip) {
        scratch[0] = boundOf(clip);
        MATH.sigmoid(scratch, 0, 1);
        return scratch[0];
    }

    /** {@return the tanh at a bound: what is beyond it was clipped} */
    private static float tanhAt(float[] scratch, double clip) {
        scratch[0] = boundOf(clip);
        MATH.tanh(scratch, 0, 1);
        return scratch[0];
    }
}
