package dev.rondo.cell.mingru;

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
 * The minimal GRU in vectors, step by step; the equations are those of {@link MinGru} and, backward, of {@link
 * MinGruReference}.
 *
 * <p>Cached: z, g. State plane: 0 = h.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class MinGruVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int z = row.gate(0);
        int g = row.gate(1);
        MATH.sigmoid(gates, z, H);
        float[] h = row.state(0);
        int before = row.before(0);
        int after = row.after(0);
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            FloatVector update = TYPE.cast(fromArray(SPECIES, gates, z + k));
            FloatVector kept = one.sub(update).mul(fromArray(SPECIES, h, before + k));
            update.fma(fromArray(SPECIES, gates, g + k), kept).intoArray(h, after + k);
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
        for (int k = 0; k < H; k += LANES) {
            int at = start + k;
            FloatVector z = TYPE.cast(fromArray(SPECIES, gates, at));
            FloatVector g = TYPE.cast(fromArray(SPECIES, gates, at + H));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
            FloatVector dg = dh.mul(z);
            FloatVector kept = one.sub(z);
            g.sub(fromArray(SPECIES, hs, before + k)).mul(dg).mul(kept).intoArray(gates, at);
            dg.intoArray(gates, at + H);
            dh.mul(kept).intoArray(dhs, dhAt + k);
        }
    }
}
