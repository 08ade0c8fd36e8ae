package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.memory.Precision;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With what sequences begin: zeros, what is given, what is learned. */
class InitialStateTest {
    private static final int T = 4;
    private static final int B = 3;
    private static final int I = 2;
    private static final int H = 3;

    private static Network network(Layer layer) {
        return Network.builder(I).layer(layer).classes(2).backend(Backend.REFERENCE).precision(Precision.FLOAT64)
                .seed(1).build();
    }

    private static double[] random(long seed, int count) {
        return new Random(seed).doubles(count, -1, 1).toArray();
    }

    private static SequenceBatch batch(long seed) {
        return SequenceBatch.of(random(seed, T * B * I), T, B, I).targets(new int[T * B]);
    }

    private static double[] read(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_DOUBLE);
    }

    private static void write(double[] values, MemorySegment segment) {
        Precision.FLOAT64.write(values, segment, 0, values.length);
    }

    private static double[] outputs(NetworkPass pass, SequenceBatch batch) {
        pass.forward(batch);
        return read(pass.outputs());
    }

    /** Once per row, as {@code values} stands in each. */
    private static double[] repeated(double[] values) {
        var rows = new double[B * values.length];
        Arrays.setAll(rows, i -> values[i % values.length]);
        return rows;
    }

    @Test
    void aGivenStateIsWhereEverySequenceBegins() {
        try (Network network = network(Layer.of(Lstm.of(H))); var given = network.pass(T, B);
                var carrying = network.pass(T, B).carryState(true)) {
            double[] zeros = outputs(given, batch(1));
            for (int plane = 0; plane < 2; plane++) {
                write(random(plane, B * H), given.initialState(0, plane));
                write(random(plane, B * H), carrying.state(0, plane));
            }
            double[] expected = outputs(carrying, batch(1));
            assertArrayEquals(expected, outputs(given, batch(1)));
            assertArrayEquals(expected, outputs(given, batch(1)), "and again, for it is not carried");
            given.backward();
            carrying.backward();
            assertArrayEquals(read(carrying.stateGradient(0, 1)), read(given.stateGradient(0, 1)));
            for (int plane = 0; plane < 2; plane++) {
                given.initialState(0, plane).fill((byte) 0);
            }
            assertArrayEquals(zeros, outputs(given, batch(1)));
        }
    }

    @Test
    void aLearnedStateIsOneForAllSequences() {
        try (Network learning = network(Layer.of(Lstm.of(H)).bidirectional().learnedInitialState());
                Network plain = network(Layer.of(Lstm.of(H)).bidirectional());
                var learned = learning.pass(T, B); var given = plain.pass(T, B);
                var inference = learning.inference(T, B)) {
            assertArrayEquals(outputs(given, batch(1)), outputs(learned, batch(1)), "they start as zeros");
            String[] names = {"layer0.initialState0", "layer0.initialState1", "layer0.reverse.initialState0",
                "layer0.reverse.initialState1"};
            for (int plane = 0; plane < names.length; plane++) {
                write(random(plane, H), learning.parameters().view(names[plane]));
                write(repeated(random(plane, H)), given.initialState(0, plane));
            }
            learning.parameters().changed();
            double[] expected = outputs(given, batch(1));
            assertArrayEquals(expected, outputs(learned, batch(1)));
            assertArrayEquals(expected, outputs(inference, batch(1)));
            given.backward();
            learned.backward();
            for (int plane = 0; plane < names.length; plane++) {
                var sum = new double[H];
                double[] each = read(given.stateGradient(0, plane));
                for (int i = 0; i < each.length; i++) {
                    sum[i % H] += each[i];
                }
                var tensor = learning.parameters().layout().get(names[plane]);
                assertArrayEquals(sum, read(Precision.FLOAT64.slice(
                        learning.gradients(), tensor.offset(), tensor.count())), 1e-15, names[plane]);
            }
        }
    }

    /** Of states that are carried only those of sequences that begin anew have a gradient by what is learned. */
    @Test
    void sequencesThatGoOnDoNotBeginAgain() {
        try (Network network = network(Layer.of(Gru.of(H)).learnedInitialState());
                var pass = network.pass(T, B).carryState(true); var alone = network.pass(T, B)) {
            write(random(5, H), network.parameters().view("layer0.initialState0"));
            network.parameters().changed();
            assertArrayEquals(outputs(alone, batch(1)), outputs(pass, batch(1)), "the first begins");
            pass.resetState(1);
            write(random(6, H), network.parameters().view("layer0.initialState0"));
            network.parameters().changed(); // by a training step, say, between the two
            double[] expected = outputs(alone, batch(2));
            double[] got = outputs(pass, batch(2));
            for (int t = 0; t < T; t++) {
                for (int o = 0; o < 2; o++) {
                    assertEquals(expected[(t * B + 1) * 2 + o], got[(t * B + 1) * 2 + o]);
                }
            }
            network.zeroGradients();
            pass.backward();
            double[] each = read(pass.stateGradient(0, 0));
            var tensor = network.parameters().layout().get("layer0.initialState0");
            assertArrayEquals(Arrays.copyOfRange(each, H, 2 * H),
                    read(Precision.FLOAT64.slice(network.gradients(), tensor.offset(), tensor.count())));
        }
    }

    @Test
    void aRestoredStateIsNotBegunAgain(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("states.rondo");
        try (Network network = network(Layer.of(Gru.of(H)).learnedInitialState());
                var pass = network.inference(T, B).carryState(true);
                var resumed = network.inference(T, B).carryState(true)) {
            pass.forward(batch(1));
            Checkpoint.builder().add(pass::writeStates).write(file);
            resumed.restoreStates(Checkpoint.read(file));
            assertArrayEquals(outputs(pass, batch(2)), outputs(resumed, batch(2)));
        }
    }

    /** What is about to begin has a gradient of the state that it begins with; what goes on has none. */
    @Test
    void whatWasAboutToBeginStillIsWhenRestored(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("states.rondo");
        try (Network network = network(Layer.of(Gru.of(H)).learnedInitialState());
                var pass = network.pass(T, B).carryState(true); var resumed = network.pass(T, B).carryState(true)) {
            pass.forward(batch(1));
            pass.resetState(1);
            Checkpoint.builder().add(pass::writeStates).write(file);
            resumed.restoreStates(Checkpoint.read(file));
            assertArrayEquals(gradients(network, pass), gradients(network, resumed));
        }
    }

    private static double[] gradients(Network network, NetworkPass pass) {
        network.zeroGradients();
        pass.forward(batch(2).targets(new int[T * B]));
        pass.backward();
        double[] gradients = read(network.gradients());
        var tensor = network.parameters().layout().get("layer0.initialState0");
        assertTrue(Arrays.stream(gradients, (int) tensor.offset(), (int) (tensor.offset() + tensor.count()))
                .anyMatch(gradient -> gradient != 0));
        return gradients;
    }

    @Test
    void aLearnedStateCannotBeGiven() {
        try (Network network = network(Layer.of(Gru.of(H)).learnedInitialState()); var pass = network.pass(T, B)) {
            assertEquals("initialState: expected a layer that begins with what is given, got layer0, which has learned"
                    + " it", assertThrows(IllegalArgumentException.class, () -> pass.initialState(0, 0)).getMessage());
        }
    }
}
