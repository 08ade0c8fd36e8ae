package dev.rondo.reservoir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.memory.Precision;
import dev.rondo.network.Dataset;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Sequence;
import dev.rondo.network.SequenceBatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The dense head of any network, by regression. */
class RidgeTest {
    private static final int I = 2;

    private final SeededRandom random = new SeededRandom(5);

    private float[][] rows(int count, int width) {
        var rows = new float[count][width];
        for (float[] row : rows) {
            for (int i = 0; i < width; i++) {
                row[i] = (float) random.nextDouble(-1, 1);
            }
        }
        return rows;
    }

    /** {@return what the layers of a network put out, which a network without a head of the same seed says} */
    private static List<float[][]> states(Network.Builder builder, List<float[][]> sequences) {
        try (var headless = builder.noHead().loss(null).build()) {
            return headless.predict(Dataset.of(sequences));
        }
    }

    private static double[] features(float[] state, float[] input, int width) {
        var features = new double[width];
        for (int j = 0; j < width; j++) {
            features[j] = j < state.length ? state[j] : input[j - state.length];
        }
        return features;
    }

    private static Network.Builder stack(boolean bothDirections) {
        Layer top = Layer.of(Elman.of(bothDirections ? 3 : 6));
        return Network.builder(I).layer(Gru.of(5)).layer(bothDirections ? top.bidirectional() : top)
                .backend(Backend.REFERENCE).precision(Precision.FLOAT64).seed(3).quiet();
    }

    /** Sequences of several lengths, one shorter than the washout, one empty; two outputs, and a skip. */
    @Test
    void eachStepBehindTheWashoutIsARowOfTheRegression() {
        checkRows(true, 40, 3, 0, 17);
    }

    /** As many steps as are run at once, one more, twice as many and three; forwards alone can be run in pieces. */
    @Test
    void longSequencesAreRunInPieces() {
        checkRows(false, 256, 257, 0, 515, 2);
    }

    private void checkRows(boolean bothDirections, int... lengths) {
        List<float[][]> inputs = new ArrayList<>();
        List<float[][]> targets = new ArrayList<>();
        for (int length : lengths) {
            inputs.add(rows(length, I));
            targets.add(rows(length, 2));
        }
        List<float[][]> states = states(stack(bothDirections), inputs);
        try (var network = stack(bothDirections).outputs(2).skip().loss(Loss.meanSquaredError()).build();
                var regression = RidgeRegression.of(6 + I, 2)) {
            for (int n = 0; n < inputs.size(); n++) {
                for (int t = 4; t < inputs.get(n).length; t++) {
                    regression.add(features(states.get(n)[t], inputs.get(n)[t], 6 + I),
                            new double[] {targets.get(n)[t][0], targets.get(n)[t][1]});
                }
            }
            LinearReadout expected = regression.solve(1e-2);
            LinearReadout found =
                    Ridge.of(1e-2).washout(4).fit(network, Dataset.of(inputs).stepValues(targets));
            assertArrayEquals(expected.weights(), found.weights(), 1e-5); // predict rounds states to float32
            assertArrayEquals(expected.bias(), found.bias(), 1e-5);
            float[][] outputs = network.predict(Dataset.of(inputs)).getFirst();
            var y = new double[2];
            found.apply(features(states.getFirst()[7], inputs.getFirst()[7], 6 + I), y);
            assertEquals(y[0], outputs[7][0], 1e-5);
            assertEquals(y[1], outputs[7][1], 1e-5);
        }
    }

    /** Those that do not count have no part: the same data without them give the same head. */
    @Test
    void whatDoesNotCountIsLeftOut() {
        float[][] x = rows(30, I);
        float[][] y = rows(30, 1);
        var marks = new boolean[30][1];
        var labels = new int[30];
        for (int t = 0; t < 30; t++) {
            marks[t][0] = t % 3 != 0;
            labels[t] = t % 3 == 0 ? SequenceBatch.IGNORED : t % 3 == 1 ? 0 : 1;
        }
        float[][] other = y.clone();
        for (int t = 0; t < 30; t += 3) {
            other[t] = new float[] {100};
        }
        double[] first = numbers(Sequence.of(x).stepValues(y).counting(marks));
        assertArrayEquals(first, numbers(Sequence.of(x).stepValues(other).counting(marks)));
        assertTrue(Math.abs(first[0] - numbers(Sequence.of(x).stepValues(other))[0]) > 1e-3);
        try (var network = Network.builder(I).layer(Elman.of(4)).classes(2).seed(1).quiet().build()) {
            Ridge.of(1e-9).fit(network, Dataset.sequences(List.of(Sequence.of(x).stepLabels(labels))));
        }
    }

