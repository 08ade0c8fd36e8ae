package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Metrics against what a loop over the outputs of each sequence by itself gives, without batches and losses. */
class MetricsTest {
    private static final int V = 5;
    private static final int[] BATCH_SIZES = {1, 3, 32, 500};

    /** In float64, sums in another order differ by some 1e-16 per term; there are some 1000 terms. */
    private static final double ROUNDING = 1e-12;

    private static Network.Builder builder() {
        return Network.oneHot(V).layer(Lstm.of(6)).backend(Backend.REFERENCE).precision(Precision.FLOAT64).seed(8);
    }

    /** {@code count} sequences of 0 to 12 tokens. */
    private static List<Sequence> tokens(int count) {
        var random = new SeededRandom(21);
        return IntStream.range(0, count)
                .mapToObj(i -> Sequence.tokens(random.ints(i % 13, 0, V).toArray()))
                .toList();
    }

    /** The outputs of {@code network} at each step of one sequence, or at its last: a batch of its own. */
    private static double[][] outputs(Network network, Sequence sequence) {
        int length = Math.max(1, sequence.length());
        boolean lastStep = network.description().head().lastStep();
        var ids = new int[length];
        for (int t = 0; t < sequence.length(); t++) {
            ids[t] = sequence.token(t);
        }
        var outputs = new double[lastStep ? 1 : sequence.length()][network.outputSize()];
        try (var pass = network.inference(length, 1)) {
            pass.forward(SequenceBatch.tokens(ids, length, 1).lengths(new int[] {sequence.length()}));
            for (int n = 0; n < outputs.length; n++) {
                Precision.FLOAT64.read(pass.outputs(), (long) n * network.outputSize(), outputs[n], outputs[n].length);
            }
        }
        return outputs;
    }

    private static double nats(double[] outputs, int target) {
        double sum = 0;
        for (double output : outputs) {
            sum += Math.exp(output);
        }
        return Math.log(sum) - outputs[target];
    }

    private static int greatest(double[] outputs) {
        return IntStream.range(0, outputs.length).reduce((a, b) -> outputs[b] > outputs[a] ? b : a).orElseThrow();
    }

    @Test
    void classesPerStep() {
        var random = new SeededRandom(3);
        List<Sequence> data = tokens(70).stream()
                .map(sequence -> sequence.stepLabels(random.ints(sequence.length(), -1, 4).toArray()))
                .toList();
        double[] weights = {1, 0.5, 3, 2};
        try (Network plain = builder().classes(4).build();
                Network weighted = builder().classes(4)
                        .loss(Loss.softmaxCrossEntropy().classWeights(weights)).build()) {
            double sum = 0;
            double weightedSum = 0;
            double weight = 0;
            var confusion = new long[4][4];
            for (Sequence sequence : data) {
                double[][] outputs = outputs(plain, sequence);
                for (int t = 0; t < sequence.length(); t++) {
                    int target = sequence.classOf(t);
                    if (target >= 0) {
                        confusion[target][greatest(outputs[t])]++;
                        sum += nats(outputs[t], target);
                        weightedSum += weights[target] * nats(outputs[t], target);
                        weight += weights[target];
                    }
                }
            }
            long right = IntStream.range(0, 4).mapToLong(c -> confusion[c][c]).sum();
            long counted = IntStream.range(0, 16).mapToLong(i -> confusion[i / 4][i % 4]).sum();
            for (int batchSize : BATCH_SIZES) {
                Metrics metrics = plain.evaluate(Dataset.sequences(data), batchSize);
                assertEquals(sum / counted, metrics.loss(), ROUNDING);
                assertEquals(Math.exp(sum / counted), metrics.perplexity(), 5 * ROUNDING);
                assertEquals(counted, metrics.counted());
                assertEquals((double) right / counted, metrics.accuracy());
                for (int i = 0; i < 16; i++) {
                    assertEquals(confusion[i / 4][i % 4], metrics.confusionMatrix().count(i / 4, i % 4));
                }
                Metrics ofWeighted = weighted.evaluate(Dataset.sequences(data).bucketed().shuffle(1), batchSize);
                assertEquals(weightedSum / weight, ofWeighted.loss(), ROUNDING);
                assertEquals((double) right / counted, ofWeighted.accuracy());
                assertMissing("perplexity: expected a network with the loss softmaxCrossEntropy without class weights",
                        ofWeighted::perplexity);
            }
        }
    }

