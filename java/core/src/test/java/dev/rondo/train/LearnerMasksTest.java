package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Learners with dropout and zoneout: the gradient is that of BPTT with the masks that the pass has drawn, whether its
 * batches are whole sequences or a step each. BPTT over many batches is a chain of passes here, one for each batch.
 */
class LearnerMasksTest {
    private static final double TOLERANCE = 1e-10;
    private static final int T = LearnerCase.T;
    private static final int B = LearnerCase.B;
    private static final long SEED = 40; // of the masks of the first batch; that of each other is one higher

    /** The kinds of masks. */
    private enum Kind {
        STEP(layer -> layer.dropout(0.4)),
        SEQUENCE(layer -> layer.variationalDropout(0.4)),
        RECURRENT(layer -> layer.recurrentDropout(0.4)),
        ZONEOUT(layer -> layer.zoneout(0.3)),
        ALL(layer -> layer.dropout(0.3).recurrentDropout(0.3).zoneout(0.2));

        private final UnaryOperator<Layer> option;

        Kind(UnaryOperator<Layer> option) {
            this.option = option;
        }

        Layer of(Cell cell) {
            return option.apply(Layer.of(cell));
        }
    }

    static List<Arguments> kinds() {
        var cases = new ArrayList<Arguments>();
        for (Kind kind : Kind.values()) {
            cases.add(Arguments.of(kind, Backend.REFERENCE));
            cases.add(Arguments.of(kind, Backend.NATIVE));
        }
        return cases;
    }

