package dev.rondo.cell.indrnn;

import dev.rondo.cell.indrnn.IndRnn.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * Independently recurrent units in plain Java; the equation is that of {@link IndRnn}. Its products, u * h too, are
 * those of {@link IndRnn#blocks}; what is left is the activation. Backward, with a the pre-activation and dh the
 * gradient of the new state:
 *
 * <pre>
 *   relu: da = dh if h' > 0, else 0      tanh: da = dh (1 - h'^2)
 *   dh (old): only through the pre-activation
 * </pre>
 *
 * <p>Cached: the activation h', in place of its pre-activation. (The new state is not always it: a held unit has its
 * old one.) Where a rectified unit is not above 0 it is 0 or not a number, and so is what is put into da: not-a-number
 * shows.
 */
final class IndRnnReference extends ReferenceKernel {
    private final Activation activation;

    IndRnnReference(Activation activation) {
        this.activation = activation;
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        int H = after[0].length;
        for (int k = 0; k < H; k++) {
            double a = gates[k];
            double h = switch (activation) {
                case RELU -> a < 0 ? 0 : a;
                case TANH -> ReferenceMath.tanh(a);
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
                case RELU -> h > 0 ? dh : h;
                case TANH -> dh * (1 - h * h);
            };
            gradient[0][k] = 0;
        }
    }
}