    @Test
    void labelsPerSequence() {
        var random = new SeededRandom(3);
        var labels = new ArrayList<float[]>();
        var known = new ArrayList<boolean[]>();
        var data = new ArrayList<Sequence>();
        for (Sequence sequence : tokens(70)) {
            labels.add(new float[] {random.nextInt(2), random.nextInt(2), random.nextFloat()});
            known.add(new boolean[] {random.nextBoolean(), random.nextBoolean(), random.nextBoolean()});
            data.add(sequence.values(labels.getLast()).counting(new boolean[][] {known.getLast()}));
        }
        try (Network network = builder().lastStep().outputs(3).loss(Loss.sigmoidCrossEntropy()).build()) {
            double sum = 0;
            int numbers = 0;
            int right = 0;
            int positions = 0;
            int exact = 0;
            for (int i = 0; i < data.size(); i++) {
                double[] outputs = outputs(network, data.get(i))[0];
                int wrong = 0;
                int count = 0;
                for (int o = 0; o < 3; o++) {
                    if (known.get(i)[o]) {
                        double share = 1 / (1 + Math.exp(-outputs[o]));
                        double y = labels.get(i)[o];
                        sum -= y * Math.log(share) + (1 - y) * Math.log(1 - share);
                        count++;
                        wrong += share > 0.5 == y >= 0.5 ? 0 : 1;
                    }
                }
                numbers += count;
                right += count - wrong;
                positions += count > 0 ? 1 : 0;
                exact += count > 0 && wrong == 0 ? 1 : 0;
            }
            for (int batchSize : BATCH_SIZES) {
                Metrics metrics = network.evaluate(Dataset.sequences(data), batchSize);
                assertEquals(sum / numbers, metrics.loss(), ROUNDING);
                assertEquals((double) right / numbers, metrics.accuracy());
                assertEquals((double) exact / positions, metrics.exactMatch());
                assertEquals(positions, metrics.counted());
                assertMissing("confusionMatrix: expected a network with the loss softmaxCrossEntropy",
                        metrics::confusionMatrix);
                assertMissing("meanSquaredError: expected a network with the loss", metrics::meanSquaredError);
            }
        }
    }

    @Test
    void numbersPerStep() {
        var random = new SeededRandom(3);
        double sum = 0;
        long numbers = 0;
        var data = new ArrayList<Sequence>();
        try (Network network = builder().outputs(2).loss(Loss.meanSquaredError()).build()) {
            for (Sequence sequence : tokens(70)) {
                var wanted = new float[sequence.length()][2];
                double[][] outputs = outputs(network, sequence);
                for (int i = 0; i < 2 * wanted.length; i++) {
                    wanted[i / 2][i % 2] = random.nextFloat();
                    sum += Math.pow(outputs[i / 2][i % 2] - wanted[i / 2][i % 2], 2);
                    numbers++;
                }
                data.add(sequence.stepValues(wanted));
            }
            for (int batchSize : BATCH_SIZES) {
                Metrics metrics = network.evaluate(Dataset.stream(data::stream), batchSize);
                assertEquals(sum / numbers, metrics.meanSquaredError(), ROUNDING);
                assertEquals(metrics.loss(), metrics.meanSquaredError());
                assertEquals(numbers / 2, metrics.counted());
                assertMissing("accuracy: expected a network with the loss softmaxCrossEntropy or sigmoidCrossEntropy,"
                        + " got MeanSquaredError[]", metrics::accuracy);
                assertMissing("exactMatch: expected", metrics::exactMatch);
                assertMissing("perplexity: expected", metrics::perplexity);
            }
        }
    }

