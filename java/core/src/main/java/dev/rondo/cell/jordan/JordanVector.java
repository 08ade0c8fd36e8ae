package dev.rondo.cell.jordan;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.Activation;
import dev.rondo.cell.jordan.Jordan.Output;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Jordan network in vectors; the equations are those of {@link Jordan} and, backward, of {@link JordanReference}.
 *
 * <p>Cached: the activations, of which h' is the cache plane too. Between the two steps backwards the rows of h' hold
 * dh. State planes: 0 = y, then s and h, those that there are.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class JordanVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorSpecies<Float> SPECIES = WIDTH.species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final VectorMath MATH = WIDTH.math();

    @Override
    public void forward(VectorRow row) {
        var cell = (Jordan) row.cell();
        int O = cell.outputs();
        float[] gates = row.gates();
        int at = row.gate(1);
        if (cell.outputActivation() != Output.IDENTITY) {
            MATH.activate(of(cell.outputActivation()), gates, at, O);
        }
        System.arraycopy(gates, at, row.state(0), row.after(0), O);
        if (cell.decays()) {
            float[] s = row.state(1);
            int before = row.before(1);
            int after = row.after(1);
            FloatVector alpha = TYPE.cast(broadcast(SPECIES, (float) cell.decay()));
            for (int k = 0; k < O; k += LANES) {
                FloatVector y = TYPE.cast(fromArray(SPECIES, gates, at + k));
                alpha.fma(fromArray(SPECIES, s, before + k), y).intoArray(s, after + k);
            }
        }
        if (cell.elman()) {
            int h = cell.hiddenPlane();
            System.arraycopy(gates, row.gate(0), row.state(h), row.after(h), row.units());
        }
    }

    @Override
    public void backward(VectorRow row) {
        var cell = (Jordan) row.cell();
        int O = cell.outputs();
        float[] gates = row.gates();
        float[] dys = row.gradient(0);
        int dyAt = row.gradientAt(0);
        if (cell.decays()) {
            float[] dss = row.gradient(1);
            int dsAt = row.gradientAt(1);
            float alpha = (float) cell.decay();
            for (int k = 0; k < O; k += LANES) {
                FloatVector ds = TYPE.cast(fromArray(SPECIES, dss, dsAt + k));
                ds.add(fromArray(SPECIES, dys, dyAt + k)).intoArray(dys, dyAt + k);
                ds.mul(alpha).intoArray(dss, dsAt + k);
            }
        }
        if (cell.outputActivation() == Output.IDENTITY) {
            System.arraycopy(dys, dyAt, gates, row.gate(1), O);
        } else {
            MATH.differentiate(of(cell.outputActivation()), gates, row.gate(1), dys, dyAt, O);
        }
        Arrays.fill(dys, dyAt, dyAt + O, 0);
        int at = row.gate(0);
        int H = row.units();
        if (cell.elman()) {
            float[] dhs = row.gradient(cell.hiddenPlane());
            int dhAt = row.gradientAt(cell.hiddenPlane());
            System.arraycopy(dhs, dhAt, gates, at, H);
            Arrays.fill(dhs, dhAt, dhAt + H, 0);
        } else {
            Arrays.fill(gates, at, at + H, 0);
        }
    }

    @Override
    public void forwardBetween(VectorRow row) {
        float[] gates = row.gates();
        int at = row.gate(0);
        MATH.activate(((Jordan) row.cell()).activation(), gates, at, row.units());
        System.arraycopy(gates, at, row.cachePlane(0), row.cachePlaneAt(0), row.units());
    }

    @Override
    public void backwardBetween(VectorRow row) {
        int H = row.units();
        float[] gates = row.gates();
        int at = row.gate(0);
        float[] dhs = row.cacheGradient(0);
        int dhAt = row.cacheGradientAt(0);
        for (int k = 0; k < H; k += LANES) {
            FloatVector dh = TYPE.cast(fromArray(SPECIES, gates, at + k));
            dh.add(fromArray(SPECIES, dhs, dhAt + k)).intoArray(dhs, dhAt + k);
        }
        System.arraycopy(row.cachePlane(0), row.cachePlaneAt(0), gates, at, H);
        MATH.differentiate(((Jordan) row.cell()).activation(), gates, at, dhs, dhAt, H);
    }

    private static Activation of(Output output) {
        return output == Output.TANH ? Activation.TANH : Activation.SIGMOID;
    }
}
