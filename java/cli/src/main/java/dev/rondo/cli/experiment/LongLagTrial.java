package dev.rondo.cli.experiment;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.LearningRate;
import dev.rondo.train.NonFiniteGradientException;
import dev.rondo.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * One network that learns a {@link LongLagTask} from sequences that it sees once each. It has succeeded, as the paper
 * has it, when the 2000 most recent sequences were processed correctly, each before it was learned from, and their mean
 * absolute error is below the task's limit.
 *
 * @param succeeded whether it has
 * @param diverged whether a gradient was no number
 * @param sequences how many it took, or was given
 * @param weights how many parameters the network has
 * @param clippedShare the share of steps of which the gradient was longer than the limit
 * @param wrong how many of {@link #TESTS} other sequences are not processed correctly afterwards; -1 without success
 * @param errors mean absolute error of each {@link #WINDOW} sequences
 */
record LongLagTrial(boolean succeeded, boolean diverged, long sequences, long weights, double clippedShare, int wrong,
        List<Double> errors) {
    static final int WINDOW = 2000;
    static final int TESTS = 2560;

    /** The norm that gradients are clipped to, where they are. */
    static final double LIMIT = 1;

    private static final int BATCH = 20; // divides WINDOW and TESTS

    /** {@return a trial, done} */
    static LongLagTrial run(LongLagTask task, Contestant contestant, boolean clips, long seed)
            throws InterruptedException {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var sequences = new Sequences(task, BATCH);
        try (var network = contestant.network(task, seed);
                var pass = network.pass(task.longest(), BATCH)) {
            var trainer = Trainer.builder(network)
                    .optimizer(Adam.of(1e-2))
                    .learningRate(LearningRate.exponential(0.5, task.mostSequences() / BATCH / 6))
                    .clip(clips ? GradientClipping.globalNorm(LIMIT) : GradientClipping.none())
                    .build();
            return new Learning(task, network, pass, sequences, random).run(trainer);
        }
    }

    /** The trial while it runs. */
    private record Learning(
            LongLagTask task, Network network, NetworkPass pass, Sequences sequences, RandomGenerator random) {
        LongLagTrial run(Trainer trainer) throws InterruptedException {
            var errors = new ArrayList<Double>();
            long steps = 0;
            long clipped = 0;
            long correctInARow = 0;
            double sum = 0;
            var recent = new double[WINDOW / BATCH];
            boolean succeeded = false;
            boolean diverged = false;
            while (!succeeded && !diverged && steps * BATCH < task.mostSequences()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("long lags: interrupted");
                }
                sequences.draw(random);
                try {
                    clipped += trainer.step(pass, sequences.batch()).gradientNorm() > LIMIT ? 1 : 0;
                } catch (NonFiniteGradientException e) {
                    diverged = true;
                }
                int slot = (int) (steps++ % recent.length);
                sum -= recent[slot];
                recent[slot] = 0;
                for (int b = 0; b < BATCH; b++) {
                    double error = error(b);
                    recent[slot] += meanError(b) / WINDOW;
                    correctInARow = error < task.tolerance() ? correctInARow + 1 : 0;
                }
                sum += recent[slot];
                if (slot == recent.length - 1) {
                    errors.add(sum);
                }
                succeeded = correctInARow >= WINDOW && sum < task.meanError();
            }
            return new LongLagTrial(succeeded, diverged, steps * BATCH, network.parameters().layout().count(),
                    (double) clipped / steps, succeeded ? wrong() : -1, errors);
        }

        /** {@return the greatest absolute error of an output unit at the end of sequence b} */
        private double error(int b) {
            double worst = 0;
            for (int o = 0; o < task.outputs(); o++) {
                worst = Math.max(worst, error(b, o)); // of NaN it is NaN
            }
            return worst;
        }

        private double meanError(int b) {
            double sum = 0;
            for (int o = 0; o < task.outputs(); o++) {
                sum += error(b, o);
            }
            return sum / task.outputs();
        }

        private double error(int b, int o) {
            int at = b * task.outputs() + o;
            double output = network.precision().get(pass.outputs(), at);
            return Math.abs(task.activation(output) - sequences.targets[at]);
        }

        private int wrong() {
            int wrong = 0;
            for (int i = 0; i < TESTS / BATCH; i++) {
                sequences.draw(random);
                pass.forward(sequences.batch());
                for (int b = 0; b < BATCH; b++) {
                    wrong += error(b) < task.tolerance() ? 0 : 1;
                }
            }
            return wrong;
        }
    }
}
