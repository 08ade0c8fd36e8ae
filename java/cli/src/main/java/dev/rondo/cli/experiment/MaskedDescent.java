package dev.rondo.cli.experiment;

import dev.rondo.memory.Parameters;
import dev.rondo.train.Optimizer;
import dev.rondo.train.OptimizerState;
import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;

/**
 * Plain gradient descent of some parameters; the others stay as they are: where those are zero the network has fewer
 * connections than its layers have.
 *
 * @param learningRate above 0
 * @param trained whether the parameter at an index of the slab is trained
 */
record MaskedDescent(double learningRate, LongPredicate trained) implements Optimizer {
    @Override
    public OptimizerState start(Parameters parameters) {
        var state = new OptimizerState(this, parameters, "descent.mask") {
            private double rate;

            @Override
            protected void begin(long step, double learningRate) {
                rate = learningRate;
            }

            @Override
            protected void update(double[] w, double[] g, double[][] state, int count) {
                for (int i = 0; i < count; i++) {
                    w[i] -= rate * state[0][i] * g[i];
                }
            }
        };
        MemorySegment mask = state.slabs().get("descent.mask");
        for (long i = 0; i < parameters.count(); i++) {
            parameters.precision().set(mask, i, trained.test(i) ? 1 : 0);
        }
        return state;
    }
}
