package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;

/**
 * Adam (Kingma and Ba 2015, algorithm 1), with g the gradient, w the parameter, t the update from 1 on:
 *
 * <pre>
 *   m = beta1 m + (1 - beta1) g            mHat = m / (1 - beta1^t)
 *   v = beta2 v + (1 - beta2) g^2          vHat = v / (1 - beta2^t)
 *   w = w - learningRate mHat / (sqrt(vHat) + epsilon)
 * </pre>
 *
 * <p>Weight decay adds {@code weightDecay w} to g; {@link AdamW} keeps it apart. As {@code torch.optim.Adam}.
 *
 * @param learningRate above 0, finite
 * @param beta1 decay of the mean, from 0 to below 1
 * @param beta2 decay of the mean square, from 0 to below 1
 * @param epsilon above 0, finite; keeps the quotient finite where gradients are 0
 * @param weightDecay at least 0, finite; 0 = none
 */
public record Adam(double learningRate, double beta1, double beta2, double epsilon, double weightDecay)
        implements Optimizer {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range, not a number or infinite
     */
    public Adam {
        Settings.positive("learningRate", learningRate);
        Settings.belowOne("beta1", beta1);
        Settings.belowOne("beta2", beta2);
        Settings.positive("epsilon", epsilon);
        Settings.notNegative("weightDecay", weightDecay);
    }

    /**
     * {@return Adam with the paper's other settings, 0.9, 0.999, 1e-8, and without weight decay}
     *
     * @param learningRate above 0, finite
     * @throws IllegalArgumentException if it is not
     */
    public static Adam of(double learningRate) {
        return new Adam(learningRate, 0.9, 0.999, 1e-8, 0);
    }

    /**
     * {@return this with another weight decay}
     *
     * @param value at least 0, finite; 0 = none
     * @throws IllegalArgumentException if it is not
     */
    public Adam weightDecay(double value) {
        return new Adam(learningRate, beta1, beta2, epsilon, value);
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return new State(this, parameters);
    }

    /** Mean and mean square of every parameter's gradients. */
    static class State extends OptimizerState {
        private final Adam adam;
        private double rate;
        private double squareCorrection;

        State(Adam adam, Parameters parameters) {
            this(adam, adam, parameters);
        }

        /** The rule of {@code adam} on behalf of {@code optimizer}. */
        State(Optimizer optimizer, Adam adam, Parameters parameters) {
            super(optimizer, parameters, "adam.mean", "adam.square");
            this.adam = adam;
        }

        @Override
        protected void begin(long step, double learningRate) {
            rate = learningRate / (1 - Math.pow(adam.beta1, step));
            squareCorrection = 1 / (1 - Math.pow(adam.beta2, step));
        }

        @Override
        boolean describe(NativeUpdate update, double decay) {
            update.rule(0)
                    .decay(1, decay)
                    .mean(adam.beta1, 1 - adam.beta1, rate)
                    .square(adam.beta2, 1 - adam.beta2, squareCorrection, adam.epsilon);
            return true;
        }

        @Override
        protected void update(double[] w, double[] g, double[][] state, int count) {
            double[] m = state[0];
            double[] v = state[1];
            double beta1 = adam.beta1;
            double beta2 = adam.beta2;
            double epsilon = adam.epsilon;
            for (int i = 0; i < count; i++) {
                m[i] = beta1 * m[i] + (1 - beta1) * g[i];
                v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
                w[i] -= rate * m[i] / (Math.sqrt(v[i] * squareCorrection) + epsilon);
            }
        }
    }
}
