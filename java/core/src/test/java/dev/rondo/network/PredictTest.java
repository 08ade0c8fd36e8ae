package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.gru.Gru;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Outputs without targets, against those of steppers, which know of no batches. */
class PredictTest {
    private static final int I = 2;
    private static final int O = 3;

    /** More than one pool of batches, so that sorting has an end. */
    private static final int COUNT = 32 * Dataset.POOL + 70;

    private static Network.Builder builder(Backend backend) {
        return Network.builder(I).layer(Gru.of(4)).backend(backend).threads(1).seed(5);
    }

    /** Sequences of 0 to 6 steps in no order. */
    private static List<float[][]> ragged(int count) {
        var random = new SeededRandom(9);
        return IntStream.range(0, count).mapToObj(i -> {
            var rows = new float[i % 32 == 3 ? 0 : random.nextInt(7)][I];
            for (float[] row : rows) {
                row[0] = random.nextFloat() - 0.5f;
                row[1] = random.nextFloat() - 0.5f;
            }
            return rows;
        }).toList();
    }

    /** Each step's outputs, or the last's alone; of no step the head's biases, which is what it makes of zeros. */
    private static float[][] stepped(Network network, Stepper stepper, float[][] sequence) {
        stepper.reset();
        boolean lastStep = network.description().head().lastStep();
        var outputs = new float[lastStep ? 1 : sequence.length][O];
        for (int o = 0; lastStep && o < O; o++) {
            outputs[0][o] = (float) network.precision().get(network.parameters().view("head.bias"), o);
        }
        for (int t = 0; t < sequence.length; t++) {
            stepper.step(sequence[t], outputs[lastStep ? 0 : t]);
        }
        return outputs;
    }

    private static void randomBiases(Network network) {
        for (int o = 0; o < O; o++) {
            network.precision().set(network.parameters().view("head.bias"), o, 0.25 * o - 0.1);
        }
        network.parameters().changed();
    }

    /** Outputs below 2, of sums of some ten products in another order. */
    @ParameterizedTest
    @EnumSource
    void theOutputsOfEachSequenceAreAStepper(Backend backend) {
        Available.assume(backend);
        List<float[][]> sequences = ragged(COUNT);
        for (Supplier<Network> maker : List.<Supplier<Network>>of(
                () -> builder(backend).classes(O).build(),
                () -> builder(backend).lastStep().classes(O).build(),
                () -> builder(backend).lastStep().outputs(O).build())) {
            try (Network network = maker.get(); Stepper stepper = network.stepper()) {
                randomBiases(network);
                List<float[][]> expected =
                        sequences.stream().map(sequence -> stepped(network, stepper, sequence)).toList();
                Dataset data = Dataset.of(sequences);
                for (Dataset form : List.of(data, data.bucketed(), data.shuffle(1), data.shuffle(2).bucketed(),
                        Dataset.stream(() -> sequences.stream().map(Sequence::of)).shuffle(3),
                        data.values(new float[COUNT][1]))) { // these are no targets of this network: they do not matter
                    assertSame(expected, network.predict(form));
                }
                assertSame(expected.subList(3, 4), network.predict(Dataset.of(sequences.subList(3, 4)))); // no steps
            }
        }
    }

    private static void assertSame(List<float[][]> expected, List<float[][]> got) {
        assertEquals(expected.size(), got.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i).length, got.get(i).length, "sequences[" + i + "]");
            for (int t = 0; t < expected.get(i).length; t++) {
                assertArrayEquals(expected.get(i)[t], got.get(i)[t], 2e-6f, "sequences[" + i + "], step " + t);
            }
        }
    }

    /** The top layer's own output, of tokens; in float64, rounded. */
    @Test
    void tokensWithoutAHead() {
        try (Network network = Network.oneHot(5).layer(Gru.of(O)).noHead().precision(Precision.FLOAT64)
                .backend(Backend.REFERENCE).build(); Stepper stepper = network.stepper()) {
            List<float[][]> got = network.predict(Dataset.tokens(List.of(new int[] {4, 0, 2}, new int[] {1})));
            var output = new float[O];
            for (int t = 0; t < 3; t++) {
                stepper.step(new int[] {4, 0, 2}[t], output);
                assertArrayEquals(output, got.get(0)[t]);
            }
            stepper.reset();
            stepper.step(1, output);
            assertArrayEquals(output, got.get(1)[0]);
        }
    }

    @Test
    void whatDoesNotFitIsNamedAsTheDataSetHasIt() {
        try (Network network = builder(Backend.REFERENCE).classes(O).build()) {
            Dataset mixed = Dataset.sequences(List.of(Sequence.of(new float[4][I]), Sequence.of(new float[1][I + 1])));
            assertEquals("sequences[1]: expected 2 numbers per step, got 3",
                    assertThrows(IllegalArgumentException.class, () -> network.predict(mixed)).getMessage());
            assertEquals("data set: expected at least one sequence, got none", assertThrows(
                    IllegalArgumentException.class, () -> network.predict(Dataset.of(List.of()))).getMessage());
        }
    }

    @Test
    void batchesWithoutGradientsWantNoTargets() {
        Sequence bare = Sequence.of(new float[2][I]);
        try (Network network = builder(Backend.REFERENCE).lastStep().classes(O).build();
                var none = Batches.inference(network, Dataset.sequences(List.of(bare, bare, bare)), 2);
                var later = Batches.inference(network, Dataset.sequences(List.of(bare, bare, bare.label(1))), 2);
                var mixed = Batches.inference(network, Dataset.sequences(List.of(bare.label(1), bare)), 2)) {
            none.epoch(0, (pass, batch) -> {
                pass.forward(batch);
                assertNull(batch.targets());
                assertThrows(IllegalStateException.class, pass::loss);
                return true;
            });
            var count = new int[1];
            later.epoch(0, (pass, batch) -> {
                pass.forward(batch);
                assertEquals(count[0]++ == 0, batch.targets() == null);
                return true;
            });
            String missing = "sequences[1]: target: expected one class per sequence, got none";
            assertEquals(missing, assertThrows(
                    IllegalArgumentException.class, () -> mixed.epoch(0, (_, _) -> true)).getMessage());
            assertEquals("sequences[0]" + missing.substring(12),
                    assertThrows(IllegalArgumentException.class, none::evaluate).getMessage());
        }
    }
}
