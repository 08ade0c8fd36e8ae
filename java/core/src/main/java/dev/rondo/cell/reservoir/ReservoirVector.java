package dev.rondo.cell.reservoir;

import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.reservoir.Reservoir.Activation;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The reservoir in vectors; the equations are those of {@link Reservoir} and, backward, of {@link ReservoirReference}.
 *
 * <p>Cached: the activation. State plane: 0 = x.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class ReservoirVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();
    private static final int TANH = Activation.TANH.ordinal();
    private static final int RELU = Activation.RELU.ordinal();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int at = row.gate(0);
        if (row.variant() == TANH) {
            MATH.tanh(gates, at, H);
        } else if (row.variant() == RELU) {
            rectify(gates, at, H);
        } else {
            MATH.sigmoid(gates, at, H);
        }
        leak(row, H);
    }

    /** x' = (1 - leak) x + gain f. */
    private static void leak(VectorRow row, int count) {
        var cell = (Reservoir) row.cell();
        float keep = (float) (1 - cell.leak());
        float gain = (float) cell.gain();
        float[] gates = row.gates();
        float[] states = row.state(0);
        int at = row.gate(0);
        int before = row.before(0);
        int after = row.after(0);
        for (int k = 0; k < count; k += LANES) {
            FloatVector f = TYPE.cast(fromArray(SPECIES, gates, at + k));
            FloatVector x = TYPE.cast(fromArray(SPECIES, states, before + k));
            x.mul(keep).add(f.mul(gain)).intoArray(states, after + k);
        }
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
        float[] dxs = row.gradient(0);
        int dxAt = row.gradientAt(0);
        var cell = (Reservoir) row.cell();
        float keep = (float) (1 - cell.leak());
        float gain = (float) cell.gain();
        for (int k = 0; k < H; k += LANES) {
            FloatVector f = TYPE.cast(fromArray(SPECIES, gates, at + k));
            FloatVector dx = TYPE.cast(fromArray(SPECIES, dxs, dxAt + k));
            slope(row.variant(), f, TYPE.cast(dx.mul(gain))).intoArray(gates, at + k);
            dx.mul(keep).intoArray(dxs, dxAt + k);
        }
    }

    /** {@return the gradient of the pre-activations, from the activation and its gradient} */
    private static FloatVector slope(long variant, FloatVector f, FloatVector df) {
        if (variant == TANH) {
            return df.mul(f.mul(f).neg().add(1));
        }
        if (variant == RELU) {
            return f.blend(df, f.compare(VectorOperators.GT, 0));
        }
        return df.mul(f).mul(f.neg().add(1));
    }
}
