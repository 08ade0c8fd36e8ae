package dev.rondo.cell.elman;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.VectorMath;
import dev.rondo.kernel.VectorPointwise;
import dev.rondo.kernel.VectorRow;
import dev.rondo.kernel.VectorWidth;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;

/**
 * The simple recurrent cell in vectors; the equations are those of {@link Elman} and, backward, of {@link
 * ElmanReference}.
 *
 * <p>Cached: the activation. State plane: 0 = h.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class ElmanVector implements VectorPointwise {
    private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
    private static final VectorMath MATH = WIDTH.math();
    private static final Activation[] ACTIVATIONS = Activation.values();

    @Override
    public void forward(VectorRow row) {
        int H = row.units();
        int at = row.gate(0);
        MATH.activate(ACTIVATIONS[(int) row.variant()], row.gates(), at, H);
        System.arraycopy(row.gates(), at, row.state(0), row.after(0), H);
    }

    @Override
    public void backward(VectorRow row) {
        int H = row.units();
        float[] dh = row.gradient(0);
        int at = row.gradientAt(0);
        MATH.differentiate(ACTIVATIONS[(int) row.variant()], row.gates(), row.gate(0), dh, at, H);
        Arrays.fill(dh, at, at + Math.ceilDiv(H, WIDTH.lanes()) * WIDTH.lanes(), 0);
    }
}
