package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;

/**
 * RMSProp (Tieleman and Hinton 2012, lecture 6.5 of "Neural networks for machine learning"), with g the gradient, w the
 * parameter:
 *
 * <pre>
 *   v = decay v + (1 - decay) g^2
 *   w = w - learningRate g / (sqrt(v) + epsilon)
 * </pre>
 *
 * <p>As {@code torch.optim.RMSprop}: epsilon is added to the root, not under it. Weight decay adds
 * {@code weightDecay w} to g.
 *
 * @param learningRate above 0, finite
 * @param decay of the mean square, from 0 to below 1
 * @param epsilon above 0, finite; keeps the quotient finite where gradients are 0
 * @param weightDecay at least 0, finite; 0 = none
 */
public record RmsProp(double learningRate, double decay, double epsilon, double weightDecay) implements Optimizer {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range, not a number or infinite
     */
    public RmsProp {
        Settings.positive("learningRate", learningRate);
        Settings.belowOne("decay", decay);
        Settings.positive("epsilon", epsilon);
        Settings.notNegative("weightDecay", weightDecay);
    }

    /**
     * {@return RMSProp with PyTorch's other settings, 0.99 and 1e-8, and without weight decay}
     *
     * @param learningRate above 0, finite
     * @throws IllegalArgumentException if it is not
     */
    public static RmsProp of(double learningRate) {
        return new RmsProp(learningRate, 0.99, 1e-8, 0);
    }

    /**
     * {@return this with another weight decay}
     *
     * @param value at least 0, finite; 0 = none
     * @throws IllegalArgumentException if it is not
     */
    public RmsProp weightDecay(double value) {
        return new RmsProp(learningRate, decay, epsilon, value);
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return new State(this, parameters);
    }

    private static final class State extends OptimizerState {
        private final double decay;
        private final double epsilon;
        private double rate;

        State(RmsProp rmsProp, Parameters parameters) {
            super(rmsProp, parameters, "rmsProp.square");
            this.decay = rmsProp.decay;
            this.epsilon = rmsProp.epsilon;
        }

        @Override
        protected void begin(long step, double learningRate) {
            rate = learningRate;
        }

        @Override
        boolean describe(NativeUpdate update, double weightDecay) {
            update.rule(rate).decay(1, weightDecay).square(decay, 1 - decay, 1, epsilon);
            return true;
        }

        @Override
        protected void update(double[] w, double[] g, double[][] state, int count) {
            double[] v = state[0];
            for (int i = 0; i < count; i++) {
                v[i] = decay * v[i] + (1 - decay) * g[i] * g[i];
                w[i] -= rate * g[i] / (Math.sqrt(v[i]) + epsilon);
            }
        }
    }
}
