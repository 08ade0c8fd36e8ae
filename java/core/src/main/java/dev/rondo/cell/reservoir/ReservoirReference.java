package dev.rondo.cell.reservoir;

import dev.rondo.cell.reservoir.Reservoir.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * The reservoir in plain Java; the equation is that of {@link Reservoir}. Its products, sparse or not, are those of
 * {@link Reservoir#blocks}; what is left are activation and leak. Backward, with a the pre-activation and dx the
 * gradient of the new state:
 *
 * <pre>
 *   da = gain dx f'(a), where f' is 1 - f^2 of tanh, f (1 - f) of sigmoid, 1 if f > 0, else 0, of relu
 *   dx (old): (1 - leak) dx, and what passes through the pre-activation
 * </pre>
 *
 * <p>Cached: the activation f, in place of its pre-activation. Where a rectified unit is not above 0 it is 0 or not a
 * number, and so is what is put into da: not-a-number shows.
 */
final class ReservoirReference extends ReferenceKernel {
    private final Activation activation;
    private final double leak;
    private final double gain;

    ReservoirReference(Reservoir cell) {
        this.activation = cell.activation();
        this.leak = cell.leak();
        this.gain = cell.gain();
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double a = gates[k];
            double f = switch (activation) {
                case TANH -> ReferenceMath.tanh(a);
                case RELU -> a < 0 ? 0 : a;
                case SIGMOID -> ReferenceMath.sigmoid(a);
            };
            gates[k] = f;
            after[0][k] = (1 - leak) * before[0][k] + gain * f;
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double f = gates[k];
            double df = gain * gradient[0][k];
            gates[k] = switch (activation) {
                case TANH -> df * (1 - f * f);
                case RELU -> f > 0 ? df : f;
                case SIGMOID -> df * f * (1 - f);
            };
            gradient[0][k] *= 1 - leak;
        }
    }
}
