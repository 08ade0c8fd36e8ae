package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Available;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Trainer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients that flow from one network, or one pass, into another: through states, per sequence. */
class EncoderDecoderTest {
    private static final int B = 3;
    private static final int SOURCE = 5;
    private static final int TARGET = 4;
    private static final int V = 6;

    /** An encoder whose last states are where the decoder starts; the loss is the decoder's. */
    private record Pair(Network encoder, Network decoder, NetworkPass encodes, NetworkPass decodes)
            implements AutoCloseable {
        static Pair of(List<Cell> cells, Backend backend, Precision precision, int batchSize) {
            Network.Builder encoder = Network.builder(V).noHead();
            Network.Builder decoder = Network.embedding(V + 1, 3).classes(V);
            for (Cell cell : cells) {
                encoder.layer(cell);
                decoder.layer(cell);
            }
            Network first = encoder.precision(precision).backend(backend).threads(1).seed(1).build();
            Network second = decoder.precision(precision).backend(backend).threads(1).seed(2).build();
            return new Pair(
                    first, second, first.pass(SOURCE, batchSize), second.pass(TARGET, batchSize).carryState(true));
        }

        double loss(SequenceBatch source, SequenceBatch target) {
            encodes.forward(source);
            forEachPlane((layer, plane) -> decodes.state(layer, plane).copyFrom(encodes.state(layer, plane)));
            decodes.timeOrigin(encodes.timeOrigin()).forward(target);
            return decodes.loss();
        }

        /** After {@link #loss}: adds the gradients of both networks' parameters. */
        void backward() {
            decodes.backward();
            forEachPlane((layer, plane) ->
                    encodes.lastStateGradient(layer, plane).copyFrom(decodes.stateGradient(layer, plane)));
            encodes.backward();
        }

        private interface Plane {
            void visit(int layer, int plane);
        }

        private void forEachPlane(Plane visitor) {
            List<Layer> layers = encoder.description().layers();
            for (int layer = 0; layer < layers.size(); layer++) {
                for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                    visitor.visit(layer, plane);
                }
            }
        }

