package dev.rondo.cli.experiment;

import dev.rondo.cell.gru.Gru;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Learner;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Trainer;
import dev.rondo.train.TruncatedBptt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One network that learns the copy task from streams side by side, with an update at every step. Sequences have one bit
 * at first; each time that the mean loss of {@link #JUDGED} bits that were said falls below {@link #MASTERED}, the
 * longest are one bit longer.
 *
 * @param weights how many parameters the network has
 * @param data steps of all streams that were read when sequences of up to 1, 2, ... bits had been mastered
 */
record CopyTrial(long weights, List<Long> data) {
    static final int STREAMS = 4;

    /** The mean loss below which a length is mastered, in bits per bit. */
    static final double MASTERED = 0.15;

    /** Bits, at least, of which the mean is judged; each is counted once. */
    static final int JUDGED = 512;

    /** Trials that mastered longer sequences come first; of the same length, those that took less data. */
    static final Comparator<CopyTrial> ORDER =
            Comparator.comparingInt(CopyTrial::mastered).reversed().thenComparingLong(CopyTrial::lastData);

    /** How a network is trained, at the best of three rates that were tried with another seed. */
    enum Rule {
        RTRL("RTRL", 3e-3),
        SNAP("SnAp-1", 3e-3),
        UORO("UORO", 1e-3),
        BPTT("BPTT(1)", 3e-3);

        final String title;
        final double rate; // of Adam

        Rule(String title, double rate) {
            this.title = title;
            this.rate = rate;
        }

        private Learner learner(long seed) {
            return switch (this) {
                case RTRL -> Rtrl.exact();
                case SNAP -> Rtrl.snap(1);
                case UORO -> Rtrl.uoro(seed);
                case BPTT -> TruncatedBptt.lookBack(1);
            };
        }
    }

    /** {@return the longest sequences that were mastered, in bits} */
    int mastered() {
        return data.size();
    }

    /** {@return what had been read when they were; 0 if none were} */
    long lastData() {
        return data.isEmpty() ? 0 : data.getLast();
    }

    /**
     * {@return a trial, done}
     *
     * @param longest after which it ends, if it is mastered
     * @param mostData after which it ends if not
     */
    static CopyTrial run(Rule rule, int units, int longest, long mostData, long seed) throws InterruptedException {
        try (var network = Network.oneHot(CopyStream.SYMBOLS).layer(Gru.of(units)).outputs(1).seed(seed).threads(1)
                        .quiet().build();
                var pass = network.pass(1, STREAMS).carryState(true)) {
            var trainer = Trainer.builder(network).learner(rule.learner(seed)).optimizer(Adam.of(rule.rate)).build();
            return new Learning(pass, trainer, seed).run(longest, mostData);
        }
    }

    /** The trial while it runs. */
    private static final class Learning {
        private final NetworkPass pass;
        private final Trainer trainer;
        private final List<CopyStream> streams;
        private final List<Long> data = new ArrayList<>();
        private double sum; // of losses since the mean was judged, in bits
        private int said; // bits since then

        Learning(NetworkPass pass, Trainer trainer, long seed) {
            this.pass = pass;
            this.trainer = trainer;
            this.streams = IntStream.range(0, STREAMS).mapToObj(b -> new CopyStream(seed * STREAMS + b)).toList();
        }

        CopyTrial run(int longest, long mostData) throws InterruptedException {
            var shown = new int[STREAMS];
            SequenceBatch step = SequenceBatch.tokens(shown, 1, STREAMS); // of what is in the array by then
            OutputLoss loss = this::loss;
            for (long read = STREAMS; read <= mostData && data.size() < longest; read += STREAMS) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("copy: interrupted");
                }
                for (int b = 0; b < STREAMS; b++) {
                    if (streams.get(b).atEnd()) {
                        pass.resetState(b);
                    }
                    shown[b] = streams.get(b).next(data.size() + 1);
                }
                trainer.step(pass, step, loss);
                if (said >= JUDGED) {
                    if (sum / said < MASTERED) {
                        data.add(read);
                    }
                    sum = 0;
                    said = 0;
                }
            }
            return new CopyTrial(pass.network().parameters().count(), List.copyOf(data));
        }

        /** The cross-entropy of logistic outputs, in nats, of the streams that say a bit, by the number of streams. */
        private double loss(double[] outputs, double[] gradient) {
            double all = 0;
            for (int b = 0; b < STREAMS; b++) {
                int bit = streams.get(b).target();
                if (bit != CopyStream.NONE) {
                    double z = bit == 1 ? -outputs[b] : outputs[b]; // the other bit has the probability s(z)
                    all += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
                    gradient[b] = (bit == 1 ? -1 : 1) / (1 + Math.exp(-z)) / STREAMS;
                    said++;
                }
            }
            sum += all / Math.log(2);
            return all / STREAMS;
        }
    }
}
