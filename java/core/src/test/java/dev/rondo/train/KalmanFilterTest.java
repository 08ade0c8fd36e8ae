package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The filter's state: that it stays what it is, is written down and read again, and of whom. */
class KalmanFilterTest {
    @TempDir
    private Path directory;

    private static Network network(Backend backend) {
        return Network.builder(2).layer(Elman.of(4)).outputs(3).loss(Loss.meanSquaredError())
                .precision(Precision.FLOAT64).backend(backend).threads(1).quiet().build();
    }

    private static void randomRows(Innovation measured, MemorySegment row, Random random, int count) {
        measured.clear();
        for (int r = 0; r < count; r++) {
            for (long i = 0; i < row.byteSize() / Double.BYTES; i++) {
                Precision.FLOAT64.set(row, i, random.nextGaussian() * (i % 7 == 0 ? 1e-2 : 10)); // badly scaled
            }
            measured.add(row, Precision.FLOAT64, random.nextGaussian());
        }
    }

    /** Throws where a pivot is not positive. */
    private static void requireCovariance(double[] p, int size) {
        for (int j = 0; j < size; j++) {
            for (int i = j; i < size; i++) {
                for (int k = 0; k < j; k++) {
                    p[i * size + j] -= p[i * size + k] * p[j * size + k];
                }
                assertTrue(i > j || p[j * size + j] > 0, "pivot " + j);
                p[i * size + j] /= i == j ? 1 : Math.sqrt(p[j * size + j]);
            }
            p[j * size + j] = Math.sqrt(p[j * size + j]);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "0.99, 1e-4"})
    void theCovarianceStaysOneFor10000Updates(double forgetting, double processNoise) {
        try (Network network = network(Backend.REFERENCE); var memory = new Workspace("test")) {
            int size = (int) network.parameters().count();
            Ekf ekf = Ekf.global().initialVariance(1e4).processNoise(processNoise).forgetting(forgetting);
            var filter = (KalmanFilter) new KalmanFilter.Rule(ekf, network).start(network.parameters());
            Innovation measured = filter.innovation(3, memory);
            MemorySegment row = memory.allocate(Precision.FLOAT64, size);
            var random = new Random(1);
            for (int update = 1; update <= 10_000; update++) {
                randomRows(measured, row, random, 1 + update % 3);
                filter.update(measured);
                if (update % 1000 == 0) {
                    requireCovariance(EkfTest.covariance(filter), size);
                }
            }
        }
    }

    @Test
    void aCovarianceThatIsNoneIsRefusedBeforeAnythingChanges() {
        try (Network network = network(Backend.REFERENCE); var memory = new Workspace("test")) {
            var filter = (KalmanFilter) new KalmanFilter.Rule(Ekf.global(), network).start(network.parameters());
            MemorySegment covariance = filter.slabs().get("ekf.covariance");
            for (long i = 0; i < covariance.byteSize() / Double.BYTES; i++) {
                Precision.FLOAT64.set(covariance, i, -Precision.FLOAT64.get(covariance, i));
            }
            Innovation measured = filter.innovation(1, memory);
            randomRows(measured, memory.allocate(Precision.FLOAT64, network.parameters().count()), new Random(2), 1);
            double[] before = EkfTest.weights(network);
            String message = assertThrows(ArithmeticException.class, () -> filter.update(measured)).getMessage();
            assertTrue(message.contains("positive definite"), message);
            assertArrayEquals(before, EkfTest.weights(network));
        }
    }

    private static SequenceBatch batch(long seed) {
        var random = new SeededRandom(seed);
        return SequenceBatch.tokens(random.ints(8, 0, 5).toArray(), 4, 2)
                .targets(random.ints(8, 0, 3).toArray());
    }

    private static void train(Trainer trainer, int first, int count) {
        try (var pass = trainer.network().pass(4, 2)) {
            for (int step = first; step < first + count; step++) {
                trainer.step(pass, batch(step));
            }
        }
    }

    private static Network tokens(Precision precision) {
        return Network.oneHot(5).layer(Lstm.of(3)).classes(3).precision(precision).backend(Backend.REFERENCE).seed(1)
                .quiet().build();
    }

