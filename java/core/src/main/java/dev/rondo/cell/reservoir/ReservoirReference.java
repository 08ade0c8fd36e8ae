package dev.rondo.cell.reservoir;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;

/**
 * The reservoir in plain Java; the equation is that of {@link Reservoir}. Its products, sparse or not, are those of
 * {@link Reservoir#blocks}; what is left are activation and leak. Backward, with a the pre-activation and dx the
 * gradient of the new state:
 *
 * <pre>
 *   da = gain dx f'(a)
 *   dx (old): (1 - leak) dx, and what passes through the pre-activation
 * </pre>
 *
 * <p>Cached: the activation f, in place of its pre-activation.
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
        for (int k = 0; k < after[0].length; k++) {
            gates[k] = ReferenceMath.activate(activation, gates[k]);
            after[0][k] = (1 - leak) * before[0][k] + gain * gates[k];
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        for (int k = 0; k < after[0].length; k++) {
            gates[k] = ReferenceMath.differentiate(activation, gates[k], gain * gradient[0][k]);
            gradient[0][k] *= 1 - leak;
        }
    }
}
