package dev.rondo.cli.experiment;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.lstm.Lstm.Gate;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Initialization;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.train.Adam;
import dev.rondo.train.Ekf;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * One network that learns {@link CountingLanguage} from sequences of n up to {@link #TRAINED}, one at a time, and is
 * scored again and again on the way: by the largest N with every n from 1 to N accepted.
 *
 * @param best the largest score
 * @param sequences that had been learned from when it was reached
 * @param last the score at the end
 * @param learned sequences after which all that is trained on was accepted for the first time; -1 if never
 * @param weights how many parameters the network has
 * @param scores each of them, after so many times {@link #EVERY} sequences
 */
record CountingTrial(int best, int sequences, int last, int learned, long weights, List<Integer> scores) {
    static final int TRAINED = 10;

    /** What a score is at most: longer sequences are not tried. */
    static final int LIMIT = 2000;

    /** Sequences from one score to the next. */
    static final int EVERY = 10;

    private static final int CELLS = 2;

    /** How a network is trained. */
    enum Rule {
        /** The decoupled Kalman filter, a group for each cell with its gates, and each output: an update each step. */
        DEKF,
        /** Adam by gradients of back-propagation through whole sequences: an update each sequence. */
        ADAM;

        private Trainer trainer(Network network, int sequences) {
            if (this == ADAM) {
                return Trainer.builder(network).optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).build();
            }
            long updates = (long) sequences * (CountingLanguage.length(1) + CountingLanguage.length(TRAINED)) / 2;
            return Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perUnit())
                    .measurementNoise(100, 0.03, updates).processNoise(1e-2, 1e-5, updates)).build();
        }
    }

    /** {@return a trial, done} */
    static CountingTrial run(Rule rule, int sequences, long seed) throws InterruptedException {
        RandomGenerator random = Series.random(seed);
        try (var network = network(seed);
                var pass = network.pass(CountingLanguage.length(TRAINED), 1)) {
            Trainer trainer = rule.trainer(network, sequences);
            var scores = new ArrayList<Integer>();
            int best = 0;
            int learned = -1;
            for (int i = 1; i <= sequences; i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("a^n b^n c^n: interrupted");
                }
                trainer.step(pass, CountingLanguage.sequences(random.nextInt(1, TRAINED + 1)));
                if (i % EVERY == 0) {
                    int score = CountingLanguage.accepted(network, LIMIT);
                    scores.add(score);
                    best = Math.max(best, score);
                    learned = learned < 0 && score >= TRAINED ? i : learned;
                }
            }
            return new CountingTrial(best, (scores.indexOf(best) + 1) * EVERY, scores.getLast(), learned,
                    network.parameters().count(), scores);
        }
    }

    /** Gates start open and do not see the cells, which so start as counters: else what was counted soon decays. */
    private static Network network(long seed) {
        Network network = ChaosTrial.exact(Network.builder(CountingLanguage.INPUTS)
                .layer(Lstm.of(CELLS).peepholes(Gate.INPUT, Gate.FORGET, Gate.OUTPUT))
                .outputs(CountingLanguage.OUTPUTS).skip().loss(Loss.meanSquaredError())
                .inputWeights(Initialization.uniform(0.1)).recurrentWeights(Initialization.uniform(0.1))
                .seed(seed)).build();
        for (String peephole : List.of("peepholeI", "peepholeF", "peepholeO")) {
            TensorLayout.Tensor weights = network.parameters().layout().get("layer0." + peephole);
            network.precision().slice(network.parameters().slab(), weights.offset(), weights.count()).fill((byte) 0);
        }
        Contestant.setBiases(network, CELLS, Map.of(0, 10.0, 1, 20.0, 3, 10.0));
        return network;
    }
}
