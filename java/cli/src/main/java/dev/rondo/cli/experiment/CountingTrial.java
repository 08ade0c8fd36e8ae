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
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * One network that learns {@link CountingLanguage} from sequences of n up to {@link #TRAINED}, one at a time, until it
 * accepts all n up to {@link #VALIDATED}, and is scored then: by the largest N with every n from 1 to N accepted. One
 * that does not learn what it is trained on in time is given up, and drawn anew.
 *
 * @param score N, at most {@link #LIMIT}; of a network that did not get so far, that after the last sequence
 * @param draws how often first weights were drawn
 * @param learned sequences, of all draws, after which all that is trained on was accepted for the first time; -1 if
 *     never
 * @param stopped sequences, of all draws, after which all up to {@link #VALIDATED} was accepted; -1 if never
 * @param weights how many parameters the network has
 */
record CountingTrial(int score, int draws, int learned, int stopped, long weights) {
    static final int TRAINED = 10;

    /** Longest n that the end of training is chosen by. */
    static final int VALIDATED = 30;

    /** What a score is at most: longer sequences are not tried. */
    static final int LIMIT = 1000;

    private static final int CELLS = 12;
    private static final int EVERY = 10; // sequences from one validation to the next
    private static final int ANNEALED = 200; // sequences until the noises of the filter are at their last values

    /** How a network is trained. */
    enum Rule {
        /** The decoupled Kalman filter, a group for each cell with its gates, and each output: an update each step. */
        DEKF,
        /** Adam by gradients of back-propagation through whole sequences: an update each sequence. */
        ADAM;

        private Trainer trainer(Network network) {
            if (this == ADAM) {
                return Trainer.builder(network).optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).build();
            }
            long updates = (long) ANNEALED * (CountingLanguage.length(1) + CountingLanguage.length(TRAINED)) / 2;
            return Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perUnit())
                    .measurementNoise(100, 1, updates).processNoise(1e-2, 1e-6, updates)).build();
        }
    }

    /**
     * {@return a trial, done, of so many sequences at most}
     *
     * @param patience sequences after which a network that has not learned those it is trained on is given up
     */
    static CountingTrial run(Rule rule, int sequences, int patience, long seed) throws InterruptedException {
        RandomGenerator random = Series.random(seed);
        int seen = 0;
        for (int draw = 1;; draw++) {
            int most = sequences - seen;
            CountingTrial trial = run(rule, most, Math.min(patience, most), random, random.nextLong());
            if (trial.learned >= 0 || patience >= most) {
                return new CountingTrial(trial.score, draw, trial.learned < 0 ? -1 : seen + trial.learned,
                        trial.stopped < 0 ? -1 : seen + trial.stopped, trial.weights);
            }
            seen += patience;
        }
    }

    private static CountingTrial run(Rule rule, int sequences, int patience, RandomGenerator random, long seed)
            throws InterruptedException {
        try (var network = network(seed, random);
                var pass = network.pass(CountingLanguage.length(TRAINED), 1)) {
            Trainer trainer = rule.trainer(network);
            int learned = -1;
            int accepted = 0;
            for (int i = 1; i <= sequences && (learned >= 0 || i <= patience); i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("a^n b^n c^n: interrupted");
                }
                trainer.step(pass, CountingLanguage.sequences(random.nextInt(1, TRAINED + 1)));
                if (i % EVERY == 0 || i == sequences || i == patience) {
                    accepted = CountingLanguage.accepted(network, VALIDATED);
                    learned = learned < 0 && accepted >= TRAINED ? i : learned;
                    if (accepted == VALIDATED) {
                        return new CountingTrial(CountingLanguage.accepted(network, LIMIT), 1, learned, i,
                                network.parameters().count());
                    }
                }
            }
            return new CountingTrial(accepted, 1, learned, -1, network.parameters().count());
        }
    }

    /**
     * Each input gate is open or closed for a symbol and each candidate 1 or -1, by chance, and both nearly so: a cell
     * then counts by the same step up and down. Other gates start open, and no gate sees the cells, which so keep what
     * they counted.
     */
    private static Network network(long seed, RandomGenerator random) {
        Network network = ChaosTrial.exact(Network.builder(CountingLanguage.INPUTS)
                .layer(Lstm.of(CELLS).peepholes(Gate.INPUT, Gate.FORGET, Gate.OUTPUT))
                .outputs(CountingLanguage.OUTPUTS).skip().loss(Loss.sigmoidCrossEntropy())
                .inputWeights(Initialization.uniform(0.1)).recurrentWeights(Initialization.uniform(0.1))
                .seed(seed)).build();
        for (String peephole : List.of("peepholeI", "peepholeF", "peepholeO")) {
            TensorLayout.Tensor weights = network.parameters().layout().get("layer0." + peephole);
            network.precision().slice(network.parameters().slab(), weights.offset(), weights.count()).fill((byte) 0);
        }
        setSigns(network, 0, 20, random);
        setSigns(network, 2, 8, random);
        Contestant.setBiases(network, CELLS, Map.of(0, 3.0, 1, 20.0, 3, 10.0));
        return network;
    }

    /** Sets the input weights of a gate, by its number, to a size with signs drawn. */
    private static void setSigns(Network network, int gate, double size, RandomGenerator random) {
        int count = CELLS * CountingLanguage.INPUTS;
        long first = network.parameters().layout().get("layer0.weightIh").offset() + (long) gate * count;
        for (int i = 0; i < count; i++) {
            network.precision().set(network.parameters().slab(), first + i, random.nextBoolean() ? size : -size);
        }
    }
}