    private static Trainer trainer(Network network, ParameterGroups groups) {
        return Trainer.builder(network).learner(Ekf.decoupled(groups).measurementNoise(4, 1, 40).forgetting(0.999))
                .build();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aTrainingGoesOnBitForBit(Precision precision) throws IOException {
        Path file = directory.resolve("half.rondo");
        try (Network network = tokens(precision)) {
            Trainer whole = trainer(network, ParameterGroups.perUnit());
            train(whole, 0, 4);
            Checkpoint.builder().add(network::write).add(whole::write).write(file);
            train(whole, 4, 4);
            Checkpoint checkpoint = Checkpoint.read(file);
            try (Network restored = Network.read(checkpoint, options -> options.backend(Backend.REFERENCE)
                    .precision(precision).quiet())) {
                Trainer rest = trainer(restored, ParameterGroups.perUnit());
                rest.restore(checkpoint);
                assertEquals(4, rest.steps());
                train(rest, 4, 4);
                assertArrayEquals(EkfTest.weights(network), EkfTest.weights(restored));
                assertArrayEquals(EkfTest.covariance(whole), EkfTest.covariance(rest));

                for (Trainer other : List.of(trainer(restored, ParameterGroups.perGateRow()),
                        Trainer.builder(restored).build())) {
                    assertThrows(CheckpointException.class, () -> other.restore(checkpoint));
                }
            }
        }
    }

    /** In float32 weights are rounded after each update, and no more. */
    @Test
    void ofAFloat32NetworkTheCovarianceIsFloat64() {
        try (Network single = tokens(Precision.FLOAT32); Network whole = tokens(Precision.FLOAT64)) {
            Trainer one = trainer(single, StandardGroups.GLOBAL);
            Trainer other = trainer(whole, StandardGroups.GLOBAL);
            train(one, 0, 3);
            train(other, 0, 3);
            assertTrue(LearnerCase.difference(EkfTest.weights(whole), EkfTest.weights(single)) < 1e-4);
            assertTrue(LearnerCase.difference(EkfTest.covariance(other), EkfTest.covariance(one)) < 1e-4);
        }
    }

    /** Steps of a stream, one by one or four at once, with an update at each: states and derivatives go on. */
    @Test
    void aStreamGoesOnFromWhereItsUpdatesLed() {
        for (Learner derivatives : List.of(Rtrl.exact(), TruncatedBptt.lookBack(6))) {
            try (Network one = tokens(Precision.FLOAT64); Network other = tokens(Precision.FLOAT64);
                    var whole = one.pass(4, 2).carryState(true); var single = other.pass(1, 2).carryState(true)) {
                Trainer four = Trainer.builder(one).learner(Ekf.global().derivatives(derivatives)).build();
                Trainer each = Trainer.builder(other).learner(Ekf.global().derivatives(derivatives)).build();
                for (int seed = 0; seed < 3; seed++) {
                    four.step(whole, batch(seed));
                    for (int t = 0; t < 4; t++) {
                        each.step(single, batch(seed).steps(t, 1));
                    }
                }
                assertArrayEquals(EkfTest.weights(one), EkfTest.weights(other));
            }
        }
    }

    @Test
    void groupsAreTheUnitsRowsAndLayersOfAnyCell() {
        Cell projected = Lstm.of(4).projection(2);
        try (Network network = Network.embedding(5, 3).layer(Layer.of(projected).learnedInitialState())
                .layer(Gru.of(3)).classes(6).backend(Backend.REFERENCE).quiet().build()) {
            assertEquals(4, groups(ParameterGroups.perLayer(), network)); // embedding, two layers, head
            // vectors; units with their cells, elements of the projection, with what they begin as; units; outputs
            assertEquals(5 + (4 + 2) + 3 + 6, groups(ParameterGroups.perUnit(), network));
            int[] group = ParameterGroups.perGateRow().of(network);
            var layout = network.parameters().layout();
            int weight = (int) layout.get("layer1.weightIh").offset();
            assertEquals(group[weight], group[weight + 1]); // one row
            assertEquals(group[weight], group[(int) layout.get("layer1.bias").offset()]);
            assertTrue(group[weight] != group[weight + 2]);
            int head = (int) layout.get("head.weight").offset();
            assertEquals(group[head + 3], group[(int) layout.get("head.bias").offset() + 1]);
        }
    }

    private static long groups(ParameterGroups groups, Network network) {
        return Arrays.stream(groups.of(network)).distinct().count();
    }
}
