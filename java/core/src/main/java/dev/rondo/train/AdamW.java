package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;

/**
 * Adam with weight decay apart from the gradient (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019,
 * algorithm 2), as {@code torch.optim.AdamW}: before each update of {@link Adam},
 *
 * <pre>
 *   w = w - learningRate weightDecay w
 * </pre>
 *
 * <p>so that the decay of a weight does not depend on the size of its gradients.
 *
 * @param learningRate above 0, finite
 * @param beta1 decay of the mean, from 0 to below 1
 * @param beta2 decay of the mean square, from 0 to below 1
 * @param epsilon above 0, finite; keeps the quotient finite where gradients are 0
 * @param weightDecay at least 0, finite; 0 = none
 */
public record AdamW(double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
        implements Optimizer {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range, not a number or infinite
     */
    public AdamW {
        new Adam(learningRate, beta1, beta2, epsilon, weightDecay);
    }

    /**
     * {@return AdamW with the settings of {@link Adam#of} and PyTorch's weight decay, 0.01}
     *
     * @param learningRate above 0, finite
     * @throws IllegalArgumentException if it is not
     */
    public static AdamW of(double learningRate) {
        return new AdamW(learningRate, 0.9, 0.999, 1e-8, 0.01);
    }

    /**
     * {@return this with another weight decay}
     *
     * @param value at least 0, finite; 0 = none
     * @throws IllegalArgumentException if it is not
     */
    public AdamW weightDecay(double value) {
        return new AdamW(learningRate, beta1, beta2, epsilon, value);
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return new State(this, parameters);
    }

    private static final class State extends Adam.State {
        private double rate;

        State(AdamW adamW, Parameters parameters) {
            super(adamW, new Adam(adamW.learningRate, adamW.beta1, adamW.beta2, adamW.epsilon, 0), parameters);
        }

        @Override
        protected void begin(long step, double learningRate) {
            super.begin(step, learningRate);
            rate = learningRate;
        }

        @Override
        boolean describe(NativeUpdate update, double decay) {
            super.describe(update, 0);
            update.decay(1 - rate * decay, 0);
            return true;
        }

        @Override
        protected void decay(double[] w, double[] g, double factor, int count) {
            double kept = 1 - rate * factor;
            for (int i = 0; i < count; i++) {
                w[i] *= kept;
            }
        }
    }
}
