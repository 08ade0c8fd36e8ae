package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Inference behind an embedding, by the table of the first layer; a pass with gradients, the measure, has none. */
class TokenTableTest {
    private static final int T = 9;
    private static final int B = 3;
    private static final int V = 23;
    private static final int W = 6;

    /**
     * Logits are sums of some 37 products below 1, of states that are in turn rounded T times, and of activations with
     * an error of 2.5e-7 in float32: they are seen to agree to 1e-6, and to 1e-14 in float64.
     */
    private static double tolerance(Precision precision) {
        return precision == Precision.FLOAT32 ? 1e-5 : 1e-13;
    }

    private static int[] ids(int seed) {
        return new SeededRandom(seed).ints(T * B, 0, V).toArray();
    }

    private static Network network(Cell cell, int vocabulary, Backend backend, Precision precision) {
        return Network.embedding(vocabulary, W).layer(cell).classes(5).backend(backend).precision(precision).threads(2)
                .seed(1).build();
    }

    private static void assertSame(NetworkPass expected, NetworkPass got, SequenceBatch batch, int[] lengths) {
        Precision precision = expected.network().precision();
        expected.forward(batch);
        got.forward(batch);
        for (int t = 0; t < T; t++) {
            for (int b = 0; b < B; b++) {
                for (int c = 0; c < 5 && t < lengths[b]; c++) {
                    long at = ((long) t * B + b) * 5 + c;
                    assertEquals(precision.get(expected.outputs(), at), precision.get(got.outputs(), at),
                            tolerance(precision), expected.network().description().text());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void outputsAreThoseOfAPassWithGradients(Backend backend) {
        Available.assume(backend);
        for (Precision precision : Precision.values()) {
            if (backend == Backend.VECTOR && precision == Precision.FLOAT64) {
                continue; // VECTOR is float32 alone
            }
            for (String cell : Cells.variants()) {
                try (Network network = network(Cells.parse(cell, 37), V, backend, precision);
                        var training = network.pass(T, B); var inference = network.inference(T, B)) {
                    int[] whole = {T, T, T};
                    int[] ragged = {T, 1, 4};
                    assertSame(training, inference, SequenceBatch.tokens(ids(1), T, B), whole);
                    assertSame(training, inference, SequenceBatch.tokens(ids(2), T, B).lengths(ragged), ragged);
                    var held = new byte[T * B];
                    held[4] = held[17] = 1;
                    assertSame(training, inference, SequenceBatch.tokens(ids(3), T, B).hold(held), whole);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void changedParametersAreTaken(Backend backend) {
        Available.assume(backend);
        Precision precision = Precision.FLOAT32;
        try (Network network = network(Cells.parse("gru", 7), V, backend, precision);
                var training = network.pass(T, B); var inference = network.inference(T, B)) {
            SequenceBatch batch = SequenceBatch.tokens(ids(4), T, B);
            int[] whole = {T, T, T};
            assertSame(training, inference, batch, whole);
            for (String name : new String[] {"embedding.weight", "layer0.weightIh", "layer0.weightHh", "layer0.bias"}) {
                double before = precision.get(inference.outputs(), 44);
                var tensor = network.parameters().view(name);
                for (long i = 0; i < tensor.byteSize() / precision.bytes(); i++) {
                    precision.set(tensor, i, precision.get(tensor, i) + 0.1);
                }
                network.parameters().changed();
                assertSame(training, inference, batch, whole);
                assertNotEquals(before, precision.get(inference.outputs(), 44), 1e-4, name);
            }
        }
    }

    /** A vocabulary whose table would be too large is embedded position by position, as in training. */
    @ParameterizedTest
    @EnumSource
    void aLargeVocabularyHasNone(Backend backend) {
        Available.assume(backend);
        int most = Math.toIntExact(TokenTable.MOST / 64);
        for (int vocabulary : new int[] {most, most + 1}) {
            try (Network network = network(Cells.parse("elman", 64), vocabulary, backend, Precision.FLOAT32);
                    var training = network.pass(T, B); var inference = network.inference(T, B);
                    var layer = new LayerPass(network, 0, inference)) {
                assertEquals(vocabulary == most && backend != Backend.REFERENCE, layer.table() != null);
                assertSame(training, inference, SequenceBatch.tokens(ids(5), T, B), new int[] {T, T, T});
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTokenOutOfRangeIsRefused(Backend backend) {
        Available.assume(backend);
        int[] ids = ids(6);
        ids[2 * B + 1] = V;
        try (Network network = network(Cells.parse("lstm", 4), V, backend, Precision.FLOAT32);
                var pass = network.inference(T, B)) {
            var e = assertThrows(IllegalArgumentException.class, () -> pass.forward(SequenceBatch.tokens(ids, T, B)));
            assertTrue(e.getMessage().startsWith("tokens[2, 1]: expected 0 to 22, got 23"), e.getMessage());
        }
    }
}
