package dev.rondo.cell.gru;

import static dev.rondo.kernel.ReferenceMath.sigmoid;
import static dev.rondo.kernel.ReferenceMath.tanh;

import dev.rondo.cell.gru.Gru.Reset;
import dev.rondo.kernel.ReferenceKernel;

/**
 * The GRU in plain Java; the equations are those of {@link Gru}. Backward, with dh the gradient of the new state, a the
 * pre-activation of n and nh its part R_n h + b_hn:
 *
 * <pre>
 *   da = dh (1 - z) (1 - n^2)       dz = dh (h - n) z (1 - z)       dh (old) = dh z
 *   after the product:   dnx = da        dnh = da r        dr = da nh r (1 - r)
 *   before the product:  dn = da;  with d = R_n^T da, the gradient of r * h:  dr = d h r (1 - r),  dh (old) += d r
 * </pre>
 *
 * <p>Cached: the activations r z n, and nh after the product. State plane: 0 = h. Cache plane, before the product: r *
 * h, with h the masked operand of the products.
 */
final class GruReference extends ReferenceKernel {
    private final Reset reset;

    GruReference(Reset reset) {
        this.reset = reset;
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double z = sigmoid(gates[H + k]);
            double n = switch (reset) {
                case AFTER -> {
                    gates[k] = sigmoid(gates[k]);
                    yield tanh(gates[2 * H + k] + gates[k] * gates[3 * H + k]);
                }
                case BEFORE -> tanh(gates[2 * H + k]);
            };
            gates[H + k] = z;
            gates[2 * H + k] = n;
            after[0][k] = (1 - z) * n + z * before[0][k];
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double r = gates[k];
            double z = gates[H + k];
            double n = gates[2 * H + k];
            double dh = gradient[0][k];
            double da = dh * (1 - z) * (1 - n * n);
            if (reset == Reset.AFTER) {
                gates[k] = da * gates[3 * H + k] * r * (1 - r);
                gates[3 * H + k] = da * r;
            }
            gates[H + k] = dh * (before[0][k] - n) * z * (1 - z);
            gates[2 * H + k] = da;
            gradient[0][k] = dh * z;
        }
    }

    @Override
    protected void forwardBetween(double[] gates, double[] operand, double[][] cache) {
        for (int k = 0; k < operand.length; k++) {
            double r = sigmoid(gates[k]);
            gates[k] = r;
            cache[0][k] = r * operand[k];
        }
    }

    @Override
    protected void backwardBetween(
            double[] gates, double[] operand, double[][] cache, double[][] cacheGradient, double[] operandGradient) {
        for (int k = 0; k < operand.length; k++) {
            double r = gates[k];
            double d = cacheGradient[0][k];
            gates[k] = d * operand[k] * r * (1 - r);
            operandGradient[k] = d * r;
        }
    }
}
