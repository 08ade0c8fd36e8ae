package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Influence balancing (Tallec and Ollivier 2017): a linear network s' = A s + theta (1, .., 1, -1, .., -1) of 23
 * units, 10 of them with a plus, A with 1/2 on the diagonal and above it, and a loss of the first unit, which shall
 * be 1. In the end that unit is 2 (10 - 13) theta, so theta = -1/6 is right; but what theta does soon has the other sign, and
 * gradients that do not go back far enough lead away. The network is a cell of one's own, a linear one.
 */
class InfluenceBalancingTest {
    private static final int UNITS = 23;
    private static final int POSITIVE = 10;
    private static final double RIGHT = -1.0 / 6;

    /** One row of pre-activations, which all units read: theta, and an input that is zero. */
    private record Balance(int hiddenSize) implements Cell {
        @Override
        public String name() {
            return "balance";
        }

        @Override
        public int[] planeWidths() {
            return new int[] {hiddenSize};
        }

        @Override
        public int rows() {
            return 1;
        }

        @Override
        public TensorLayout layout(int inputSize, InputKind kind) {
            return TensorLayout.builder().add("weightIh", kind.weightShape(1, inputSize)).add("bias", 1).build();
        }

        @Override
        public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
            TensorLayout layout = layout(inputSize, kind);
            return List.of(ParameterBlock.input(layout.get("weightIh"), kind, 0),
                    ParameterBlock.bias(layout.get("bias"), 0));
        }

        @Override
        public boolean perUnit() {
            return false;
        }

        @Override
        public CellKernel kernel(Backend backend) {
            return new BalanceReference();
        }
    }

    private static final class BalanceReference extends ReferenceKernel {
        @Override
        protected void forward(double[] gates, double[][] before, double[][] after) {
            for (int i = 0; i < UNITS; i++) {
                double next = i + 1 < UNITS ? before[0][i + 1] : 0;
                after[0][i] = (before[0][i] + next) / 2 + sign(i) * gates[0];
            }
        }

        @Override
        protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
            gates[0] = 0;
            for (int i = UNITS - 1; i >= 0; i--) { // downwards: gradient[i] is read before it is written
                gates[0] += sign(i) * gradient[0][i];
                double ofNext = i > 0 ? gradient[0][i - 1] : 0;
                gradient[0][i] = (gradient[0][i] + ofNext) / 2;
            }
        }

        private static int sign(int i) {
            return i < POSITIVE ? 1 : -1;
        }
    }

    /** {@return theta after steps of gradient descent, one at each step of the network} */
    private static double theta(Learner learner, double learningRate, int steps) {
        try (Network network = Network.builder(1).layer(new Balance(UNITS)).noHead().precision(Precision.FLOAT64)
                        .backend(Backend.REFERENCE).quiet().build();
                NetworkPass pass = network.pass(1, 1).carryState(true)) {
            network.parameters().slab().fill((byte) 0);
            network.parameters().changed();
            Trainer trainer = Trainer.builder(network).learner(learner).optimizer(Sgd.of(learningRate)).build();
            var batch = SequenceBatch.of(new double[1], 1, 1, 1);
            for (int step = 0; step < steps; step++) {
                trainer.step(pass, batch, (outputs, gradient) -> {
                    gradient[0] = outputs[0] - 1;
                    return gradient[0] * gradient[0] / 2;
                });
            }
            return network.precision().get(network.parameters().view("layer0.bias"), 0);
        }
    }

    @Test
    void realTimeRecurrentLearningFindsTheBalance() {
        assertEquals(RIGHT, theta(Rtrl.exact(), 1e-4, 3000), 1e-6);
    }

    @Test
    void unbiasedEstimatesOfRankOneFindTheBalance() {
        for (int seed = 1; seed <= 3; seed++) {
            assertEquals(RIGHT, theta(Rtrl.uoro(seed), 1e-5, 20_000), 1e-3);
        }
    }

    /** The loss falls only where theta falls; back-propagation through 1 step and through 10 lets it rise. */
    @Test
    void truncatedBackPropagationLosesTheBalance() {
        for (int window : new int[] {1, 10}) {
            double theta = theta(TruncatedBptt.lookBack(window), 1e-4, 3000);
            assertTrue(theta > 0.1 || Double.isNaN(theta), window + " steps: " + theta);
        }
    }
}
