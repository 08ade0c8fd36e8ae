package dev.rondo.cell.reservoir;

import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
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
    private static final Activation[] ACTIVATIONS = Activation.values();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int at = row.gate(0);
        MATH.activate(ACTIVATIONS[(int) row.variant()], gates, at, H);
        var cell = (Reservoir) row.cell();
        float keep = (float) (1 - cell.leak());
        float gain = (float) cell.gain();
        float[] states = row.state(0);
        int before = row.before(0);
        int after = row.after(0);
        for (int k = 0; k < H; k += LANES) {
            FloatVector f = TYPE.cast(fromArray(SPECIES, gates, at + k));
            FloatVector x = TYPE.cast(fromArray(SPECIES, states, before + k));
            x.mul(keep).add(f.mul(gain)).intoArray(states, after + k);
        }
    }

    @Override
    public void backward(VectorRow row) {
        int H = row.units();
        float[] dx = row.gradient(0);
        int at = row.gradientAt(0);
        var cell = (Reservoir) row.cell();
        MATH.differentiate(ACTIVATIONS[(int) row.variant()], row.gates(), row.gate(0), dx, at, H);
        scale(row.gates(), row.gate(0), (float) cell.gain(), H);
        scale(dx, at, (float) (1 - cell.leak()), H);
    }

    private static void scale(float[] values, int at, float factor, int count) {
        for (int k = 0; k < count; k += LANES) {
            TYPE.cast(fromArray(SPECIES, values, at + k)).mul(factor).intoArray(values, at + k);
        }
    }
}
