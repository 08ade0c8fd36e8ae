package dev.rondo.cell.indrnn;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * Independently recurrent units in plain Java; the equation is that of {@link IndRnn}. Its products, u * h too, are
 * those of {@link IndRnn#blocks}; what is left is the activation. Backward, the gradient of the new state goes through
 * it ({@link ReferenceMath#differentiate}), and to the old one by the product alone.
 *
 * <p>Cached: the activation h', in place of its pre-activation. (The new state is not always it: a held unit has its
 * old one.)
 */
final class IndRnnReference extends ReferenceKernel {
    private final Activation activation;

    IndRnnReference(Activation activation) {
        this.activation = activation;
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        for (int k = 0; k < after[0].length; k++) {
            gates[k] = ReferenceMath.activate(activation, gates[k]);
            after[0][k] = gates[k];
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        for (int k = 0; k < after[0].length; k++) {
            gates[k] = ReferenceMath.differentiate(activation, gates[k], gradient[0][k]);
            gradient[0][k] = 0;
        }
    }
}
