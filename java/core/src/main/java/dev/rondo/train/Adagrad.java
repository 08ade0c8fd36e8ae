package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;

/**
 * Adagrad (Duchi, Hazan and Singer 2011, the diagonal case), with g the gradient, w the parameter:
 *
 * <pre>
 *   v = v + g^2
 *   w = w - learningRate g / (sqrt(v) + epsilon)
 * </pre>
 *
 * <p>As {@code torch.optim.Adagrad} without decay of the learning rate, v starting at 0. Weight decay adds {@code
 * weightDecay w} to g.
 *
 * @param learningRate above 0, finite
 * @param epsilon above 0, finite; keeps the quotient finite where gradients are 0
 * @param weightDecay at least 0, finite; 0 = none
 */
public record Adagrad(double learningRate, double epsilon, double weightDecay) implements Optimizer {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range, not a number or infinite
     */
    public Adagrad {
        Settings.positive("learningRate", learningRate);
        Settings.positive("epsilon", epsilon);
        Settings.notNegative("weightDecay", weightDecay);
    }

    /**
     * {@return Adagrad with PyTorch's epsilon, 1e-10, and without weight decay}
     *
     * @param learningRate above 0, finite
     * @throws IllegalArgumentException if it is not
     */
    public static Adagrad of(double learningRate) {
        return new Adagrad(learningRate, 1e-10, 0);
    }

    /**
     * {@return this with another weight decay}
     *
     * @param value at least 0, finite; 0 = none
     * @throws IllegalArgumentException if it is not
     */
    public Adagrad weightDecay(double value) {
        return new Adagrad(learningRate, epsilon, value);
    }

    @Override
    public boolean zeroGradientChangesNothing() {
        return true;
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return new State(this, parameters);
    }

    private static final class State extends OptimizerState {
        private final double epsilon;
        private double rate;

        State(Adagrad adagrad, Parameters parameters) {
            super(adagrad, parameters, "adagrad.squares");
            this.epsilon = adagrad.epsilon;
        }

        @Override
        protected void begin(long step, double learningRate) {
            rate = learningRate;
        }

        @Override
        boolean describe(NativeUpdate update, double decay) {
            update.rule(rate).decay(1, decay).square(1, 1, 1, epsilon);
            return true;
        }

        @Override
        protected void update(double[] w, double[] g, double[][] state, int count) {
            double[] v = state[0];
            for (int i = 0; i < count; i++) {
                v[i] += g[i] * g[i];
                w[i] -= rate * g[i] / (Math.sqrt(v[i]) + epsilon);
            }
        }
    }
}
