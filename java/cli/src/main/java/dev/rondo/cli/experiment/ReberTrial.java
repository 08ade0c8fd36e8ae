package dev.rondo.cli.experiment;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.NonFiniteGradientException;
import dev.rondo.train.Trainer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * One network that learns the embedded Reber grammar. It has succeeded, as in Hochreiter and Schmidhuber (1997), when
 * all symbols of {@link #STRINGS} training strings and as many test strings are predicted right: the outputs of the one
 * or two symbols that may follow are the greatest. That is tested every {@link #EVERY} sequences.
 *
 * @param succeeded whether it has
 * @param sequences how many it took, or was given
 * @param weights how many parameters the network has
 * @param wrong test strings at the end of which a symbol is predicted wrong
 */
record ReberTrial(boolean succeeded, int sequences, long weights, int wrong) {
    static final int STRINGS = 256;
    static final int EVERY = 100;

    /** {@return a trial, done} */
    static ReberTrial run(EmbeddedReber.Method method, long seed) throws InterruptedException {
        RandomGenerator random = Series.random(seed);
        List<ReberString> training = Stream.generate(() -> ReberString.draw(random)).limit(STRINGS).toList();
        Set<ReberString> known = new HashSet<>(training);
        List<ReberString> test = Stream.generate(() -> ReberString.draw(random))
                .filter(string -> !known.contains(string)).limit(STRINGS).toList();
        int longest = Stream.concat(training.stream(), test.stream()).mapToInt(ReberString::steps).max().orElseThrow();
        try (var network = method.network(seed);
                var pass = network.pass(method.online() ? 1 : longest, 1).carryState(method.online());
                var testing = network.inference(longest, STRINGS)) {
            return new Learning(network, pass, testing, training, test).run(method, random);
        }
    }

    /** The trial while it runs. */
    private record Learning(Network network, NetworkPass pass, NetworkPass testing, List<ReberString> training,
            List<ReberString> test) {
        ReberTrial run(EmbeddedReber.Method method, RandomGenerator random) throws InterruptedException {
            Trainer trainer = method.trainer(network);
            long weights = network.parameters().count();
            for (int count = 1; count <= method.mostSequences(); count++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("embedded Reber grammar: interrupted");
                }
                try {
                    learn(trainer, batch(List.of(training.get(random.nextInt(STRINGS)))), method.online());
                } catch (NonFiniteGradientException e) {
                    return new ReberTrial(false, count, weights, STRINGS);
                }
                if (count % EVERY == 0 && wrong(training) == 0 && wrong(test) == 0) {
                    return new ReberTrial(true, count, weights, 0);
                }
            }
            return new ReberTrial(false, method.mostSequences(), weights, wrong(test));
        }

        private void learn(Trainer trainer, SequenceBatch string, boolean online) {
            if (!online) {
                trainer.step(pass, string);
                return;
            }
            pass.resetState();
            for (int t = 0; t < string.timeSteps(); t++) {
                trainer.step(pass, string.steps(t, 1));
            }
        }

        /** {@return of how many strings a symbol is predicted wrong} */
        private int wrong(List<ReberString> strings) {
            testing.forward(batch(strings));
            int wrong = 0;
            for (int b = 0; b < strings.size(); b++) {
                wrong += right(strings.get(b), b) ? 0 : 1;
            }
            return wrong;
        }

        private boolean right(ReberString string, int b) {
            int symbols = ReberString.ALPHABET.length();
            for (int t = 0; t < string.steps(); t++) {
                double leastRight = Double.POSITIVE_INFINITY;
                double greatestWrong = Double.NEGATIVE_INFINITY;
                for (int symbol = 0; symbol < symbols; symbol++) {
                    double output = network.precision().get(
                            testing.outputs(), ((long) t * testing.batchSize() + b) * symbols + symbol);
                    if (string.follows(t, symbol)) {
                        leastRight = Math.min(leastRight, output);
                    } else {
                        greatestWrong = Math.max(greatestWrong, output);
                    }
                }
                if (!(leastRight > greatestWrong)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** {@return strings to be read, with each next symbol as a target} */
    static SequenceBatch batch(List<ReberString> strings) {
        int[] lengths = strings.stream().mapToInt(ReberString::steps).toArray();
        int longest = Arrays.stream(lengths).max().orElseThrow();
        var symbols = new int[longest * lengths.length];
        var next = new int[symbols.length];
        for (int b = 0; b < lengths.length; b++) {
            for (int t = 0; t < lengths[b]; t++) {
                symbols[t * lengths.length + b] = strings.get(b).symbols().get(t);
                next[t * lengths.length + b] = strings.get(b).symbols().get(t + 1);
            }
        }
        return SequenceBatch.tokens(symbols, longest, lengths.length).lengths(lengths).targets(next);
    }
}
