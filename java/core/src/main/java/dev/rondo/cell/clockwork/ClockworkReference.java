package dev.rondo.cell.clockwork;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * The Clockwork RNN in plain Java; the equation is that of {@link Clockwork}. This is what a unit does when it moves,
 * computed for all: the plan puts back those whose clock does not tick, as it does with units that are held. Backward,
 * the gradient of the new state goes through the activation ({@link ReferenceMath#differentiate}), and to the old one
 * by the product alone.
 *
 * <p>Cached: the activation h', in place of its pre-activation. (The new state is not always it: a unit that does not
 * move has its old one.)
 */
final class ClockworkReference extends ReferenceKernel {
    private final Activation activation;

    ClockworkReference(Activation activation) {
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
