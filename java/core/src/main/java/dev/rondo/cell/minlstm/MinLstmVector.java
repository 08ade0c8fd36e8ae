package dev.rondo.cell.minlstm;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The minimal LSTM in vectors, step by step; the equations are those of {@link MinLstm} and, backward, of {@link
 * MinLstmReference}. Powers come by way of s = sigmoid(x), as e^x = s / (1 - s), which for x up to 0 loses no digits.
 *
 * <p>Cached: u, v, g. State plane: 0 = h.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class MinLstmVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int start = row.gate(0);
        float[] scratch = row.scratch();
        for (int k = 0; k < H; k += LANES) {
            FloatVector a = TYPE.cast(fromArray(SPECIES, gates, start + k));
            FloatVector b = TYPE.cast(fromArray(SPECIES, gates, start + H + k));
            FloatVector m = a.min(b).min(0);
            m.sub(a).intoArray(gates, start + k);
            m.sub(b).intoArray(gates, start + H + k);
            m.intoArray(scratch, k);
        }
        MATH.sigmoid(gates, start, 2 * H); // of m - a and m - b, which lie side by side
        MATH.sigmoid(scratch, 0, H);
        float[] hs = row.state(0);
        int before = row.before(0);
        int after = row.after(0);
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            int at = start + k;
            FloatVector a = TYPE.cast(fromArray(SPECIES, gates, at));
            FloatVector b = TYPE.cast(fromArray(SPECIES, gates, at + H));
            FloatVector m = TYPE.cast(fromArray(SPECIES, scratch, k));
            FloatVector A = a.div(one.sub(a));
            FloatVector B = b.div(one.sub(b));
            FloatVector E = m.div(one.sub(m));
            FloatVector D = A.add(B).add(E).add(E);
            A.div(D).intoArray(gates, at);
            B.div(D).intoArray(gates, at + H);
            FloatVector kept = E.add(A).div(D).mul(fromArray(SPECIES, hs, before + k));
            E.add(B).div(D).fma(fromArray(SPECIES, gates, at + 2 * H), kept).intoArray(hs, after + k);
        }
    }

    @Override
    public void backward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int start = row.gate(0);
        float[] hs = row.state(0);
        int before = row.before(0);
        float[] dhs = row.gradient(0);
        int dhAt = row.gradientAt(0);
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        FloatVector half = TYPE.cast(broadcast(SPECIES, 0.5f));
        for (int k = 0; k < H; k += LANES) {
            int at = start + k;
            FloatVector u = TYPE.cast(fromArray(SPECIES, gates, at));
            FloatVector v = TYPE.cast(fromArray(SPECIES, gates, at + H));
            FloatVector g = TYPE.cast(fromArray(SPECIES, gates, at + 2 * H));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
            FloatVector q = one.sub(u).add(v).mul(half);
            FloatVector kept = one.add(u).sub(v).mul(half);
            FloatVector dq = g.sub(fromArray(SPECIES, hs, before + k)).mul(dh);
            dq.mul(q).mul(u).intoArray(gates, at);
            dq.neg().mul(kept).mul(v).intoArray(gates, at + H);
            dh.mul(q).intoArray(gates, at + 2 * H);
            dh.mul(kept).intoArray(dhs, dhAt + k);
        }
    }
}
