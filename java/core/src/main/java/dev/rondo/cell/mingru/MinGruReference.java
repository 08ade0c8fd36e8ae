package dev.rondo.cell.mingru;

import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * The minimal GRU in plain Java; the equations are those of {@link MinGru}. Backward, with dh the gradient of the new
 * state:
 *
 * <pre>
 *   dz = dh (g - h) z (1 - z)       dg = dh z       dh (old) = dh (1 - z)
 * </pre>
 *
 * <p>Cached: z, g. State plane: 0 = h.
 */
final class MinGruReference extends ReferenceKernel {
    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double z = ReferenceMath.sigmoid(gates[k]);
            gates[k] = z;
            after[0][k] = (1 - z) * before[0][k] + z * gates[H + k];
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double z = gates[k];
            double g = gates[H + k];
            double dh = gradient[0][k];
            gates[k] = dh * (g - before[0][k]) * z * (1 - z);
            gates[H + k] = dh * z;
            gradient[0][k] = dh * (1 - z);
        }
    }
}
