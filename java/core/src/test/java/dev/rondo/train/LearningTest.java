package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Dataset;
import dev.rondo.network.Loss;
import dev.rondo.network.Metrics;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** From ragged data to a network that has learned it, as a user would: tasks that cannot be solved without memory. */
class LearningTest {
    private static final int LONGEST = 30;

    private static Stream<Arguments> gatedCells() {
        return Stream.of(arguments(Lstm.of(24), Backends.best()), arguments(Gru.of(12), Backend.REFERENCE));
    }

    /**
     * Among noise there is one mark of kind 0 and one of kind 1: which came first? The last step does not tell, and the
     * marks are up to 28 steps away from it.
     */
    private static Dataset whichCameFirst(int count, long seed) {
        var random = new SeededRandom(seed);
        var sequences = new ArrayList<float[][]>();
        var labels = new int[count];
        for (int i = 0; i < count; i++) {
            int length = 3 + random.nextInt(LONGEST - 2);
            int zero = random.nextInt(length);
            int one = (zero + 1 + random.nextInt(length - 1)) % length;
            var rows = new float[length][3];
            for (float[] row : rows) {
                row[0] = random.nextFloat() - 0.5f;
            }
            rows[zero][1] = 1;
            rows[one][2] = 1;
            labels[i] = zero < one ? 0 : 1;
            sequences.add(rows);
        }
        return Dataset.of(sequences, labels);
    }

    @ParameterizedTest
    @MethodSource("gatedCells")
    void whichOfTwoMarksCameFirst(Cell cell, Backend backend) {
        Dataset.Split split = whichCameFirst(1500, 1).split(0.2, 7);
        try (Network network = Network.builder(3).layer(cell).lastStep().classes(2)
                .backend(backend).threads(1).seed(1).build()) {
            Trainer trainer = Trainer.builder(network)
                    .optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).batchSize(25).build();
            FitResult result = trainer.fit(split.training().shuffle(1).bucketed(), split.validation(),
                    Epochs.of(12).patience(5).keepBest());
            Metrics heldOut = network.evaluate(whichCameFirst(500, 2));
            assertTrue(heldOut.accuracy() > 0.95, heldOut + "\n" + heldOut.confusionMatrix() + "\n" + result.history());
            assertTrue(heldOut.confusionMatrix().recall(0) > 0.9 && heldOut.confusionMatrix().recall(1) > 0.9);
        }
    }

    /** Which of four symbols occurred, however often and wherever: any number of labels at once. */
    private static Dataset whichOccurred(int count, long seed) {
        var random = new SeededRandom(seed);
        var sequences = new ArrayList<int[]>();
        var labels = new float[count][4];
        for (int i = 0; i < count; i++) {
            int allowed = random.nextInt(16);
            int[] ids = random.ints(2 + random.nextInt(15), 0, 8)
                    .map(id -> id < 4 && (allowed >> id & 1) == 0 ? 4 + id : id)
                    .toArray();
            for (int id : ids) {
                if (id < 4) {
                    labels[i][id] = 1;
                }
            }
            sequences.add(ids);
        }
        return Dataset.tokens(sequences).values(labels);
    }

    @Test
    void whichSymbolsOccurred() {
        try (Network network = Network.oneHot(8).layer(Lstm.of(16)).lastStep().outputs(4)
                .loss(Loss.sigmoidCrossEntropy()).threads(1).seed(2).build()) {
            Trainer trainer = Trainer.builder(network).optimizer(Adam.of(1e-2)).batchSize(20).build();
            trainer.fit(whichOccurred(800, 1).shuffle(3).bucketed(), Epochs.of(20));
            Metrics heldOut = network.evaluate(whichOccurred(300, 2));
            assertTrue(heldOut.accuracy() > 0.95 && heldOut.exactMatch() > 0.9,
                    heldOut + ", all labels " + heldOut.exactMatch());
        }
    }

    /** The sum so far of numbers from -0.2 to 0.2, at each step. */
    private static Dataset sums(int count, long seed) {
        var random = new SeededRandom(seed);
        var sequences = new ArrayList<float[][]>();
        List<float[][]> sums = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            var rows = new float[1 + random.nextInt(20)][1];
            var sum = new float[rows.length][1];
            for (int t = 0; t < rows.length; t++) {
                rows[t][0] = 0.4f * random.nextFloat() - 0.2f;
                sum[t][0] = rows[t][0] + (t == 0 ? 0 : sum[t - 1][0]);
            }
            sequences.add(rows);
            sums.add(sum);
        }
        return Dataset.of(sequences).stepValues(sums);
    }

    /** The variance of the sums is 0.14: what a network without memory would be off by, squared. */
    @Test
    void theSumOfTheInputs() {
        try (Network network = Network.builder(1).layer(Lstm.of(16)).outputs(1).loss(Loss.meanSquaredError())
                .threads(1).seed(3).build()) {
            Trainer trainer = Trainer.builder(network)
                    .optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).batchSize(20).build();
            trainer.fit(sums(400, 1).shuffle(3).bucketed(), Epochs.of(40));
            Metrics heldOut = network.evaluate(sums(200, 2));
            assertTrue(heldOut.meanSquaredError() < 1e-3, heldOut.toString());
        }
    }
}
