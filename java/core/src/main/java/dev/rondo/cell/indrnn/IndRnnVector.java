package dev.rondo.cell.indrnn;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.indrnn.IndRnn.Activation;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Independently recurrent units in vectors; the equations are those of {@link IndRnn} and, backward, of {@link
 * IndRnnReference}.
 *
 * <p>Cached: the activation. State plane: 0 = h.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class IndRnnVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();
    private static final int TANH = Activation.TANH.ordinal();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int at = row.gate(0);
        if (row.variant() == TANH) {
            MATH.tanh(gates, at, H);
        } else {
            rectify(gates, at, H);
        }
        System.arraycopy(gates, at, row.state(0), row.after(0), H);
    }

    /** x = 0 where x is less than 0; NaN stays. */
    private static void rectify(float[] x, int at, int count) {
        for (int k = 0; k < count; k += LANES) {
            FloatVector v = TYPE.cast(fromArray(SPECIES, x, at + k));
            v.blend(0, v.compare(VectorOperators.LT, 0)).intoArray(x, at + k);
        }
    }

    @Override
    public void backward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int at = row.gate(0);
        float[] dhs = row.gradient(0);
        int dhAt = row.gradientAt(0);
        FloatVector zero = TYPE.cast(broadcast(SPECIES, 0));
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        if (row.variant() == TANH) {
            for (int k = 0; k < H; k += LANES) {
                FloatVector h = TYPE.cast(fromArray(SPECIES, gates, at + k));
                FloatVector dh = TYPE.cast(fromArray(SPECIES, dhs, dhAt + k));
                dh.mul(one.sub(h.mul(h))).intoArray(gates, at + k);
                zero.intoArray(dhs, dhAt + k);
            }
        } else {
            for (int k = 0; k < H; k += LANES) {
                FloatVector h = TYPE.cast(fromArray(SPECIES, gates, at + k));
                FloatVector dh = fromArray(SPECIES, dhs, dhAt + k);
                h.blend(dh, h.compare(VectorOperators.GT, zero)).intoArray(gates, at + k);
                zero.intoArray(dhs, dhAt + k);
            }
        }
    }
}
