package dev.rondo.cell.gru;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.gru.Gru.Reset;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The GRU in vectors; the equations are those of {@link Gru} and, backward, of {@link GruReference}.
 *
 * <p>Cached: the activations r z n, and nh after the product. State plane: 0 = h. Cache plane, before the product:
 * r * h, with h the masked operand of the products.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class GruVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();
    private static final int AFTER = Reset.AFTER.ordinal();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int r = row.gate(0);
        int z = row.gate(1);
        int n = row.gate(2);
        if (row.variant() == AFTER) {
            int nh = row.gate(3);
            MATH.sigmoid(gates, r, 2 * H); // r and z lie side by side
            for (int k = 0; k < H; k += LANES) {
                FloatVector reset = TYPE.cast(fromArray(SPECIES, gates, r + k));
                FloatVector nx = fromArray(SPECIES, gates, n + k);
                reset.fma(fromArray(SPECIES, gates, nh + k), nx).intoArray(gates, n + k);
            }
        }
        MATH.tanh(gates, n, H);
        float[] h = row.state(0);
        int before = row.before(0);
        int after = row.after(0);
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            FloatVector update = TYPE.cast(fromArray(SPECIES, gates, z + k));
            FloatVector candidate = one.sub(update).mul(fromArray(SPECIES, gates, n + k));
            update.fma(fromArray(SPECIES, h, before + k), candidate).intoArray(h, after + k);
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
            FloatVector z = TYPE.cast(fromArray(SPECIES, gates, at + H));
            FloatVector n = TYPE.cast(fromArray(SPECIES, gates, at + 2 * H));
            FloatVector h = TYPE.cast(fromArray(SPECIES, hs, before + k));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
            FloatVector dn = dh.mul(one.sub(z));
            dn.mul(h.sub(n)).mul(z).intoArray(gates, at + H);
            dn.mul(one.sub(n.mul(n))).intoArray(gates, at + 2 * H);
            dh.mul(z).intoArray(dhs, dhAt + k);
        }
        for (int k = 0; row.variant() == AFTER && k < H; k += LANES) {
            int at = start + k;
            FloatVector r = TYPE.cast(fromArray(SPECIES, gates, at));
            FloatVector da = TYPE.cast(fromArray(SPECIES, gates, at + 2 * H));
            FloatVector nh = fromArray(SPECIES, gates, at + 3 * H);
            FloatVector dnh = da.mul(r);
            dnh.mul(nh).mul(one.sub(r)).intoArray(gates, at);
            dnh.intoArray(gates, at + 3 * H);
        }
    }

    @Override
    public void forwardBetween(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int r = row.gate(0);
        MATH.sigmoid(gates, r, 2 * H); // and z
        float[] h = row.operand();
        int hAt = row.operandAt();
        float[] reset = row.cachePlane(0);
        int to = row.cachePlaneAt(0);
        for (int k = 0; k < H; k += LANES) {
            TYPE.cast(fromArray(SPECIES, gates, r + k)).mul(fromArray(SPECIES, h, hAt + k)).intoArray(reset, to + k);
        }
    }

    @Override
    public void backwardBetween(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int start = row.gate(0);
        float[] hs = row.operand();
        int hAt = row.operandAt();
        float[] dhs = row.operandGradient();
        int dhAt = row.operandGradientAt();
        float[] ds = row.cacheGradient(0);
        int dAt = row.cacheGradientAt(0);
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        for (int k = 0; k < H; k += LANES) {
            FloatVector r = TYPE.cast(fromArray(SPECIES, gates, start + k));
            FloatVector dh = TYPE.cast(fromArray(SPECIES, ds, dAt + k)).mul(r);
            dh.mul(fromArray(SPECIES, hs, hAt + k)).mul(one.sub(r)).intoArray(gates, start + k);
            dh.add(fromArray(SPECIES, dhs, dhAt + k)).intoArray(dhs, dhAt + k);
        }
    }
}
