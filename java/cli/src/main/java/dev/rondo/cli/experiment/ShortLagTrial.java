package dev.rondo.cli.experiment;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Initialization;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Trainer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * One network with one hidden unit that learns by RTRL, with an update after each symbol, to predict the next symbol of
 * (y, a1, ..., a(p-1), y) and (x, a1, ..., a(p-1), x), which come with probability 1/2 each: what the last one is was
 * said p steps before. All units are logistic and have no biases, states begin with 0 in each sequence. As in Williams
 * and Zipser (1989) a unit takes a step of time: outputs read the symbol, and what the hidden unit made of the symbols
 * before; so that unit gets each symbol a step later.
 *
 * <p>The trial has succeeded when the errors of all outputs of 10,000 successive sequences, each before it was learned
 * from, were below 0.25.
 *
 * @param succeeded whether it has
 * @param sequences how many it took, or was given
 * @param weights how many the network has
 */
record ShortLagTrial(boolean succeeded, long sequences, long weights) {
    static final int SUCCESSIVE = 10_000;
    static final double LIMIT = 0.25;

    /**
     * {@return a trial, done}
     *
     * @param lag p
     * @param learningRate of the gradient of half the sum of squared errors
     * @param mostSequences after which it has failed
     */
    static ShortLagTrial run(int lag, double learningRate, long mostSequences, long seed) throws InterruptedException {
        var range = Initialization.uniform(0.2);
        int symbols = lag + 1;
        // REFERENCE, for calls into another language take longer than the arithmetic of one unit; float64, for at first
        // updates are much smaller than the weights.
        try (var network = Network.builder(2 * symbols).layer(Elman.sigmoid(1)).skip().outputs(symbols)
                        .inputWeights(range).recurrentWeights(range).precision(Precision.FLOAT64)
                        .backend(Backend.REFERENCE).seed(seed).threads(1).quiet().build();
                var pass = network.pass(1, 1).carryState(true)) {
            for (long i = 0; i < network.parameters().count(); i++) {
                if (!connected(network, symbols, i)) {
                    network.precision().set(network.parameters().slab(), i, 0);
                }
            }
            network.parameters().changed();
            var trainer = Trainer.builder(network).learner(Rtrl.exact())
                    .optimizer(new MaskedDescent(learningRate, i -> connected(network, symbols, i))).build();
            return new Learning(lag, pass, trainer, Series.random(seed)).run(mostSequences);
        }
    }

    /**
     * {@return whether parameter {@code i} is one of the network in question} The inputs are the symbol, which outputs
     * read, and the one before, which the hidden unit reads; the rest is zero, and so are biases.
     */
    private static boolean connected(Network network, int symbols, long i) {
        TensorLayout.Tensor tensor = network.parameters().layout().at(i);
        boolean ofSymbolBefore = (i - tensor.offset()) % (2 * symbols) >= symbols;
        return switch (tensor.name()) {
            case "layer0.weightIh" -> ofSymbolBefore;
            case "head.skipWeight" -> !ofSymbolBefore;
            default -> !tensor.name().endsWith("bias");
        };
    }

    /** {@return the symbols of one of the two sequences; a1 is 0, x is p - 1 and y is p} */
    static int[] sequence(int lag, boolean isY) {
        var symbols = new int[lag + 1];
        for (int t = 1; t < lag; t++) {
            symbols[t] = t - 1;
        }
        symbols[0] = symbols[lag] = isY ? lag : lag - 1;
        return symbols;
    }

    /** The trial while it runs. */
    private static final class Learning {
        private final NetworkPass pass;
        private final Trainer trainer;
        private final RandomGenerator random;
        private final int[][] sequences = new int[2][];
        private final SequenceBatch[][] steps = new SequenceBatch[2][]; // of each sequence
        private int next; // the symbol that is to be predicted
        private double worst; // error of the sequence

        Learning(int lag, NetworkPass pass, Trainer trainer, RandomGenerator random) {
            this.pass = pass;
            this.trainer = trainer;
            this.random = random;
            int width = lag + 1;
            for (int s = 0; s < sequences.length; s++) {
                sequences[s] = sequence(lag, s == 1);
                var values = new double[lag * 2 * width];
                for (int t = 0; t < lag; t++) {
                    values[t * 2 * width + sequences[s][t]] = 1;
                    if (t > 0) {
                        values[t * 2 * width + width + sequences[s][t - 1]] = 1;
                    }
                }
                SequenceBatch whole = SequenceBatch.of(values, lag, 1, 2 * width);
                steps[s] = new SequenceBatch[lag];
                for (int t = 0; t < lag; t++) {
                    steps[s][t] = whole.steps(t, 1);
                }
            }
        }

        ShortLagTrial run(long mostSequences) throws InterruptedException {
            OutputLoss loss = this::loss;
            long count = 0;
            int correctInARow = 0;
            while (correctInARow < SUCCESSIVE && count < mostSequences) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("short lag: interrupted");
                }
                int drawn = random.nextInt(2);
                pass.resetState();
                worst = 0;
                for (int t = 0; t < steps[drawn].length; t++) {
                    next = sequences[drawn][t + 1];
                    trainer.step(pass, steps[drawn][t], loss);
                }
                correctInARow = worst < LIMIT ? correctInARow + 1 : 0;
                count++;
            }
            long weights = IntStream.range(0, Math.toIntExact(pass.network().parameters().count()))
                    .filter(i -> connected(pass.network(), sequences[0].length, i)).count();
            return new ShortLagTrial(correctInARow >= SUCCESSIVE, count, weights);
        }

        /** Half the sum of squared errors of logistic units. */
        private double loss(double[] outputs, double[] gradient) {
            double loss = 0;
            for (int o = 0; o < outputs.length; o++) {
                double activation = 1 / (1 + Math.exp(-outputs[o]));
                double error = activation - (o == next ? 1 : 0);
                worst = Math.max(worst, Math.abs(error)); // of NaN it is NaN
                loss += error * error / 2;
                gradient[o] = error * activation * (1 - activation);
            }
            return loss;
        }
    }
}
