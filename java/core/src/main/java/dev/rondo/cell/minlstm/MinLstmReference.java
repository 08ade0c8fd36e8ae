package dev.rondo.cell.minlstm;

import dev.rondo.kernel.ReferenceKernel;

/**
 * The minimal LSTM in plain Java; the equations are those of {@link MinLstm}. Backward, with dh the gradient of the new
 * state, a and b the pre-activations of i and f, q = i / (f + i), u = A / D and v = B / D:
 *
 * <pre>
 *   q = (1 - u + v) / 2         dq / da = q u         dq / db = -(1 - q) v
 *   da = dh (g - h) q u         db = -dh (g - h) (1 - q) v
 *   dg = dh q                   dh (old) = dh (1 - q)
 * </pre>
 *
 * <p>Cached: u, v, g. State plane: 0 = h.
 */
final class MinLstmReference extends ReferenceKernel {
    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double a = gates[k];
            double b = gates[H + k];
            double m = Math.min(0, Math.min(a, b));
            double A = StrictMath.exp(m - a);
            double B = StrictMath.exp(m - b);
            double E = StrictMath.exp(m);
            double D = A + B + 2 * E;
            gates[k] = A / D;
            gates[H + k] = B / D;
            after[0][k] = (E + A) / D * before[0][k] + (E + B) / D * gates[2 * H + k];
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double u = gates[k];
            double v = gates[H + k];
            double q = (1 - u + v) / 2;
            double kept = (1 + u - v) / 2;
            double dh = gradient[0][k];
            double dq = dh * (gates[2 * H + k] - before[0][k]);
            gates[k] = dq * q * u;
            gates[H + k] = -dq * kept * v;
            gates[2 * H + k] = dh * q;
            gradient[0][k] = dh * kept;
        }
    }
}