    @Test
    void theConfusionMatrixIsATable() {
        var matrix = new ConfusionMatrix(new long[][] {{12, 0, 3}, {1, 200, 0}, {0, 0, 0}});
        assertEquals("""
                actual | predicted
                       |    0    1    2
                     0 |   12    0    3
                     1 |    1  200    0
                     2 |    0    0    0""", matrix.toString());
        assertEquals(12.0 / 15, matrix.recall(0));
        assertEquals(12.0 / 13, matrix.precision(0));
        assertEquals(Double.NaN, matrix.recall(2));
        assertEquals(3, matrix.classes());
        assertEquals("actual: expected 0 to 2, got 3",
                assertThrows(IllegalArgumentException.class, () -> matrix.recall(3)).getMessage());
        assertEquals("predicted: expected 0 to 2, got -1",
                assertThrows(IllegalArgumentException.class, () -> matrix.count(0, -1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> matrix.precision(3));
    }

    /** Steps of one number each, the one at step {@code at} being {@code bad}. */
    private static float[][] numbers(int length, int at, float bad) {
        var rows = new float[length][1];
        for (int t = 0; t < length; t++) {
            rows[t][0] = t == at ? bad : 0.1f * t;
        }
        return rows;
    }

    @Test
    void aLossThatIsNoNumberSaysWhereItBegan() {
        int bad = 7;
        for (int batchSize : BATCH_SIZES) {
            Dataset classes = Dataset.sequences(IntStream.range(0, 10)
                    .mapToObj(i -> Sequence.of(numbers(i + 2, i == bad ? 3 : -1, Float.NaN)).label(1)).toList());
            Dataset targets = Dataset.sequences(IntStream.range(0, 10)
                    .mapToObj(i -> Sequence.of(numbers(i + 2, -1, 0))
                            .stepValues(numbers(i + 2, i == bad ? 5 : -1, Float.NaN))).toList());
            try (Network last = Network.builder(1).layer(Lstm.of(3)).lastStep().classes(2).threads(1).build();
                    Network each = Network.builder(1).layer(Lstm.of(3)).outputs(1).threads(1)
                            .loss(Loss.meanSquaredError()).build()) {
                assertNotFinite("NaN, at sequences[7]", last, classes, batchSize);
                assertNotFinite("NaN, at sequences[7]", last, classes.shuffle(1).bucketed(), batchSize);
                assertNotFinite("NaN, at step 5 of sequences[7]", each, targets, batchSize);
            }
        }
    }

    @Test
    void aLossWithoutEndIsRefusedToo() {
        Dataset data = Dataset.stream(() -> Stream.of(Sequence.of(numbers(3, -1, 0)).label(0)));
        try (Network network = Network.builder(1).layer(Lstm.of(3)).lastStep().classes(2).build()) {
            Precision.FLOAT32.set(network.parameters().view("head.bias"), 1, Double.POSITIVE_INFINITY);
            network.parameters().changed();
            assertNotFinite("NaN, at a sequence of the stream", network, data, 1);
        }
        try (Network network = builder().outputs(1).loss(Loss.meanSquaredError()).build()) {
            Precision.FLOAT64.set(network.parameters().view("head.bias"), 0, 1e200); // finite, its square is not
            network.parameters().changed();
            Dataset zero = Dataset.tokens(List.of(new int[] {1})).stepValues(List.<float[][]>of(new float[1][1]));
            assertNotFinite("Infinity", network, zero, 1);
        }
    }

    private static void assertNotFinite(String got, Network network, Dataset data, int batchSize) {
        assertEquals("loss: expected a finite number, got " + got,
                assertThrows(ArithmeticException.class, () -> network.evaluate(data, batchSize)).getMessage());
    }

    /** What does not count may be anything. */
    @Test
    void targetsThatDoNotCountMayBeNaN() {
        Dataset data = Dataset.sequences(List.of(Sequence.of(new float[2][1])
                .stepValues(new float[][] {{1, Float.NaN}, {Float.NaN, 2}})
                .counting(new boolean[][] {{true, false}, {false, true}})));
        try (Network network = Network.builder(1).layer(Lstm.of(3)).outputs(2).loss(Loss.meanSquaredError()).build()) {
            assertTrue(Double.isFinite(network.evaluate(data).loss()));
        }
    }

    @Test
    void manyClassesHaveNoConfusionMatrix() {
        Dataset data = Dataset.tokens(List.of(new int[] {1, 2}), new int[] {1});
        try (Network network = builder().lastStep().classes(Metrics.CONFUSION_CLASSES + 1).build()) {
            Metrics metrics = network.evaluate(data);
            assertMissing("confusionMatrix: expected at most 1000 classes", metrics::confusionMatrix);
            assertTrue(metrics.toString().matches("loss 6\\.\\d+, accuracy [\\d.]+ %, 1 counted"), metrics.toString());
        }
    }

    @Test
    void nothingToCompareWithIsAnError() {
        Dataset ignored = Dataset.tokens(List.of(new int[] {1, 2}), new int[] {SequenceBatch.IGNORED});
        Network network = builder().lastStep().classes(3).build();
        try (Network bare = builder().outputs(3).build()) {
            assertEquals("data set: expected at least one target that counts, got none",
                    assertThrows(IllegalArgumentException.class, () -> network.evaluate(ignored)).getMessage());
            assertEquals("network: expected one with a loss, got one without",
                    assertThrows(IllegalArgumentException.class, () -> bare.evaluate(ignored)).getMessage());
            assertThrows(IllegalArgumentException.class, () -> network.evaluate(ignored, 0));
        }
        network.close();
        assertThrows(IllegalStateException.class, () -> network.evaluate(ignored));
    }

    private static void assertMissing(String message, Runnable call) {
        String got = assertThrows(UnsupportedOperationException.class, call::run).getMessage();
        assertEquals(message, got.substring(0, Math.min(message.length(), got.length())));
    }
}
