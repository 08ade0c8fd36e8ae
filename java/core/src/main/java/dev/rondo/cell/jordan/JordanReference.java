package dev.rondo.cell.jordan;

import dev.rondo.cell.Activation;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.kernel.ReferenceMath;
import java.util.Arrays;

/**
 * The Jordan network in plain Java; the equations are those of {@link Jordan}. Backward, with a and o the
 * pre-activations of h' and y', and dy, ds, dh the gradients of the new planes, those that there are:
 *
 * <pre>
 *   do = (dy + ds) g'(o)        da = (V^T do + dh) f'(a)
 *   ds (old) = alpha ds, and through the pre-activations;  dy (old), dh (old): through them alone
 * </pre>
 *
 * <p>Cached: the pre-activations of h', whose activations are the cache plane, and the activation y'. Between the two
 * steps backwards the rows of h' hold dh. State planes: 0 = y, then s and h, those that there are.
 */
final class JordanReference extends ReferenceKernel {
    private final Jordan cell;
    private final int H;
    private final int O;

    JordanReference(Jordan cell) {
        this.cell = cell;
        this.H = cell.hiddenSize();
        this.O = cell.outputs();
    }

    @Override
    protected void forward(double[] gates, double[][] before, double[][] after) {
        for (int k = 0; k < O; k++) {
            double y = output(gates[H + k]);
            gates[H + k] = y;
            after[0][k] = y;
            if (cell.decays()) {
                after[1][k] = y + cell.decay() * before[1][k];
            }
        }
        for (int k = 0; cell.elman() && k < H; k++) {
            after[cell.hiddenPlane()][k] = ReferenceMath.activate(cell.activation(), gates[k]);
        }
    }

    @Override
    protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
        for (int k = 0; k < O; k++) {
            double dy = gradient[0][k];
            gradient[0][k] = 0;
            if (cell.decays()) {
                dy += gradient[1][k];
                gradient[1][k] *= cell.decay();
            }
            gates[H + k] = outputGradient(gates[H + k], dy);
        }
        Arrays.fill(gates, 0, H, 0);
        if (cell.elman()) {
            double[] dh = gradient[cell.hiddenPlane()];
            System.arraycopy(dh, 0, gates, 0, H);
            Arrays.fill(dh, 0);
        }
    }

    @Override
    protected void forwardBetween(double[] gates, double[] operand, double[][] cache) {
        for (int k = 0; k < H; k++) {
            cache[0][k] = ReferenceMath.activate(cell.activation(), gates[k]);
        }
    }

    @Override
    protected void backwardBetween(
            double[] gates, double[] operand, double[][] cache, double[][] cacheGradient, double[] operandGradient) {
        for (int k = 0; k < H; k++) {
            double dh = gates[k] + cacheGradient[0][k];
            gates[k] = ReferenceMath.differentiate(cell.activation(), cache[0][k], dh);
        }
    }

    @Override
    protected double[] kinks(double[] gates, double[][] before) {
        return Arrays.copyOf(gates, H); // those of the hidden units, which are still pre-activations
    }

    private double output(double o) {
        return switch (cell.outputActivation()) {
            case IDENTITY -> o;
            case TANH -> ReferenceMath.activate(Activation.TANH, o);
            case SIGMOID -> ReferenceMath.activate(Activation.SIGMOID, o);
        };
    }

    private double outputGradient(double y, double dy) {
        return switch (cell.outputActivation()) {
            case IDENTITY -> dy;
            case TANH -> ReferenceMath.differentiate(Activation.TANH, y, dy);
            case SIGMOID -> ReferenceMath.differentiate(Activation.SIGMOID, y, dy);
        };
    }
}
