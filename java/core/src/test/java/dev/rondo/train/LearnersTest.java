package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Dataset;
import dev.rondo.network.Layer;
import dev.rondo.network.LayerMasks;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Sequence;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Learners against {@link PlainLearners}, against BPTT, and, where they are random, their means. */
class LearnersTest {
    private static final double TOLERANCE = 1e-10;
    private static final int T = 9;
    private static final int I = 2;
    private static final int H = 4;
    private static final long MASKS = 1;

    /** One sequence, one Elman layer, no head; and the same in plain Java. */
    private record Elmans(Network network, SequenceBatch batch, double[][] gradients, PlainLearners plain)
            implements AutoCloseable {
        static Elmans make() {
            return make(Layer.of(Elman.of(H)));
        }

        static Elmans make(Layer layer) {
            Network network = Network.builder(I).layer(layer).noHead().precision(Precision.FLOAT64)
                    .backend(Backend.REFERENCE).quiet().build();
            var random = new Random(3);
            var weights = new double[H][I + H + 1];
            fill(random, weights, 0.8);
            for (int k = 0; k < H; k++) {
                for (int i = 0; i < I + H + 1; i++) {
                    network.precision().set(network.parameters().slab(), place(k, i), weights[k][i]);
                }
            }
            network.parameters().changed();
            var inputs = new double[T][I];
            fill(random, inputs, 1);
            var gradients = new double[T][H];
            fill(random, gradients, 1);
            double[] flat = Arrays.stream(inputs).flatMapToDouble(Arrays::stream).toArray();
            SequenceBatch batch = SequenceBatch.of(flat, T, 1, I);
            try (NetworkPass pass = network.pass(T, 1).maskSeed(MASKS)) {
                pass.forward(batch);
                LayerMasks masks = pass.masks(0);
                var factors = new double[H];
                Arrays.setAll(factors, k -> masks.recurrent() == null ? 1
                        : masks.recurrent().getAtIndex(ValueLayout.JAVA_DOUBLE, k));
                var held = new boolean[T][H];
                for (int i = 0; i < T * H && masks.hold() != null; i++) {
                    held[i / H][i % H] = masks.hold().get(ValueLayout.JAVA_BYTE, i) != 0;
                }
                return new Elmans(network, batch, gradients,
                        new PlainLearners(weights, inputs, gradients, factors, held));
            }
        }

        private static void fill(Random random, double[][] rows, double scale) {
            for (double[] row : rows) {
                Arrays.setAll(row, _ -> scale * random.nextGaussian());
            }
        }

        /** {@return where the network has element (k, i) of the plain weights: W_ih, W_hh, bias} */
        static int place(int k, int i) {
            return i < I ? k * I + i : i < I + H ? H * I + k * H + i - I : H * I + H * H + k;
        }

        /** {@return the gradient that a learner finds, in the order of the plain one} */
        double[] by(Learner learner, int steps) {
            try (NetworkPass pass = network.pass(steps, 1).carryState(true).maskSeed(MASKS);
                    var learning = new Learning(learner, pass)) {
                return by(learning, pass, steps);
            }
        }

        double[] by(Learning learning, NetworkPass pass, int steps) {
            network.zeroGradients();
            pass.resetState();
            var sum = new double[H * (I + H + 1)];
            for (int t = 0; t < T; t += steps) {
                SequenceBatch piece = batch.steps(t, Math.min(steps, T - t));
                learning.enter();
                pass.forward(piece);
                MemorySegment gradient = pass.outputGradient();
                for (int i = 0; i < piece.timeSteps() * H; i++) {
                    network.precision().set(gradient, i, gradients[t + i / H][i % H]);
                }
                learning.backward(piece);
            }
            double[] found = LearnerCase.gradients(network);
            Arrays.setAll(sum, n -> found[place(n / (I + H + 1), n % (I + H + 1))]);
            return sum;
        }

        @Override
        public void close() {
            network.close();
        }
    }

    private static void same(double[] expected, double[] actual) {
        double difference = LearnerCase.difference(expected, actual);
        assertTrue(difference <= TOLERANCE, () -> "differ by " + difference);
    }

    @Test
    void learnersAreThoseOfThePapers() {
        try (Elmans elmans = Elmans.make()) {
            same(elmans.plain.truncated(T), elmans.plain.exact());
            same(elmans.plain.exact(), elmans.by(Rtrl.exact(), T));
            same(elmans.plain.exact(), elmans.by(Rtrl.exact(), 1));
            same(elmans.plain.snap1(), elmans.by(Rtrl.snap(1), T));
            same(elmans.plain.snap1(), elmans.by(Rtrl.snap(1), 1));
            same(elmans.plain.rflo(), elmans.by(Rtrl.rflo(), T));
            same(elmans.plain.uoro(new SeededRandom(7)), elmans.by(Rtrl.uoro(7), T));
            same(elmans.plain.kroneckerFactored(new SeededRandom(7)), elmans.by(Rtrl.kroneckerFactored(7), T));
        }
    }

