package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A training that is written down, and gone on with by others, is the one that was not interrupted, bit for bit. */
class ResumedTrainingTest {
    private static final int T = 3;
    private static final int B = 2;
    private static final int V = 37;

    @TempDir
    private Path directory;

    static List<Optimizer> optimizers() {
        return List.of(Sgd.of(0.1), Sgd.of(0.1).momentum(0.9), Sgd.of(0.1).nesterov(0.9).weightDecay(0.01),
                RmsProp.of(0.01), Adagrad.of(0.1), Adam.of(0.01), AdamW.of(0.01));
    }

    private static Trainer trainer(Network network, Optimizer optimizer) {
        return Trainer.builder(network).optimizer(optimizer).clip(GradientClipping.perLayer(0.1))
                .learningRate(LearningRate.onPlateau(0.5, 2).warmUp(3)).build();
    }

    private static SequenceBatch batch(long seed) {
        var random = new SeededRandom(seed);
        return SequenceBatch.tokens(random.ints(T * B, 0, V).toArray(), T, B)
                .targets(random.ints(T * B, 0, 4).toArray());
    }

    /** Steps from {@code first} on, each followed by a validation loss that never falls. */
    private static void train(Trainer trainer, int first, int count) {
        try (var pass = trainer.network().pass(T, B)) {
            for (int step = first; step < first + count; step++) {
                trainer.step(pass, batch(step));
                trainer.observe(1);
            }
        }
    }

    private static Network network() {
        return Network.oneHot(V).layer(Lstm.of(5)).classes(4).backend(Backend.REFERENCE).seed(1).build();
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void itGoesOnBitForBit(Optimizer optimizer) throws IOException {
        Path file = directory.resolve("half.rondo");
        try (Network network = network()) {
            Trainer whole = trainer(network, optimizer);
            train(whole, 1, 4);
            Checkpoint.builder().add(network::write).add(whole::write).write(file);
            train(whole, 5, 4);
            Checkpoint checkpoint = Checkpoint.read(file);
            try (Network restored = Network.read(checkpoint, options -> options.backend(Backend.REFERENCE))) {
                Trainer rest = trainer(restored, optimizer);
                rest.restore(checkpoint);
                assertEquals(4, rest.steps());
                train(rest, 5, 4);
                assertArrayEquals(network.parameters().slab().toArray(ValueLayout.JAVA_BYTE),
                        restored.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
                assertEquals(whole.learningRate(), rest.learningRate());
                assertTrue(rest.learningRate() < optimizer.learningRate(), "the plateau was to take part");
            }
        }
    }

    /** The masks go on where they were, of a network that is read and of one that is restored. */
    @Test
    void masksGoOnBitForBit() throws IOException {
        Path file = directory.resolve("masks.rondo");
        Layer layer = Layer.of(Lstm.of(5)).dropout(0.4).recurrentDropout(0.3).zoneout(0.2).learnedInitialState();
        Network.Builder builder = Network.oneHot(V).layer(layer).layer(Layer.of(Lstm.of(5)).variationalDropout(0.5))
                .classes(4).backend(Backend.REFERENCE);
        try (Network network = builder.seed(1).build(); Network equal = builder.seed(2).build()) {
            Trainer whole = trainer(network, Adam.of(0.01));
            train(whole, 1, 3);
            Checkpoint.builder().add(network::write).add(whole::write).write(file);
            train(whole, 4, 3);
            Checkpoint checkpoint = Checkpoint.read(file);
            equal.restore(checkpoint);
            try (Network read = Network.read(checkpoint, options -> options.backend(Backend.REFERENCE))) {
                for (Network resumed : List.of(read, equal)) {
                    Trainer rest = trainer(resumed, Adam.of(0.01));
                    rest.restore(checkpoint);
                    train(rest, 4, 3);
                    assertArrayEquals(network.parameters().slab().toArray(ValueLayout.JAVA_BYTE),
                            resumed.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
                }
            }
        }
    }

    @Test
    void anotherOptimiserOrScheduleIsRefused() throws IOException {
        Path file = directory.resolve("sgd.rondo");
        try (Network network = network()) {
            Checkpoint.builder().add(network::write).add(trainer(network, Sgd.of(0.1))::write).write(file);
            Checkpoint checkpoint = Checkpoint.read(file);
            assertThrows(CheckpointException.class, () -> trainer(network, Adam.of(0.1)).restore(checkpoint));
            assertThrows(CheckpointException.class,
                    () -> Trainer.builder(network).optimizer(Sgd.of(0.1)).build().restore(checkpoint));
        }
    }

    /** Adam and AdamW keep numbers of the same names. */
    @Test
    void theNumbersOfAdamAreNotThoseOfAdamW() throws IOException {
        Path file = directory.resolve("adam.rondo");
        try (Network network = network()) {
            Trainer adam = trainer(network, Adam.of(0.1));
            train(adam, 1, 2);
            Checkpoint.builder().add(adam::write).write(file);
            Trainer adamW = trainer(network, AdamW.of(0.1));
            var e = assertThrows(CheckpointException.class, () -> adamW.restore(Checkpoint.read(file)));
            assertEquals(file + ": section trainer.optimizer: expected the numbers of AdamW [adam.mean, adam.square], "
                    + "got those of Adam [adam.mean, adam.square]", e.getMessage());
            assertEquals(0, adamW.steps());
            adamW.optimizerState().slabs().forEach((name, slab) ->
                    assertArrayEquals(new byte[(int) slab.byteSize()], slab.toArray(ValueLayout.JAVA_BYTE), name));
        }
    }

    /** The schedule is the last of what is read; what comes before it is not written by then. */
    @Test
    void whatIsRefusedChangesNothing() throws IOException {
        Path file = directory.resolve("plateau.rondo");
        try (Network network = network()) {
            Trainer plateau = trainer(network, Adam.of(0.1));
            train(plateau, 1, 2);
            Checkpoint.builder().add(plateau::write).write(file);
            Trainer constant = Trainer.builder(network).optimizer(Adam.of(0.1)).build();
            assertThrows(CheckpointException.class, () -> constant.restore(Checkpoint.read(file)));
            assertEquals(0, constant.steps());
            constant.optimizerState().slabs().forEach((name, slab) ->
                    assertArrayEquals(new byte[(int) slab.byteSize()], slab.toArray(ValueLayout.JAVA_BYTE), name));
        }
    }

    @Test
    void settingsStayAsBuilt() throws IOException {
        Path file = directory.resolve("settings.rondo");
        try (Network network = network()) {
            Trainer before = trainer(network, Adam.of(0.1));
            train(before, 1, 4); // by then the plateau has halved the rate
            Checkpoint.builder().add(before::write).write(file);
            Trainer after = trainer(network, Adam.of(0.02).weightDecay(0.5));
            after.restore(Checkpoint.read(file));
            assertEquals(before.learningRate() / 5, after.learningRate(), 1e-12);
            after.optimizerState().slabs().forEach((name, slab) -> assertEquals(-1,
                    slab.mismatch(before.optimizerState().slabs().get(name)), name));
        }
    }
}
