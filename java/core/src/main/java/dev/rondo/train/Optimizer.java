package dev.rondo.train;

import dev.rondo.memory.Parameters;

/**
 * A rule that turns gradients into updates; a value without state of its own.
 *
 * <p>A rule of one's own is an {@link OptimizerState} with two methods:
 *
 * <pre>{@code
 * record SignSgd(double learningRate) implements Optimizer {
 *     public OptimizerState start(Parameters parameters) {
 *         return new OptimizerState(this, parameters) {
 *             private double rate;
 *
 *             protected void begin(long step, double learningRate) {
 *                 rate = learningRate;
 *             }
 *
 *             protected void update(double[] w, double[] g, double[][] state, int count) {
 *                 for (int i = 0; i < count; i++) {
 *                     w[i] -= rate * Math.signum(g[i]);
 *                 }
 *             }
 *         };
 *     }
 * }
 * }</pre>
 */
public interface Optimizer {
    /** {@return the learning rate, above 0, which a {@link LearningRate} multiplies} */
    double learningRate();

    /**
     * {@return the factor of weight decay; 0, the default, is none}
     *
     * <p>Decay works on weights alone: tensors of two or more dimensions. Biases and other vectors are spared, for they
     * do not make a function less smooth, and a forget gate's bias of 1 is to stay (Goodfellow, Bengio and Courville
     * 2016, section 7.1). PyTorch decays whatever is in the optimiser's list, and leaves the choice to the caller.
     */
    default double weightDecay() {
        return 0;
    }

    /**
     * {@return whether a gradient of zero leaves parameter and state exactly as they are} Then a step leaves out the
     * rows of token layers that the batch did not touch; the result is that of the whole update, bit for bit.
     * Default: no.
     */
    default boolean zeroGradientChangesNothing() {
        return false;
    }

    /**
     * {@return fresh state, in memory of the parameters' workspace}
     *
     * @param parameters that will be updated
     * @throws IllegalStateException if they are closed
     */
    OptimizerState start(Parameters parameters);
}