        @Override
        public void close() {
            encodes.close();
            decodes.close();
            encoder.close();
            decoder.close();
        }
    }

    static Stream<Arguments> cells() {
        var cases = new ArrayList<Arguments>();
        for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE)) {
            for (String cell : Cells.variants()) {
                if (!cell.contains("relu")) { // its kinks do not suit differences; the flow is the same
                    cases.add(Arguments.of(backend, cell));
                }
            }
        }
        return cases.stream();
    }

    /** Sources of 5, 0 and 2 steps, targets of 1, 4 and 3: by every parameter of both networks. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("cells")
    void gradientsOfBothNetworks(Backend backend, String cell) {
        Available.assume(backend, Cells.parse(cell, 1));
        var random = new Random(3);
        SequenceBatch source = SequenceBatch.of(random.doubles(SOURCE * B * V, -1, 1).toArray(), SOURCE, B, V)
                .lengths(new int[] {5, 0, 2});
        SequenceBatch target = SequenceBatch.tokens(random.ints(TARGET * B, 0, V).toArray(), TARGET, B)
                .targets(random.ints(TARGET * B, 0, V).toArray()).lengths(new int[] {1, 4, 3});
        List<Cell> layers = List.of(Cells.parse(cell, 3), Cells.parse(cell, 2));
        try (Pair pair = Pair.of(layers, backend, Precision.FLOAT64, B)) {
            double[] start = join(pair.encoder.parameters().slab(), pair.decoder.parameters().slab());
            GradientCheck.of(
                            parameters -> {
                                set(pair, parameters);
                                return pair.loss(source, target);
                            },
                            parameters -> {
                                set(pair, parameters);
                                pair.encoder.zeroGradients();
                                pair.decoder.zeroGradients();
                                pair.loss(source, target);
                                pair.backward();
                                return join(pair.encoder.gradients(), pair.decoder.gradients());
                            })
                    .at(start).run().assertBelow(GradientCheck.TOLERANCE);
        }
    }

    private static double[] join(MemorySegment first, MemorySegment second) {
        int split = (int) (first.byteSize() / Double.BYTES);
        var joined = new double[split + (int) (second.byteSize() / Double.BYTES)];
        MemorySegment whole = MemorySegment.ofArray(joined);
        whole.asSlice(0, first.byteSize()).copyFrom(first);
        whole.asSlice(first.byteSize()).copyFrom(second);
        return joined;
    }

    private static void set(Pair pair, double[] parameters) {
        MemorySegment whole = MemorySegment.ofArray(parameters);
        long bytes = pair.encoder.parameters().slab().byteSize();
        pair.encoder.parameters().slab().copyFrom(whole.asSlice(0, bytes));
        pair.decoder.parameters().slab().copyFrom(whole.asSlice(bytes));
        pair.encoder.parameters().changed();
        pair.decoder.parameters().changed();
    }

    /** Two passes, the second from the state and with its gradient back into the first, are one pass of both. */
    @ParameterizedTest
    @EnumSource(names = {"REFERENCE", "NATIVE"})
    void chunksWithGradientsBetweenAreOnePass(Backend backend) {
        Available.assume(backend, Cells.parse("gru", 1));
        int steps = 3;
        int[] ids = new SeededRandom(1).ints(2 * steps * B, 0, V).toArray();
        int[] next = new SeededRandom(2).ints(2 * steps * B, 0, V).toArray();
        Network.Builder builder = Network.oneHot(V).layer(Cells.parse("lstm", 4)).layer(Cells.parse("gru", 3)).classes(V)
                .precision(Precision.FLOAT64).backend(backend).threads(1);
        try (Network network = builder.build(); var whole = network.pass(2 * steps, B);
                var first = network.pass(steps, B); var second = network.pass(steps, B).carryState(true)) {
            whole.forward(SequenceBatch.tokens(ids, 2 * steps, B).targets(next));
            whole.backward();
            double[] expected = network.gradients().toArray(ValueLayout.JAVA_DOUBLE);
            network.zeroGradients();
            first.forward(chunk(ids, next, steps, 0));
            second.state(0, 0).copyFrom(first.state(0, 0));
            second.state(0, 1).copyFrom(first.state(0, 1));
            second.state(1, 0).copyFrom(first.state(1, 0));
            second.forward(chunk(ids, next, steps, 1));
            second.backward();
            first.lastStateGradient(0, 0).copyFrom(second.stateGradient(0, 0));
            first.lastStateGradient(0, 1).copyFrom(second.stateGradient(0, 1));
            first.lastStateGradient(1, 0).copyFrom(second.stateGradient(1, 0));
            first.backward();
            double[] got = network.gradients().toArray(ValueLayout.JAVA_DOUBLE);
            for (int i = 0; i < got.length; i++) {
                assertEquals(2 * expected[i], got[i], 1e-13); // each chunk's loss is the mean over half the positions
            }
        }
    }

    private static SequenceBatch chunk(int[] ids, int[] next, int steps, int chunk) {
        long bytes = (long) steps * B * Integer.BYTES;
        return SequenceBatch.tokens(MemorySegment.ofArray(ids).asSlice(chunk * bytes, bytes), steps, B)
                .targets(MemorySegment.ofArray(next).asSlice(chunk * bytes, bytes));
    }

    /** To say a word backwards, the decoder must know what the encoder read: a state alone connects the two. */
    @Test
    void aPairLearnsToReverse() {
        int batchSize = 16;
        try (Pair pair = Pair.of(List.of(Lstm.of(32)), Backends.best(), Precision.FLOAT32, batchSize)) {
            Trainer encoder = trainer(pair.encoder);
            Trainer decoder = trainer(pair.decoder);
            var random = new Random(5);
            double loss = Double.NaN;
            for (int step = 0; step < 600; step++) {
                var source = new float[SOURCE * batchSize * V];
                var ids = new int[TARGET * batchSize];
                var next = new int[TARGET * batchSize];
                for (int b = 0; b < batchSize; b++) {
                    for (int t = 0; t < TARGET; t++) {
                        int symbol = random.nextInt(V);
                        source[(t * batchSize + b) * V + symbol] = 1;
                        next[(TARGET - 1 - t) * batchSize + b] = symbol;
                    }
                    for (int t = 0; t < TARGET; t++) {
                        ids[t * batchSize + b] = t == 0 ? V : next[(t - 1) * batchSize + b];
                    }
                }
                pair.encoder.zeroGradients();
                pair.decoder.zeroGradients();
                loss = pair.loss(SequenceBatch.of(source, SOURCE, batchSize, V),
                        SequenceBatch.tokens(ids, TARGET, batchSize).targets(next));
                pair.backward();
                encoder.update(loss);
                decoder.update(loss);
            }
            assertTrue(loss < 0.1, "from ln 6 = 1.79 to " + loss);
        }
    }

    private static Trainer trainer(Network network) {
        return Trainer.builder(network).optimizer(Adam.of(1e-2)).clip(GradientClipping.globalNorm(1)).build();
    }
}
