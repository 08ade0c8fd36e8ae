package dev.rondo.bench;

import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops in vectors, copied for each width (see {@link VectorWidth}). Twelve chains: present cores start two
 * multiply-adds per cycle, each of which takes four or five, and fourteen registers are what AVX2 has room for.
 */
final class VectorPeakLoop implements PeakLoop {
    private static final VectorSpecies<Float> SPECIES = VectorWidth.ofClass(MethodHandles.lookup()).species();
    private static final int LANES = SPECIES.length();
    private static final int CHAINS = 12;

    VectorPeakLoop() {}

    @Override
    public int flopsPerRound() {
        return 2 * CHAINS * LANES;
    }

    @Override
    public float multiplyAdd(int rounds) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.001f); // small: a sum stops growing, and is never infinite
        FloatVector y = x;
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        FloatVector i = y;
        FloatVector j = y;
        FloatVector k = y;
        FloatVector l = y;
        for (int round = 0; round < rounds; round++) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
            k = x.fma(y, k);
            l = x.fma(y, l);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l)
                .reduceLanes(VectorOperators.ADD);
    }

    @Override
    public float read(float[] values, int rounds) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (int round = 0; round < rounds; round++) {
            for (int n = 0; n <= values.length - 4 * LANES; n += 4 * LANES) {
                a = a.add(FloatVector.fromArray(SPECIES, values, n));
                b = b.add(FloatVector.fromArray(SPECIES, values, n + LANES));
                c = c.add(FloatVector.fromArray(SPECIES, values, n + 2 * LANES));
                d = d.add(FloatVector.fromArray(SPECIES, values, n + 3 * LANES));
            }
        }
        return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
    }
}
