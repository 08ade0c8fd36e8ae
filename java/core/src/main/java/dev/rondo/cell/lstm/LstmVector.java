package dev.rondo.cell.lstm;

import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The LSTM in vectors; the equations are those of {@link Lstm} and, backward, of {@link LstmReference}.
 *
 * <p>A row at a time: activations over whole gates, then one loop over units; a row of all this stays in the L1 cache.
 * Cached: the activations i f g o. State planes: 0 = h, 1 = c.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class LstmVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();

    @Override
    public void forward(VectorRow row) {
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
}