    @Test
    void learnersAreThoseOfThePapersWithMasks() {
        for (Layer layer : List.of(Layer.of(Elman.of(H)).recurrentDropout(0.4), Layer.of(Elman.of(H)).zoneout(0.4),
                Layer.of(Elman.of(H)).recurrentDropout(0.3).zoneout(0.3))) {
            try (Elmans elmans = Elmans.make(layer); Elmans without = Elmans.make()) {
                same(elmans.plain.exact(), elmans.by(Rtrl.exact(), T));
                same(elmans.plain.exact(), elmans.by(TruncatedBptt.lookBack(T), T));
                same(elmans.plain.snap1(), elmans.by(Rtrl.snap(1), T));
                same(elmans.plain.rflo(), elmans.by(Rtrl.rflo(), T));
                same(elmans.plain.uoro(new SeededRandom(7)), elmans.by(Rtrl.uoro(7), T));
                same(elmans.plain.kroneckerFactored(new SeededRandom(7)), elmans.by(Rtrl.kroneckerFactored(7), T));
                assertTrue(LearnerCase.difference(elmans.plain.exact(), without.plain.exact()) > 1e-2);
            }
        }
    }

    @Test
    void truncatedBackPropagationGoesBackThroughItsWindow() {
        try (Elmans elmans = Elmans.make()) {
            for (int window = 1; window <= T + 1; window++) {
                same(elmans.plain.truncated(window), elmans.by(TruncatedBptt.lookBack(window), 1));
            }
            same(elmans.plain.exact(), elmans.by(TruncatedBptt.lookBack(T), 2));
            same(elmans.plain.exact(), elmans.by(TruncatedBptt.lookBack(T), T));
            assertTrue(LearnerCase.difference(elmans.plain.exact(), elmans.by(TruncatedBptt.lookBack(3), 1)) > 1e-3);
        }
    }

    /** From each piece of two steps back through five: through the step before the last piece but one, and no more. */
    @Test
    void aWindowMayEndWithinAnEarlierBatch() {
        try (Elmans elmans = Elmans.make();
                NetworkPass whole = elmans.network.pass(T, 1).carryState(true);
                NetworkPass pass = elmans.network.pass(2, 1).carryState(true);
                var learning = new Learning(TruncatedBptt.lookBack(5), pass)) {
            for (int t = 0; t < 8; t += 2) {
                elmans.network.zeroGradients();
                learning.enter();
                pass.forward(elmans.batch.steps(t, 2));
                elmans.network.precision().set(pass.outputGradient(), H + 1, 1);
                learning.backward(elmans.batch.steps(t, 2));
                double[] found = LearnerCase.gradients(elmans.network);

                elmans.network.zeroGradients();
                int from = Math.max(0, t + 2 - 5);
                whole.resetState();
                if (from > 0) {
                    whole.forward(elmans.batch.steps(0, from));
                }
                whole.forward(elmans.batch.steps(from, t + 2 - from));
                elmans.network.precision().set(whole.outputGradient(), (t + 1 - from) * H + 1, 1);
                whole.backward();
                same(LearnerCase.gradients(elmans.network), found);
            }
        }
    }

    @Test
    void aWindowKnowsLengthsClocksAndWhereSequencesBegan() {
        Network.Builder builder = Network.embedding(4, 3)
                .layer(Layer.of(Gru.of(4)).learnedInitialState()).layer(Clockwork.of(4, 2));
        try (Network network = LearnerCase.build(builder, Backend.REFERENCE);
                NetworkPass pass = network.pass(3, LearnerCase.B).carryState(true);
                var learning = new Learning(TruncatedBptt.lookBack(100), pass)) {
            SequenceBatch whole = LearnerCase.ragged(LearnerCase.tokens(9, 4, 4));
            double[] expected = LearnerCase.bptt(network, whole);
            for (int round = 0; round < 2; round++) { // the second time after steps of sequences that have ended
                pass.resetState();
                var sum = new double[expected.length];
                for (int t = 0; t < 9; t += 3) {
                    double[] part = LearnerCase.by(learning, pass, whole.steps(t, 3));
                    double share = (double) pass.counted() / (9 + 4);
                    Arrays.setAll(sum, i -> sum[i] + part[i] * share);
                }
                same(expected, sum);
            }
        }
    }

