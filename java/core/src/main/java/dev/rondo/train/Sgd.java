package dev.rondo.train;

import dev.rondo.kernel.NativeUpdate;
import dev.rondo.memory.Parameters;

/**
 * Stochastic gradient descent, plain, with momentum (Polyak 1964) or with Nesterov's momentum (Sutskever et al. 2013),
 * with g the gradient, w the parameter:
 *
 * <pre>
 *   plain      w = w - learningRate g
 *   momentum   u = momentum u + g      w = w - learningRate u
 *   Nesterov   u = momentum u + g      w = w - learningRate (g + momentum u)
 * </pre>
 *
 * <p>As {@code torch.optim.SGD} without dampening: u sums gradients, and the learning rate of the moment multiplies all
 * of it. In the papers u sums updates; the two differ only where the learning rate changes. Weight decay adds {@code
 * weightDecay w} to g.
 *
 * @param learningRate above 0, finite
 * @param momentum from 0 = none to below 1
 * @param nesterov whether the momentum is Nesterov's, which needs one above 0
 * @param weightDecay at least 0, finite; 0 = none
 */
public record Sgd(double learningRate, double momentum, boolean nesterov, double weightDecay) implements Optimizer {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range, not a number or infinite
     */
    public Sgd {
        Settings.positive("learningRate", learningRate);
        if (nesterov) {
            Settings.aboveZeroBelowOne("momentum", momentum);
        } else {
            Settings.belowOne("momentum", momentum);
        }
        Settings.notNegative("weightDecay", weightDecay);
    }

    /**
     * {@return plain gradient descent}
     *
     * @param learningRate above 0, finite
     * @throws IllegalArgumentException if it is not
     */
    public static Sgd of(double learningRate) {
        return new Sgd(learningRate, 0, false, 0);
    }

    /**
     * {@return this with another momentum, not Nesterov's}
     *
     * @param value from 0 = none to below 1; usual is 0.9
     * @throws IllegalArgumentException if it is not
     */
    public Sgd momentum(double value) {
        return new Sgd(learningRate, value, false, weightDecay);
    }

    /**
     * {@return this with Nesterov's momentum}
     *
     * @param value above 0 and below 1; usual is 0.9
     * @throws IllegalArgumentException if it is not
     */
    public Sgd nesterov(double value) {
        return new Sgd(learningRate, value, true, weightDecay);
    }

    /**
     * {@return this with another weight decay}
     *
     * @param value at least 0, finite; 0 = none
     * @throws IllegalArgumentException if it is not
     */
    public Sgd weightDecay(double value) {
        return new Sgd(learningRate, momentum, nesterov, value);
    }

    @Override
    public boolean zeroGradientChangesNothing() {
        return momentum == 0;
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return momentum == 0 ? new Plain(this, parameters) : new Momentum(this, parameters);
    }

    private static final class Plain extends OptimizerState {
        private double rate;

        Plain(Sgd sgd, Parameters parameters) {
            super(sgd, parameters);
        }

        @Override
        protected void begin(long step, double learningRate) {
            rate = learningRate;
        }

        @Override
        boolean describe(NativeUpdate update, double decay) {
            update.rule(rate).decay(1, decay);
            return true;
        }

        @Override
        protected void update(double[] w, double[] g, double[][] state, int count) {
            for (int i = 0; i < count; i++) {
                w[i] -= rate * g[i];
            }
        }
    }

    private static final class Momentum extends OptimizerState {
        private final double momentum;
        private final boolean nesterov;
        private double ofGradient; // how far w goes along g
        private double ofVelocity; // and along u

        Momentum(Sgd sgd, Parameters parameters) {
            super(sgd, parameters, "sgd.velocity");
            this.momentum = sgd.momentum;
            this.nesterov = sgd.nesterov;
        }

        @Override
        protected void begin(long step, double learningRate) {
            ofGradient = nesterov ? learningRate : 0;
            ofVelocity = nesterov ? learningRate * momentum : learningRate;
        }

        @Override
        boolean describe(NativeUpdate update, double decay) {
            update.rule(ofGradient).decay(1, decay).mean(momentum, 1, ofVelocity);
            return true;
        }

        @Override
        protected void update(double[] w, double[] g, double[][] state, int count) {
            double[] u = state[0];
            for (int i = 0; i < count; i++) {
                u[i] = momentum * u[i] + g[i];
                w[i] -= ofGradient * g[i] + ofVelocity * u[i];
            }
        }
    }
}