    private static double[] numbers(Sequence sequence) {
        try (var network = Network.builder(I).layer(Elman.of(4)).outputs(1).loss(Loss.meanSquaredError()).seed(1)
                .quiet().build()) {
            return Ridge.of(1e-3).fit(network, Dataset.sequences(List.of(sequence))).weights();
        }
    }

    /** Which of two inputs had its pulse first, told from the state after the last step, among noise. */
    @Test
    void sequencesAreClassified() {
        try (var network = Network.builder(I).layer(Elman.of(60)).lastStep().classes(2).seed(2).quiet().build()) {
            Ridge.of(1e-4).washout(1000).fit(network, pulses(200)); // of one row each, none can be left out
            double accuracy = network.evaluate(pulses(200)).accuracy();
            assertTrue(accuracy > 0.95, "accuracy " + accuracy);
        }
    }

    private Dataset pulses(int count) {
        var sequences = new ArrayList<float[][]>();
        var labels = new int[count];
        for (int n = 0; n < count; n++) {
            labels[n] = n % 2;
            var sequence = new float[8 + n % 2][I];
            for (float[] step : sequence) {
                step[0] = (float) (0.1 * random.nextGaussian());
                step[1] = (float) (0.1 * random.nextGaussian());
            }
            sequence[2][labels[n]] += 1;
            sequence[5][1 - labels[n]] += 1;
            sequences.add(sequence);
        }
        return Dataset.of(sequences, labels);
    }

    /** Targets 0 and 1, of which one in ten is 1: as they are, 0 is too low a bar, and most outputs are above it. */
    @Test
    void targetsOfTheSigmoidCountMinus1And1() {
        float[][] x = rows(300, I);
        var y = new float[300][2];
        var sides = new float[300][2];
        for (int t = 1; t < 300; t++) {
            y[t] = new float[] {x[t - 1][0] > 0.8f ? 1 : 0, 0.5f * (1 + x[t][1])};
            sides[t] = new float[] {2 * y[t][0] - 1, 2 * y[t][1] - 1};
        }
        sides[0] = new float[] {-1, -1};
        Network.Builder binary = stack(true).outputs(2).skip().loss(Loss.sigmoidCrossEntropy());
        Network.Builder plain = stack(true).outputs(2).skip().loss(Loss.meanSquaredError());
        try (var signs = binary.build(); var values = plain.build()) {
            LinearReadout found = Ridge.of(1e-3).fit(signs, dataset(x, y));
            LinearReadout expected = Ridge.of(1e-3).fit(values, dataset(x, sides));
            assertArrayEquals(expected.weights(), found.weights(), 1e-6); // 2 y - 1 is rounded to float32 for one
            assertArrayEquals(expected.bias(), found.bias(), 1e-6);
            int positive = 0;
            for (float[] output : signs.predict(dataset(x, y)).getFirst()) {
                positive += output[0] > 0 ? 1 : 0;
            }
            assertTrue(positive < 60, positive + " of 300 above 0, where 30 are");
        }
    }

    private static Dataset dataset(float[][] x, float[][] y) {
        return Dataset.of(List.<float[][]>of(x)).stepValues(List.<float[][]>of(y));
    }

    @Test
    void whatCannotBeFitIsRefused() {
        Dataset data = Dataset.of(List.<float[][]>of(rows(9, I))).stepValues(List.<float[][]>of(rows(9, 1)));
        try (var headless = Network.builder(I).layer(Elman.of(2)).noHead().quiet().build();
                var lossless = Network.builder(I).layer(Elman.of(2)).outputs(1).quiet().build();
                var network = Network.builder(I).layer(Elman.of(2)).outputs(1).loss(Loss.meanSquaredError()).quiet()
                        .build()) {
            assertEquals("network: expected one with a dense head and a loss, got no dense head",
                    assertThrows(IllegalArgumentException.class, () -> Ridge.of(1).fit(headless, data)).getMessage());
            assertEquals("network: expected one with a dense head and a loss, got no loss",
                    assertThrows(IllegalArgumentException.class, () -> Ridge.of(1).fit(lossless, data)).getMessage());
            assertEquals("data: expected sequences with targets, got none", assertThrows(
                    IllegalArgumentException.class,
                    () -> Ridge.of(1).fit(network, Dataset.of(List.<float[][]>of(rows(9, I))))).getMessage());
            assertEquals("rows: expected at least one, got none", assertThrows(IllegalArgumentException.class,
                    () -> Ridge.of(1).washout(9).fit(network, data)).getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> Ridge.of(-1));
        assertThrows(IllegalArgumentException.class, () -> Ridge.of(1).washout(-1));
    }
}
