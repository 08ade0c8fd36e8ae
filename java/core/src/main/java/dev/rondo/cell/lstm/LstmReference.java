package dev.rondo.cell.lstm;

import static dev.rondo.kernel.ReferenceMath.sigmoid;
import static dev.rondo.kernel.ReferenceMath.tanh;

import dev.rondo.kernel.ReferenceKernel;

/**
 * The LSTM in plain Java; the equations are those of {@link Lstm}. Backward, with dh and dc the gradients of the new
 * state:
 *
 * <pre>
 *   dc' = dc + dh * o * (1 - tanh(c')^2)
 *   di = dc' * g * i (1 - i)        df = dc' * c * f (1 - f)
 *   dg = dc' * i * (1 - g^2)        do = dh * tanh(c') * o (1 - o)
 *   dc (old) = dc' * f              dh (old): only through the pre-activations
 * </pre>
 *
 * <p>Cached: the activations i f g o. State planes: 0 = h, 1 = c.
 */
final class LstmReference extends ReferenceKernel {
    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double i = sigmoid(gates[k]);
            double f = sigmoid(gates[H + k]);
            double g = tanh(gates[2 * H + k]);
            double o = sigmoid(gates[3 * H + k]);
            double c = f * before[1][k] + i * g;
            gates[k] = i;
            gates[H + k] = f;
            gates[2 * H + k] = g;
            gates[3 * H + k] = o;
            after[1][k] = c;
            after[0][k] = o * tanh(c);
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double i = gates[k];
            double f = gates[H + k];
            double g = gates[2 * H + k];
            double o = gates[3 * H + k];
            double tanhC = tanh(after[1][k]);
            double dh = gradient[0][k];
            double dc = gradient[1][k] + dh * o * (1 - tanhC * tanhC);
            gates[k] = dc * g * i * (1 - i);
            gates[H + k] = dc * before[1][k] * f * (1 - f);
            gates[2 * H + k] = dc * i * (1 - g * g);
            gates[3 * H + k] = dh * tanhC * o * (1 - o);
            gradient[0][k] = 0;
            gradient[1][k] = dc * f;
        }
    }
}
