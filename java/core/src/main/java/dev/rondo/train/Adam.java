package dev.rondo.train;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015, algorithm 1), with g the gradient, w the parameter, t the update from 1 on:
 *
 * <pre>
 *   m = beta1 m + (1 - beta1) g            mHat = m / (1 - beta1^t)
 *   v = beta2 v + (1 - beta2) g^2          vHat = v / (1 - beta2^t)
 *   w = w - learningRate mHat / (sqrt(vHat) + epsilon)
 * </pre>
 *
 * <p>m and v lie in the parameters' precision; the arithmetic is float64.
 *
 * @param learningRate above 0
 * @param beta1 decay of the mean, from 0 to below 1
 * @param beta2 decay of the mean square, from 0 to below 1
 * @param epsilon above 0
 */
public record Adam(double learningRate, double beta1, double beta2, double epsilon) implements Optimizer {
    /** Checks its arguments. */
    public Adam {
        check("learningRate", learningRate > 0 && Double.isFinite(learningRate), "a number above 0", learningRate);
        check("beta1", beta1 >= 0 && beta1 < 1, "0 to below 1", beta1);
        check("beta2", beta2 >= 0 && beta2 < 1, "0 to below 1", beta2);
        check("epsilon", epsilon > 0 && Double.isFinite(epsilon), "a number above 0", epsilon);
    }

    /** {@return Adam with the paper's other settings: 0.9, 0.999, 1e-8} */
    public static Adam of(double learningRate) {
        return new Adam(learningRate, 0.9, 0.999, 1e-8);
    }

    @Override
    public OptimizerState start(Parameters parameters) {
        return new State(this, parameters);
    }

    private static void check(String name, boolean good, String expected, double got) {
        if (!good) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + got);
        }
    }

    /** First and second moment of every parameter. */
    private static final class State implements OptimizerState {
        /** Elements converted and updated at once: all buffers together stay in the first-level cache. */
        private static final int CHUNK = 512;

        private final Adam adam;
        private final Parameters parameters;
        private final MemorySegment mean;
        private final MemorySegment square;
        private final double[] w = new double[CHUNK];
        private final double[] g = new double[CHUNK];
        private final double[] m = new double[CHUNK];
        private final double[] v = new double[CHUNK];
        private long steps;

        State(Adam adam, Parameters parameters) {
            this.adam = adam;
            this.parameters = parameters;
            this.mean = parameters.twin();
            this.square = parameters.twin();
        }

        @Override
        public void update(MemorySegment gradients, double scale) {
            steps++;
            double rate = adam.learningRate / (1 - Math.pow(adam.beta1, steps));
            double squareCorrection = 1 / (1 - Math.pow(adam.beta2, steps));
            Precision precision = parameters.precision();
            for (long at = 0; at < parameters.count(); at += CHUNK) {
                int count = (int) Math.min(CHUNK, parameters.count() - at);
                precision.read(parameters.slab(), at, w, count);
                precision.read(gradients, at, g, count);
                precision.read(mean, at, m, count);
                precision.read(square, at, v, count);
                for (int i = 0; i < count; i++) {
                    double gradient = g[i] * scale;
                    m[i] = adam.beta1 * m[i] + (1 - adam.beta1) * gradient;
                    v[i] = adam.beta2 * v[i] + (1 - adam.beta2) * gradient * gradient;
                    w[i] -= rate * m[i] / (Math.sqrt(v[i] * squareCorrection) + adam.epsilon);
                }
                precision.write(w, parameters.slab(), at, count);
                precision.write(m, mean, at, count);
                precision.write(v, square, at, count);
            }
            parameters.changed();
        }

        @Override
        public long steps() {
            return steps;
        }

        @Override
        public void steps(long value) {
            this.steps = value;
        }

        @Override
        public Map<String, MemorySegment> slabs() {
            var slabs = new LinkedHashMap<String, MemorySegment>();
            slabs.put("adam.mean", mean);
            slabs.put("adam.square", square);
            return slabs;
        }
    }
}
