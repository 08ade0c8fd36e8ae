package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GradientFlowTest {
    /** float64 sums of a few terms in another order. */
    private static final double ROUNDING = 1e-12;

    private static Network.Builder network(int inputSize, Cell... layers) {
        Network.Builder builder = Network.builder(inputSize).precision(Precision.FLOAT64).seed(3);
        for (Cell cell : layers) {
            builder.layer(cell);
        }
        return builder;
    }

    private static double[] numbers(int count, long seed) {
        return new Random(seed).doubles(count, -1, 1).toArray();
    }

    private static void set(Network network, String tensor, double value) {
        TensorLayout.Tensor of = network.parameters().layout().get(tensor);
        for (long i = 0; i < of.count(); i++) {
            network.precision().set(network.parameters().slab(), of.offset() + i, value);
        }
        network.parameters().changed();
    }

    /** A unit that adds up, with weight w on itself and a head of weight v: dL/dh of lag k is v w^k. */
    @Test
    void ofOneLinearUnitIsAPower() {
        double w = 0.8;
        try (Network network = network(1, Elman.relu(1)).outputs(1).build()) {
            set(network, "layer0.weightIh", 1);
            set(network, "layer0.weightHh", w);
            set(network, "head.weight", 2);
            var ones = new double[30];
            Arrays.fill(ones, 1); // never rectified
            GradientFlow flow = GradientFlow.of(network, SequenceBatch.of(ones, 30, 1, 1));
            double[] expected = IntStream.rangeClosed(1, 30).mapToDouble(lag -> 2 * Math.pow(w, lag)).toArray();
            assertArrayEquals(expected, flow.norms(0, 0), ROUNDING);
            assertArrayEquals(expected, flow.norms(0), ROUNDING);
            int reach = (int) Math.ceil(Math.log(GradientFlow.REACH) / Math.log(w)); // w^reach is the first below
            assertEquals(reach, flow.reach(0));
            assertEquals("gradient falls below 1 % after " + reach + " steps", flow.describe(0));
        }
    }

    /** By central differences of the loss at the end, over the state of each plane of each layer. */
    @Test
    void ofTheLossAtTheLastStepIsThatOfFiniteDifferences() {
        int T = 5;
        int B = 2;
        var values = numbers(T * B * 3, 1);
        var classes = new Random(2).ints(T * B, 0, 4).toArray();
        try (Network network = network(3, Lstm.of(3), Gru.of(2)).classes(4).build();
                var pass = network.pass(T, B).carryState(true)) {
            GradientFlow flow = GradientFlow.of(network, SequenceBatch.of(values, T, B, 3).targets(classes));
            for (int lag = 1; lag <= T; lag++) {
                int start = T - lag;
                for (int layer = 0; layer < 2; layer++) {
                    for (int plane = 0; plane < 2 - layer; plane++) {
                        double sum = 0;
                        int width = 3 - layer;
                        for (int i = 0; i < B * width; i++) {
                            double derivative = 0;
                            for (int sign = -1; sign <= 1; sign += 2) {
                                pass.resetState();
                                if (start > 0) {
                                    pass.forward(SequenceBatch.of(
                                            Arrays.copyOf(values, start * B * 3), start, B, 3));
                                }
                                var state = pass.state(layer, plane);
                                double h = Precision.FLOAT64.get(state, i);
                                Precision.FLOAT64.set(state, i, h + sign * 1e-5);
                                pass.forward(SequenceBatch.of(
                                        Arrays.copyOfRange(values, start * B * 3, T * B * 3), lag, B, 3));
                                derivative += sign * lossAtTheEnd(pass.outputs(), lag, B, classes) / 2e-5;
                            }
                            sum += derivative * derivative;
                        }
                        // Differences over 1e-5 leave some 1e-10 of a loss of order one.
                        assertEquals(Math.sqrt(sum / B), flow.norms(layer, plane)[lag - 1], 1e-8,
                                "layer " + layer + ", plane " + plane + ", lag " + lag);
                    }
                }
            }
        }
    }

    /** Softmax and cross-entropy, summed over the sequences' last steps. */
    private static double lossAtTheEnd(MemorySegment outputs, int T, int B, int[] classes) {
        double loss = 0;
        for (int b = 0; b < B; b++) {
            double sum = 0;
            for (int c = 0; c < 4; c++) {
                sum += Math.exp(Precision.FLOAT64.get(outputs, ((T - 1) * B + b) * 4 + c));
            }
            int target = classes[classes.length - B + b];
            loss += Math.log(sum) - Precision.FLOAT64.get(outputs, ((T - 1) * B + b) * 4 + target);
        }
        return loss;
    }

    @Test
    void ofARaggedBatchIsTheMeanOfItsSequences() {
        int T = 6;
        int[] lengths = {6, 0, 4};
        var values = numbers(T * 3 * 2, 4);
        double[] targets = {0.5, 9, -0.5};
        try (Network network = network(2, Gru.of(3)).lastStep().outputs(1).loss(Loss.meanSquaredError()).build()) {
            double[] together = GradientFlow.of(
                    network, SequenceBatch.of(values, T, 3, 2).lengths(lengths).targets(targets, 1)).norms(0);
            double[] first = alone(network, values, 0, 6, targets[0]);
            double[] third = alone(network, values, 2, 4, targets[2]);
            for (int k = 0; k < 6; k++) {
                double mean = k < 4 ? (first[k] * first[k] + third[k] * third[k]) / 2 : first[k] * first[k];
                assertEquals(Math.sqrt(mean), together[k], ROUNDING, "lag " + (k + 1));
            }
        }
    }

    private static double[] alone(Network network, double[] values, int b, int length, double target) {
        var own = new double[length * 2];
        for (int t = 0; t < length; t++) {
            System.arraycopy(values, (t * 3 + b) * 2, own, t * 2, 2);
        }
        return GradientFlow.of(
                network, SequenceBatch.of(own, length, 1, 2).targets(new double[] {target}, 1)).norms(0);
    }

    @Test
    void countsAHeadThatReadsEachStepAtItsLastOneOnly() {
        var values = numbers(7 * 2, 5);
        double[] last;
        try (Network network = network(2, Lstm.of(4)).lastStep().classes(3).build()) {
            last = GradientFlow.of(network, SequenceBatch.of(values, 7, 1, 2).targets(new int[] {2})).norms(0);
        }
        try (Network network = network(2, Lstm.of(4)).classes(3).build()) {
            var each = SequenceBatch.of(values, 7, 1, 2).targets(new int[] {0, 1, 0, 1, 0, 1, 2});
            assertArrayEquals(last, GradientFlow.of(network, each).norms(0), ROUNDING);
            assertEquals(0, Arrays.stream(network.gradients().toArray(ValueLayout.JAVA_DOUBLE)).map(Math::abs).sum());
        }
    }

    @Test
    void saysWhatIsLeftWhereItDoesNotFall() {
        try (Network network = network(1, Elman.relu(1)).outputs(1).build()) {
            set(network, "layer0.weightIh", 1);
            set(network, "layer0.weightHh", 1);
            set(network, "head.weight", 1);
            GradientFlow flow = GradientFlow.of(network, SequenceBatch.of(new double[] {1, 1, 1}, 3, 1, 1));
            assertEquals("gradient is at 100 % after 3 steps", flow.describe(0));
            assertEquals(3, flow.reach(0));
            set(network, "head.weight", 0);
            flow = GradientFlow.of(network, SequenceBatch.of(new double[] {1, 1, 1}, 3, 1, 1));
            assertEquals("gradient is 0.0 at the last step already", flow.describe(0));
        }
    }

    @Test
    void refusesEmptySequences() {
        try (Network network = network(1, Gru.of(2)).outputs(1).build()) {
            var batch = SequenceBatch.of(new double[2], 2, 1, 1).lengths(new int[] {0});
            assertEquals("batch: expected a sequence of at least one step, got empty ones",
                    assertThrows(IllegalArgumentException.class, () -> GradientFlow.of(network, batch)).getMessage());
        }
    }
}