    @Test
    void meansAreTheGradient() {
        Backend backend = Backends.missing(Backend.NATIVE).isEmpty() ? Backend.NATIVE : Backend.REFERENCE;
        try (Network plain = LearnerCase.build(Network.builder(2).layer(Elman.of(3)), backend);
                Network lstm = LearnerCase.build(Network.builder(2).layer(Lstm.of(2)), backend);
                Network stack = LearnerCase.build(Network.embedding(3, 2)
                        .layer(Layer.of(Gru.of(2)).learnedInitialState().residual())
                        .layer(Layer.of(Elman.of(2)).fixed()).layer(Lstm.of(2)), backend);
                Network masks = LearnerCase.build(Network.embedding(3, 3)
                        .layer(Layer.of(Gru.of(3)).residual().dropout(0.3).zoneout(0.2))
                        .layer(Layer.of(Elman.of(3)).variationalDropout(0.3).recurrentDropout(0.3))
                        .layer(Lstm.of(2)), backend)) {
            SequenceBatch numbers = SequenceBatch.of(new double[] {1, -1, 0.5, 2, -1, 1, 0, 1}, 4, 1, 2)
                    .targets(new int[] {-1, -1, 1, 2});
            SequenceBatch tokens = SequenceBatch.tokens(new int[] {0, 2, 1, 1}, 4, 1)
                    .targets(new int[] {-1, -1, 1, 2});
            meanIsTheGradient(Rtrl.uoro(1), plain, numbers);
            meanIsTheGradient(Rtrl.uoro(2), lstm, numbers);
            meanIsTheGradient(Rtrl.uoro(3), stack, tokens);
            meanIsTheGradient(Rtrl.uoro(6), masks, tokens);
            meanIsTheGradient(Rtrl.kroneckerFactored(4), plain, numbers);
            meanIsTheGradient(Rtrl.kroneckerFactored(5), lstm, numbers);
        }
    }

    /** Each mean of 2000 draws is within 4.5 of its standard errors, of which there are up to a hundred. */
    private static void meanIsTheGradient(Learner learner, Network network, SequenceBatch batch) {
        int draws = 2000;
        double[] exact = LearnerCase.by(Rtrl.exact(), network, batch);
        var sum = new double[exact.length];
        var squares = new double[exact.length];
        try (NetworkPass pass = network.pass(batch.timeSteps(), 1).maskSeed(LearnerCase.MASKS);
                var learning = new Learning(learner, pass)) {
            for (int draw = 0; draw < draws; draw++) {
                double[] one = LearnerCase.by(learning, pass, batch);
                for (int i = 0; i < one.length; i++) {
                    sum[i] += one[i] - exact[i];
                    squares[i] += (one[i] - exact[i]) * (one[i] - exact[i]);
                }
            }
        }
        double noise = 0;
        for (int i = 0; i < exact.length; i++) {
            double mean = sum[i] / draws;
            double error = Math.sqrt((squares[i] / draws - mean * mean) / draws);
            assertTrue(Math.abs(mean) <= 4.5 * error + 1e-14, learner + ": " + mean + " at " + i + ", error " + error);
            noise = Math.max(noise, error);
        }
        assertTrue(noise > 1e-6, "the learner draws");
    }

    @Test
    void seedsMakeDraws() {
        try (Elmans elmans = Elmans.make()) {
            assertEquals(0, LearnerCase.difference(elmans.by(Rtrl.uoro(1), T), elmans.by(Rtrl.uoro(1), T)));
            assertTrue(LearnerCase.difference(elmans.by(Rtrl.uoro(1), T), elmans.by(Rtrl.uoro(2), T)) > 1e-3);
        }
    }

    @Test
    void aWindowShorterThanTheBatchIsRefused() {
        try (Network network = LearnerCase.build(Network.builder(2).layer(Elman.of(3)), Backend.REFERENCE);
                NetworkPass pass = network.pass(3, LearnerCase.B)) {
            Trainer trainer = Trainer.builder(network).learner(TruncatedBptt.lookBack(2)).build();
            String message = assertThrows(IllegalArgumentException.class,
                    () -> trainer.step(pass, LearnerCase.numbers(3, 2, 1))).getMessage();
            assertTrue(message.contains("expected at most the 2 steps"), message);
        }
    }

    /** The same course as by BPTT where each batch is a whole sequence; and fit takes learners too. */
    @Test
    void trainersTakeLearners() {
        assertEquals(course(null), course(Rtrl.exact()), 1e-9);
        assertEquals(course(null), course(TruncatedBptt.lookBack(50)), 1e-9);
        assertTrue(Math.abs(course(null) - course(Rtrl.snap(1))) > 1e-6);
    }

    private static double course(Learner learner) {
        try (Network network = Network.builder(1).layer(Lstm.of(5)).outputs(1).loss(Loss.meanSquaredError())
                .precision(Precision.FLOAT64).backend(Backend.REFERENCE).seed(2).quiet().build()) {
            Trainer.Builder builder = Trainer.builder(network).optimizer(Sgd.of(0.1)).batchSize(2);
            Trainer trainer = (learner == null ? builder : builder.learner(learner)).build();
            var random = new Random(8);
            var sequences = List.of(sequence(random, 6), sequence(random, 4), sequence(random, 5));
            return trainer.fit(Dataset.sequences(sequences), Epochs.of(5)).history().getLast().trainingLoss();
        }
    }

    /** The sum of all so far. */
    private static Sequence sequence(Random random, int length) {
        var inputs = new float[length][1];
        var targets = new float[length][1];
        for (int t = 0; t < length; t++) {
            inputs[t][0] = random.nextFloat();
            targets[t][0] = (t == 0 ? 0 : targets[t - 1][0]) + inputs[t][0];
        }
        return Sequence.of(inputs).stepValues(targets);
    }
}