    /** Of an embedding, layers of each way to linearize a step, a residual one, a learned state; lengths and holds. */
    private static Network stack(Kind kind, Backend backend) {
        return LearnerCase.build(Network.embedding(4, 5)
                .layer(kind.of(Elman.of(5)).residual().learnedInitialState())
                .layer(kind.of(IndRnn.of(5)).residual())
                .layer(kind.of(Cells.parse("gru:reset=before", 4)))
                .layer(kind.of(Lstm.of(4))).skip(), backend);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void gradientsAreThoseOfBackPropagationWithTheSameMasks(Kind kind, Backend backend) {
        Available.assume(backend);
        SequenceBatch batch = LearnerCase.ragged(LearnerCase.tokens(T, 4, 3));
        try (Network network = stack(kind, backend)) {
            for (int steps : new int[] {T, 3, 1}) {
                double[] expected = chain(network, batch, steps);
                same(expected, by(Rtrl.exact(), network, batch, steps), kind + ", batches of " + steps);
                same(expected, by(TruncatedBptt.lookBack(T), network, batch, steps), kind + ", batches of " + steps);
            }
            assertTrue(LearnerCase.difference(chain(network, batch, T), chain(network, batch, 3)) > 1e-3,
                    "other masks, another gradient");
        }
    }

    /** One mask for all steps is the same one in batches of one step, if these are drawn from the same seed. */
    @Test
    void oneStepPerBatchIsOneLongPassWhereMasksStay() {
        SequenceBatch batch = LearnerCase.numbers(T, 2, 4);
        try (Network network = LearnerCase.build(Network.builder(2)
                        .layer(Layer.of(Gru.of(4)).variationalDropout(0.4).recurrentDropout(0.3))
                        .layer(Layer.of(Lstm.of(4)).recurrentDropout(0.3)), Backend.REFERENCE);
                NetworkPass whole = network.pass(T, B).maskSeed(SEED);
                NetworkPass pass = network.pass(1, B).carryState(true).maskSeed(SEED);
                var learning = new Learning(Rtrl.exact(), pass)) {
            double[] expected = LearnerCase.bptt(whole, batch);
            var sum = new double[expected.length];
            for (int t = 0; t < T; t++) {
                double[] part = LearnerCase.by(learning, pass, batch.steps(t, 1));
                Arrays.setAll(sum, i -> sum[i] + part[i] / T); // the loss is the mean over T times as many targets
            }
            same(expected, sum, "variational");
        }
    }

    static List<String> variants() {
        return Cells.variants();
    }

    @ParameterizedTest
    @MethodSource("variants")
    void ofEveryCellThatHasSuchMasks(String variant) {
        Cell cell = Cells.parse(variant, 8);
        for (Kind kind : Kind.values()) {
            Layer layer;
            try {
                layer = kind.of(cell);
            } catch (IllegalArgumentException e) { // no layer of this cell has such masks, with or without learners
                continue;
            }
            try (Network network = LearnerCase.build(
                    Network.builder(2).layer(layer).layer(Elman.of(3)), Backend.REFERENCE)) {
                SequenceBatch batch = LearnerCase.ragged(LearnerCase.numbers(T, 2, 1));
                same(chain(network, batch, T), by(Rtrl.exact(), network, batch, T), variant + ", " + kind);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void ofHeadsThatReadTheLastStep(Kind kind) {
        var random = new Random(2);
        var batch = SequenceBatch.of(random.doubles(T * B * 2, -1, 1).toArray(), T, B, 2).targets(new int[] {2, 0, 1})
                .lengths(new int[] {T, 3, 0});
        try (Network network = LearnerCase.build(Network.builder(2).layer(kind.of(Gru.of(4)))
                .layer(kind.of(Elman.of(4)).residual()).lastStep(), Backend.REFERENCE)) {
            double[] expected = chain(network, batch, T);
            same(expected, by(Rtrl.exact(), network, batch, T), kind.toString());
            same(expected, by(TruncatedBptt.lookBack(T), network, batch, T), kind.toString());
        }
    }

    /** A window may end within an earlier batch, whose last steps have the masks that they had. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aWindowEndsWithinTheMasksOfAnEarlierBatch(Kind kind) {
        SequenceBatch batch = LearnerCase.tokens(6, 4, 3);
        try (Network network = stack(kind, Backend.REFERENCE);
                NetworkPass pass = network.pass(2, B).carryState(true);
                var learning = new Learning(TruncatedBptt.lookBack(3), pass)) {
            double[] found = null;
            for (int t = 0; t < 6; t += 2) {
                pass.maskSeed(SEED + t / 2);
                found = LearnerCase.by(learning, pass, batch.steps(t, 2));
            }
            try (var chain = new Chain(network, batch, 2, 0, 2, 3, 4)) {
                same(chain.gradientOfLast(2), found, kind.toString());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void unitsThatSeeTheirOwnPastAloneNeedNoMore(Kind kind) {
        SequenceBatch batch = LearnerCase.ragged(LearnerCase.numbers(T, 2, 7));
        try (Network network = LearnerCase.build(
                Network.builder(2).layer(kind.of(IndRnn.of(5)).learnedInitialState()), Backend.REFERENCE)) {
            same(chain(network, batch, 1), by(Rtrl.snap(1), network, batch, 1), kind.toString());
        }
        try (Network network = LearnerCase.build(
                Network.builder(2).layer(kind.of(Elman.of(4))).layer(kind.of(Lstm.of(4))), Backend.REFERENCE)) {
            same(chain(network, batch, 3), by(Rtrl.snap(2), network, batch, 3), kind.toString());
        }
    }

    /** Where but one target counts, the update by derivatives of RTRL is that by those of BPTT. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void kalmanFiltersTakeMasksToo(Kind kind) {
        var numbers = new Random(3);
        var batch = SequenceBatch.of(numbers.doubles(T * B * 2, -1, 1).toArray(), T, B, 2)
                .targets(numbers.doubles(B).toArray(), 1);
        var updated = new ArrayList<double[]>();
        for (Learner derivatives : List.of(Rtrl.exact(), TruncatedBptt.lookBack(T))) {
            try (Network network = Network.builder(2).layer(kind.of(Gru.of(3))).layer(kind.of(Elman.of(3))).lastStep()
                            .outputs(1).loss(Loss.meanSquaredError()).precision(Precision.FLOAT64)
                            .backend(Backend.REFERENCE).seed(3).quiet().build();
                    NetworkPass pass = network.pass(T, B)) {
                Trainer trainer =
                        Trainer.builder(network).learner(Ekf.global().derivatives(derivatives)).build();
                double before = trainer.step(pass, batch).loss();
                updated.add(LearnerCase.parameters(network));
                assertTrue(before > 0, "there was an error to learn from");
            }
        }
        same(updated.get(0), updated.get(1), kind.toString());
    }

    /** Nothing of what a learner runs again is drawn anew: BPTT and learners take the same course. */
    @Test
    void learnersDrawNothingOfTheirOwn() {
        double[] expected = trained(null, 1);
        same(expected, trained(Rtrl.exact(), 1), "RTRL");
        same(expected, trained(TruncatedBptt.lookBack(T), 1), "truncated BPTT");
        assertArrayEquals(trained(Rtrl.exact(), 1), trained(Rtrl.exact(), 2), "by two threads");
        assertArrayEquals(trained(Rtrl.uoro(3), 1), trained(Rtrl.uoro(3), 2), "by two threads");
    }

    private static double[] trained(Learner learner, int threads) {
        Backend backend = Backends.missing(Backend.NATIVE).isEmpty() ? Backend.NATIVE : Backend.REFERENCE;
        try (Network network = Network.builder(2).layer(Kind.ALL.of(Lstm.of(6))).layer(Kind.SEQUENCE.of(Gru.of(6)))
                        .classes(LearnerCase.CLASSES).precision(Precision.FLOAT64).backend(backend).threads(threads)
                        .seed(4).quiet().build();
                NetworkPass pass = network.pass(T, B)) {
            Trainer.Builder builder = Trainer.builder(network).optimizer(Sgd.of(0.1));
            Trainer trainer = (learner == null ? builder : builder.learner(learner)).build();
            for (int step = 0; step < 4; step++) {
                trainer.step(pass, LearnerCase.numbers(T, 2, step));
            }
            return LearnerCase.parameters(network);
        }
    }

    private static void same(double[] expected, double[] actual, String what) {
        double difference = LearnerCase.difference(expected, actual);
        assertTrue(difference <= TOLERANCE, what + ": " + difference);
    }

    /** {@return the sum of the gradients that a learner finds on batches of some steps each} */
    private static double[] by(Learner learner, Network network, SequenceBatch batch, int steps) {
        var sum = new double[Math.toIntExact(network.parameters().count())];
        try (NetworkPass pass = network.pass(steps, B).carryState(true); var learning = new Learning(learner, pass)) {
            for (int t = 0; t < batch.timeSteps(); t += steps) {
                pass.maskSeed(SEED + t / steps);
                int count = Math.min(steps, batch.timeSteps() - t);
                double[] part = LearnerCase.by(learning, pass, batch.steps(t, count));
                Arrays.setAll(sum, i -> sum[i] + part[i]);
            }
        }
        return sum;
    }

    /** {@return the gradient of the sum of the losses of batches of some steps each, through all of them} */
    private static double[] chain(Network network, SequenceBatch batch, int steps) {
        int[] starts = IntStream.iterate(0, t -> t < batch.timeSteps(), t -> t + steps).toArray();
        try (var chain = new Chain(network, batch, steps, starts)) {
            return chain.gradient();
        }
    }

    /** Passes over parts of a stream, each entered in the state that the one before ends in. */
    private static final class Chain implements AutoCloseable {
        private final Network network;
        private final List<NetworkPass> passes = new ArrayList<>();

        /**
         * Runs over {@code batch}, of which each part of {@code steps} steps has masks of a seed of its own.
         *
         * @param starts the first step of each pass
         */
        Chain(Network network, SequenceBatch batch, int steps, int... starts) {
            this.network = network;
            for (int i = 0; i < starts.length; i++) {
                int end = i + 1 < starts.length ? starts[i + 1] : batch.timeSteps();
                SequenceBatch part = batch.steps(starts[i], end - starts[i]);
                int number = starts[i] / steps;
                int drawn = Math.min(steps, batch.timeSteps() - number * steps);
                NetworkPass pass = network.pass(part.timeSteps(), B).carryState(true)
                        .maskDraw(new MaskDraw(SEED + number, drawn, starts[i] % steps));
                if (i > 0) {
                    pass.forward(part.lengths(new int[B])); // begins all sequences, and takes no step
                    copy(passes.getLast(), NetworkPass::state, pass, NetworkPass::state);
                    pass.timeOrigin(starts[i]);
                }
                pass.forward(part);
                passes.add(pass);
            }
        }

        private interface Planes {
            MemorySegment of(NetworkPass pass, int layer, int plane);
        }

        private void copy(NetworkPass from, Planes fromPlanes, NetworkPass to, Planes toPlanes) {
            List<Layer> layers = network.description().layers();
            for (int layer = 0; layer < layers.size(); layer++) {
                for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                    toPlanes.of(to, layer, plane).copyFrom(fromPlanes.of(from, layer, plane));
                }
            }
        }

        /** {@return the gradient of the sum of all losses} */
        double[] gradient() {
            return gradient(passes.size(), true);
        }

        /** {@return that of the last loss alone, back through the last {@code count} passes} */
        double[] gradientOfLast(int count) {
            return gradient(count, false);
        }

        private double[] gradient(int count, boolean all) {
            network.zeroGradients();
            NetworkPass later = null;
            for (NetworkPass pass : passes.reversed().subList(0, count)) {
                if (later != null) {
                    copy(later, NetworkPass::stateGradient, pass, NetworkPass::lastStateGradient);
                    if (!all) {
                        pass.outputGradient().fill((byte) 0);
                    }
                }
                pass.backward();
                later = pass;
            }
            return LearnerCase.gradients(network);
        }

        @Override
        public void close() {
            passes.forEach(NetworkPass::close);
        }
    }
}
