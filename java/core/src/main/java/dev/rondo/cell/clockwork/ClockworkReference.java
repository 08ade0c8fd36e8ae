package dev.rondo.cell.clockwork;

import dev.rondo.cell.clockwork.Clockwork.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * The Clockwork RNN in plain Java; the equation is that of {@link Clockwork}. This is what a unit does when it moves,
 * computed for all: the plan puts back those whose clock does not tick, as it does with units that are held. Backward,
 * with a the pre-activation and dh the gradient of the new state:
 *
 * <pre>
 *   tanh: da = dh (1 - h'^2)      sigmoid: da = dh h' (1 - h')      relu: da = dh if h' > 0, else 0
 *   dh (old): only through the pre-activation
 * </pre>
 *
 * <p>Cached: the activation h', in place of its pre-activation. (The new state is not always it: a unit that does not
 * move has its old one.) Where a rectified unit is not above 0 it is 0 or not a number, and so is what is put into da:
 * not-a-number shows.
 */
final class ClockworkReference extends ReferenceKernel {
    private final Activation activation;

    ClockworkReference(Activation activation) {
        this.activation = activation;
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double a = gates[k];
            double h = switch (activation) {
                case TANH -> ReferenceMath.tanh(a);
                case RELU -> a < 0 ? 0 : a;
                case SIGMOID -> ReferenceMath.sigmoid(a);
            };
            gates[k] = h;
            after[0][k] = h;
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double h = gates[k];
            double dh = gradient[0][k];
            gates[k] = switch (activation) {
                case TANH -> dh * (1 - h * h);
                case RELU -> h > 0 ? dh : h;
                case SIGMOID -> dh * h * (1 - h);
            };
            gradient[0][k] = 0;
        }
    }
}
