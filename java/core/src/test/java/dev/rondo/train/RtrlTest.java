package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.kernel.Available;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
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

class RtrlTest {
    private static final double TOLERANCE = 1e-10;
    private static final int H = 8;

    static List<Arguments> variants() {
        var cases = new ArrayList<Arguments>();
        for (String variant : Cells.variants()) {
            cases.add(Arguments.of(variant, Backend.REFERENCE));
            cases.add(Arguments.of(variant, Backend.NATIVE));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("variants")
    void exactIsBackPropagationThroughTime(String variant, Backend backend) {
        Available.assume(backend);
        Cell cell = Cells.parse(variant, H);
        try (Network one = LearnerCase.build(Network.builder(2).layer(cell), backend);
                Network tokens = LearnerCase.build(Network.oneHot(4).layer(Elman.of(5)).layer(cell), backend);
                Network over = LearnerCase.build(Network.embedding(4, H).layer(Layer.of(cell).learnedInitialState())
                        .layer(Lstm.of(3)).lastStep(), backend)) {
            check(Rtrl.exact(), one, LearnerCase.numbers(LearnerCase.T, 2, 1));
            check(Rtrl.exact(), tokens, LearnerCase.ragged(LearnerCase.tokens(LearnerCase.T, 4, 2)));
            check(Rtrl.exact(), over, LearnerCase.ragged(SequenceBatch.tokens(new int[] {
                0, 1, 2, 3, 2, 1, 0, 0, 3, 1, 1, 2, 3, 2, 0, 1, 0, 3}, 6, LearnerCase.B)
                    .targets(new int[] {0, 1, 2})));
        }
    }

    /**
     * A cell of one's own of two planes, with a = W x + R h + b: h' = tanh(a + c / 2), of unit k with c of unit k - 1
     * added if units mix, and c' = 0.9 c + 0.1 h'.
     */
    private record Trace(int hiddenSize, boolean mixes) implements Cell {
        @Override
        public String name() {
            return "trace";
        }

        @Override
        public int[] planeWidths() {
            return new int[] {hiddenSize, hiddenSize};
        }

        @Override
        public int rows() {
            return hiddenSize;
        }

        @Override
        public boolean perUnit() {
            return !mixes;
        }

        @Override
        public CellKernel kernel(Backend backend) {
            return new TraceReference(mixes ? 1 : 0);
        }
    }

    private static final class TraceReference extends ReferenceKernel {
        private final double mix;

        TraceReference(double mix) {
            this.mix = mix;
        }

        @Override
        protected void forward(double[] gates, double[][] before, double[][] after) {
            for (int k = 0; k < gates.length; k++) {
                double other = k > 0 ? mix * before[1][k - 1] : 0;
                after[0][k] = Math.tanh(gates[k] + before[1][k] / 2 + other);
                after[1][k] = 0.9 * before[1][k] + 0.1 * after[0][k];
            }
        }

        @Override
        protected void backward(double[] gates, double[][] before, double[][] after, double[][] gradient) {
            for (int k = gates.length - 1; k >= 0; k--) {
                double ofNew = gradient[0][k] + 0.1 * gradient[1][k];
                gates[k] = ofNew * (1 - after[0][k] * after[0][k]);
                gradient[0][k] = 0;
                double ofNext = k + 1 < gates.length ? mix * gates[k + 1] : 0;
                gradient[1][k] = 0.9 * gradient[1][k] + gates[k] / 2 + ofNext;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void ofCellsOfOnesOwn(Backend backend) {
        Available.assume(backend);
        for (boolean mixes : new boolean[] {false, true}) {
            var cell = new Trace(5, mixes);
            try (Network alone = LearnerCase.build(
                            Network.builder(2).layer(Layer.of(cell).learnedInitialState()), backend);
                    Network stack = LearnerCase.build(Network.embedding(4, 5).layer(Layer.of(cell).residual())
                            .layer(Layer.of(cell).recurrentDropout(0.3).dropout(0.2)).layer(Gru.of(4)), backend)) {
                check(Rtrl.exact(), alone, LearnerCase.ragged(LearnerCase.numbers(LearnerCase.T, 2, 1)));
                check(Rtrl.exact(), stack, LearnerCase.ragged(LearnerCase.tokens(LearnerCase.T, 4, 2)));
            }
        }
    }

    /** At times all groups rest, at others the slow ones, or a fast one alone. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void ofGroupsThatRest(Backend backend) {
        Available.assume(backend);
        Cell cell = Clockwork.of(new int[] {2, 3, 2}, new int[] {2, 3, 4});
        try (Network network = LearnerCase.build(
                Network.builder(2).layer(Elman.of(3)).layer(cell).layer(Layer.of(cell).zoneout(0.3)), backend)) {
            check(Rtrl.exact(), network, LearnerCase.ragged(LearnerCase.numbers(13, 2, 1)));
        }
    }

    private static void check(Learner learner, Network network, SequenceBatch batch) {
        double difference = LearnerCase.difference(
                LearnerCase.bptt(network, batch), LearnerCase.by(learner, network, batch));
        assertTrue(difference <= TOLERANCE, network.description().text() + ": " + difference);
    }

    @Test
    void ofStacksWithResidualsAndAnInputBesideTheTop() {
        Network.Builder builder = Network.embedding(4, 6)
                .layer(Layer.of(IndRnn.of(6)).residual().learnedInitialState())
                .layer(Layer.of(Gru.of(6)).residual())
                .layer(MinGru.of(4)).skip();
        try (Network network = LearnerCase.build(builder, Backend.REFERENCE)) {
            check(Rtrl.exact(), network, LearnerCase.ragged(LearnerCase.tokens(LearnerCase.T, 4, 3)));
        }
    }

    @Test
    void fixedLayersHaveNoInfluenceAndHandOnWhatIsBelow() {
        try (Network bottom = LearnerCase.build(Network.builder(2).layer(Layer.of(Reservoir.of(6)).fixed())
                        .layer(Gru.of(4)).layer(Elman.of(3)), Backend.REFERENCE);
                Network middle = LearnerCase.build(Network.embedding(4, 3).layer(Lstm.of(4))
                        .layer(Layer.of(Elman.of(4)).fixed()).layer(IndRnn.of(3)), Backend.REFERENCE)) {
            check(Rtrl.exact(), bottom, LearnerCase.numbers(LearnerCase.T, 2, 1));
            check(Rtrl.exact(), middle, LearnerCase.ragged(LearnerCase.tokens(LearnerCase.T, 4, 2)));
            for (Learner learner : List.of(Rtrl.uoro(1), Rtrl.snap(1), Rtrl.rflo(), TruncatedBptt.lookBack(20))) {
                double[] found = LearnerCase.by(learner, middle, LearnerCase.tokens(LearnerCase.T, 4, 2));
                middle.parameters().layout().tensors().stream().filter(middle.description()::isFixed).forEach(
                        tensor -> assertEquals(0, Arrays.stream(found, Math.toIntExact(tensor.offset()),
                                Math.toIntExact(tensor.offset() + tensor.count())).map(Math::abs).sum()));
            }
        }
    }

    @Test
    void influencesGoOnWithStates() {
        for (int steps : new int[] {1, 3}) { // of each batch
            try (Network network = LearnerCase.build(Network.builder(2).layer(Lstm.of(4)).layer(Clockwork.of(4, 2)),
                            Backend.REFERENCE);
                    var pass = network.pass(steps, LearnerCase.B).carryState(true);
                    var learning = new Learning(Rtrl.exact(), pass)) {
                SequenceBatch whole = LearnerCase.numbers(9, 2, 4);
                double[] expected = LearnerCase.bptt(network, whole);
                var sum = new double[expected.length];
                for (int t = 0; t < 9; t += steps) {
                    double[] part = LearnerCase.by(learning, pass, whole.steps(t, steps));
                    double share = steps / 9.0; // the loss is the mean over as many times as many targets
                    Arrays.setAll(sum, i -> sum[i] + share * part[i]);
                }
                assertTrue(LearnerCase.difference(expected, sum) <= TOLERANCE);
            }
        }
    }

    /** Heads and losses are what BPTT has, for the step's own loss goes back as it does there. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void ofAnyHead(Backend backend) {
        Available.assume(backend);
        SequenceBatch batch = LearnerCase.ragged(LearnerCase.numbers(LearnerCase.T, 2, 8));
        var random = new Random(8);
        int positions = LearnerCase.T * LearnerCase.B;
        double[] bits = random.ints(2L * positions, 0, 2).asDoubleStream().toArray();
        double[] last = random.doubles(2L * LearnerCase.B).toArray();
        var marks = new byte[positions];
        for (int i = 0; i < positions; i++) {
            marks[i] = (byte) random.nextInt(2);
        }
        check(batch.targets(bits, 2), backend, builder -> builder.outputs(2).loss(Loss.meanSquaredError()));
        check(batch.targets(bits, 2).targetMask(marks), backend,
                builder -> builder.skip().outputs(2).loss(Loss.sigmoidCrossEntropy()));
        check(batch.targetMask(marks), backend,
                builder -> builder.classes(3).loss(new Loss.SoftmaxCrossEntropy(List.of(0.5, 1.0, 2.0))));
        check(batch.targets(last, 2), backend,
                builder -> builder.lastStep().outputs(2).loss(Loss.meanSquaredError()));
    }

    private static void check(SequenceBatch batch, Backend backend, UnaryOperator<Network.Builder> head) {
        try (Network network = head.apply(Network.builder(2).layer(Lstm.of(4))).precision(Precision.FLOAT64)
                .backend(backend).threads(1).seed(5).quiet().build()) {
            check(Rtrl.exact(), network, batch);
        }
    }

    /** Two streams, of which one ends after three steps, and another sequence takes its place. */
    @Test
    void streamsOfABatchBeginEachForItself() {
        try (Network network = LearnerCase.build(Network.builder(2)
                        .layer(Layer.of(Gru.of(4)).learnedInitialState()).layer(Lstm.of(3)), Backend.REFERENCE);
                var pass = network.pass(1, 2).carryState(true);
                var learning = new Learning(Rtrl.exact(), pass)) {
            var random = new Random(9);
            var inputs = random.doubles(2 * 8 * 2, -1, 1).toArray(); // [T, B, I]
            int[] targets = random.ints(8 * 2, 0, LearnerCase.CLASSES).toArray();
            SequenceBatch batch = SequenceBatch.of(inputs, 8, 2, 2).targets(targets);
            var found = new double[Math.toIntExact(network.parameters().count())];
            for (int t = 0; t < 8; t++) {
                if (t == 3) {
                    pass.resetState(1);
                }
                double[] part = LearnerCase.by(learning, pass, batch.steps(t, 1));
                Arrays.setAll(found, i -> found[i] + 2 * part[i]); // of the sum, not the mean, of two losses
            }
            var expected = new double[found.length];
            for (int[] part : new int[][] {{0, 0, 8}, {1, 0, 3}, {1, 3, 8}}) { // stream, from, to
                int steps = part[2] - part[1];
                double[] x = IntStream.range(0, steps * 2)
                        .mapToDouble(i -> inputs[(part[1] + i / 2) * 4 + part[0] * 2 + i % 2]).toArray();
                int[] y = IntStream.range(part[1], part[2]).map(t -> targets[t * 2 + part[0]]).toArray();
                try (var one = network.pass(steps, 1)) {
                    double[] gradient = LearnerCase.bptt(one, SequenceBatch.of(x, steps, 1, 2).targets(y));
                    Arrays.setAll(expected, i -> expected[i] + steps * gradient[i]);
                }
            }
            assertTrue(LearnerCase.difference(expected, found) <= TOLERANCE);
        }
    }

    @Test
    void aSequenceThatBeginsAnewHasNoPast() {
        try (Network network = LearnerCase.build(
                        Network.builder(2).layer(Layer.of(Gru.of(4)).learnedInitialState()), Backend.REFERENCE);
                var pass = network.pass(4, LearnerCase.B).carryState(true);
                var learning = new Learning(Rtrl.exact(), pass)) {
            SequenceBatch batch = LearnerCase.numbers(4, 2, 5);
            double[] first = LearnerCase.by(learning, pass, batch);
            double[] second = LearnerCase.by(learning, pass, batch);
            pass.resetState();
            assertEquals(0, LearnerCase.difference(first, LearnerCase.by(learning, pass, batch)));
            assertTrue(LearnerCase.difference(first, second) > 1e-3);
        }
    }

    @Test
    void snapOfTwoStepsIsExactWhereRecurrentWeightsAreDense() {
        for (Cell cell : List.of(Elman.of(4), Lstm.of(4), Gru.of(4))) {
            try (Network network = LearnerCase.build(Network.builder(2).layer(cell).layer(Elman.of(3)),
                    Backend.REFERENCE)) {
                check(Rtrl.snap(2), network, LearnerCase.numbers(LearnerCase.T, 2, 6));
                check(Rtrl.snap(5), network, LearnerCase.numbers(LearnerCase.T, 2, 6));
                assertTrue(LearnerCase.difference(
                        LearnerCase.by(Rtrl.exact(), network, LearnerCase.numbers(LearnerCase.T, 2, 6)),
                        LearnerCase.by(Rtrl.snap(1), network, LearnerCase.numbers(LearnerCase.T, 2, 6))) > 1e-4);
            }
        }
    }

    /** In a Clockwork network slow groups never hear fast ones; of a sparse reservoir units reach more at each step. */
    @Test
    void snapKeepsWhatUnitsReach() {
        SequenceBatch batch = LearnerCase.numbers(LearnerCase.T, 2, 6);
        try (Network clockwork = LearnerCase.build(Network.builder(2).layer(Clockwork.of(H, 4)), Backend.REFERENCE);
                Network sparse = LearnerCase.build(
                        Network.builder(2).layer(Reservoir.of(H).fanIn(2)), Backend.REFERENCE)) {
            check(Rtrl.snap(2), clockwork, batch);
            check(Rtrl.snap(H), sparse, batch);
            double[] exact = LearnerCase.by(Rtrl.exact(), sparse, batch);
            double one = LearnerCase.difference(exact, LearnerCase.by(Rtrl.snap(1), sparse, batch));
            double two = LearnerCase.difference(exact, LearnerCase.by(Rtrl.snap(2), sparse, batch));
            assertTrue(TOLERANCE < two && two < one, two + " with two steps, " + one + " with one");
        }
    }

    @ParameterizedTest
    @EnumSource
    void singlePrecisionIsAsGoodAsThat(Backend backend) {
        Available.assume(backend);
        for (Layer layer : List.of(Layer.of(Lstm.of(6)), Layer.of(Cells.parse("gru:reset=before", 6)),
                Layer.of(IndRnn.of(6)), Layer.of(Gru.of(6)).dropout(0.3).recurrentDropout(0.3).zoneout(0.2))) {
            try (Network network = Network.builder(2).layer(layer).layer(Elman.of(5)).classes(LearnerCase.CLASSES)
                    .backend(backend).threads(1).seed(5).quiet().build()) {
                SequenceBatch batch = LearnerCase.ragged(LearnerCase.numbers(LearnerCase.T, 2, 1));
                double[] expected = LearnerCase.bptt(network, batch);
                assertTrue(LearnerCase.difference(expected, LearnerCase.by(Rtrl.exact(), network, batch)) < 1e-5);
                assertTrue(LearnerCase.difference(
                        expected, LearnerCase.by(TruncatedBptt.lookBack(10), network, batch)) < 1e-5);
            }
        }
    }

    @Test
    void snapOfOneStepIsExactWhereUnitsSeeTheirOwnPastAlone() {
        for (String variant : List.of("indrnn", "mingru", "minlstm")) {
            try (Network network = LearnerCase.build(Network.builder(2)
                    .layer(Layer.of(Cells.parse(variant, 5)).learnedInitialState()), Backend.REFERENCE)) {
                check(Rtrl.snap(1), network, LearnerCase.ragged(LearnerCase.numbers(LearnerCase.T, 2, 7)));
            }
        }
    }

    @Test
    void whatCannotBeLearnedSoIsRefusedWithTheReason() {
        refused("bidirectional", Rtrl.exact(), Network.builder(2).layer(Layer.of(Elman.of(3)).bidirectional()));
        refused("bidirectional", TruncatedBptt.lookBack(9),
                Network.builder(2).layer(Layer.of(Elman.of(3)).bidirectional()));
        refused("mix within a step", Rtrl.snap(1), Network.builder(2).layer(Cells.parse("gru:reset=before", 3)));
        refused("mix within a step", Rtrl.rflo(), Network.builder(2).layer(Cells.parse("lstm:projection=2", 3)));
        refused("one layer", Rtrl.kroneckerFactored(1), Network.builder(2).layer(Elman.of(3)).layer(Elman.of(3)));
        refused("read the same", Rtrl.kroneckerFactored(1), Network.builder(2).layer(Gru.of(3)));
    }

    private static void refused(String reason, Learner learner, Network.Builder builder) {
        try (Network network = LearnerCase.build(builder, Backend.REFERENCE); var pass = network.pass(3, 1)) {
            Trainer trainer = Trainer.builder(network).learner(learner).build();
            var batch = SequenceBatch.of(new double[6], 3, 1, 2).targets(new int[3]);
            String message = assertThrows(IllegalArgumentException.class, () -> trainer.step(pass, batch)).getMessage();
            assertTrue(message.contains(reason), message);
        }
    }

    @Test
    void moreMemoryThanTheMachineHasIsRefusedBeforeItIsTaken() {
        try (Network network = Network.builder(1).layer(Elman.of(1000)).classes(2).backend(Backend.REFERENCE).quiet()
                .build(); var pass = network.pass(1, 1000)) {
            Trainer trainer = Trainer.builder(network).learner(Rtrl.exact()).build();
            var batch = SequenceBatch.of(new double[1000], 1, 1000, 1).targets(new int[1000]);
            String message = assertThrows(OutOfMemoryError.class, () -> trainer.step(pass, batch)).getMessage();
            assertTrue(message.startsWith("influence of exact RTRL: needs "), message);
        }
    }
}
