package dev.rondo.train;

import dev.rondo.cell.Backend;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Small networks and batches in float64, and the gradients that learners find on them. */
final class LearnerCase {
    static final int T = 7;
    static final int B = 3;
    static final int CLASSES = 3;
    static final long MASKS = 2;

    private LearnerCase() {}

    static Network build(Network.Builder builder, Backend backend) {
        Network network = builder.classes(CLASSES).precision(Precision.FLOAT64).backend(backend).threads(1).seed(5)
                .quiet().build();
        var random = new Random(11);
        MemorySegment slab = network.parameters().slab();
        for (long i = 0; i < network.parameters().count(); i++) { // no gate alike, no bias zero, no initial state
            double value = Precision.FLOAT64.get(slab, i);
            Precision.FLOAT64.set(slab, i, value + 0.3 * random.nextGaussian());
        }
        network.parameters().changed();
        return network;
    }

    static SequenceBatch numbers(int steps, int inputSize, long seed) {
        var random = new Random(seed);
        return SequenceBatch.of(random.doubles((long) steps * B * inputSize, -1, 1).toArray(), steps, B, inputSize)
                .targets(random.ints((long) steps * B, 0, CLASSES).toArray());
    }

    static SequenceBatch tokens(int steps, int vocabulary, long seed) {
        var random = new Random(seed);
        return SequenceBatch.tokens(random.ints((long) steps * B, 0, vocabulary).toArray(), steps, B)
                .targets(random.ints((long) steps * B, 0, CLASSES).toArray());
    }

    /** Sequences that end at different steps, one at none, and one that is held for a step. */
    static SequenceBatch ragged(SequenceBatch batch) {
        var hold = new byte[batch.timeSteps() * B];
        hold[2 * B] = 1;
        return batch.lengths(new int[] {batch.timeSteps(), batch.timeSteps() / 2, 0}).hold(hold);
    }

    /** {@return the gradient of the loss over a batch, by back-propagation through time} */
    static double[] bptt(NetworkPass pass, SequenceBatch batch) {
        pass.network().zeroGradients();
        pass.forward(batch);
        pass.backward();
        return gradients(pass.network());
    }

    static double[] bptt(Network network, SequenceBatch batch) {
        try (NetworkPass pass = network.pass(batch.timeSteps(), B).maskSeed(MASKS)) {
            return bptt(pass, batch);
        }
    }

    static double[] by(Learner learner, Network network, SequenceBatch batch) {
        try (NetworkPass pass = network.pass(batch.timeSteps(), batch.batchSize()).maskSeed(MASKS);
                var learning = new Learning(learner, pass)) {
            return by(learning, pass, batch);
        }
    }

    static double[] by(Learning learning, NetworkPass pass, SequenceBatch batch) {
        pass.network().zeroGradients();
        learning.enter();
        pass.forward(batch);
        learning.backward(batch);
        return gradients(pass.network());
    }

    static double[] gradients(Network network) {
        var values = new double[Math.toIntExact(network.parameters().count())];
        network.precision().read(network.gradients(), 0, values, values.length);
        return values;
    }

    static double[] parameters(Network network) {
        var values = new double[Math.toIntExact(network.parameters().count())];
        network.precision().read(network.parameters().slab(), 0, values, values.length);
        return values;
    }

    /** {@return the largest difference by the largest number} */
    static double difference(double[] expected, double[] actual) {
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return worst / largest;
    }
}
