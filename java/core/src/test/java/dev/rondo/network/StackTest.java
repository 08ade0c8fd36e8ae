package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers of different cells and widths on top of each other, on all kinds of input and odd sizes. */
class StackTest {
    private static final int V = 7;
    private static final int I = 3;

    /** What a network reads, and how much at once. */
    private record Case(Backend backend, String input, int timeSteps, int batchSize, boolean lastStep) {
        Network network(List<Cell> cells, Precision precision) {
            cells.forEach(cell -> Available.assume(backend, cell));
            Network.Builder builder = switch (input) {
                case "dense" -> Network.builder(I);
                case "oneHot" -> Network.oneHot(V);
                default -> Network.embedding(V, 5);
            };
            cells.forEach(builder::layer);
            builder = lastStep ? builder.lastStep() : builder;
            return builder.classes(4).backend(backend).precision(precision).seed(5).threads(2).build();
        }

        SequenceBatch batch() {
            var random = new Random(11);
            int rows = timeSteps * batchSize;
            SequenceBatch batch = input.equals("dense")
                    ? SequenceBatch.of(random.doubles((long) rows * I, -1, 1).toArray(), timeSteps, batchSize, I)
                    : SequenceBatch.tokens(random.ints(rows, 0, V).toArray(), timeSteps, batchSize);
            int[] targets = random.ints(lastStep ? batchSize : rows, 0, 4).toArray();
            if (batchSize > 1) {
                batch = batch.lengths(random.ints(batchSize, 0, timeSteps + 1).toArray());
            }
            return batch.targets(targets);
        }
    }

    private static final List<Cell> SMALL =
            List.of(Lstm.of(3), Gru.of(5), Elman.sigmoid(4), Gru.of(1).resetBefore(), Elman.of(2));

    private static final List<Cell> WIDE =
            List.of(Lstm.of(37), Gru.of(19), Elman.of(200), Gru.of(17).resetBefore(), Elman.relu(33));

    private static Stream<Arguments> cases(List<Backend> backends) {
        var cases = new ArrayList<Arguments>();
        for (Backend backend : backends) {
            for (String input : List.of("dense", "oneHot", "embedding")) {
                for (int[] size : new int[][] {{1, 1}, {1, 3}, {6, 1}, {5, 3}}) {
                    for (boolean lastStep : new boolean[] {false, true}) {
                        cases.add(Arguments.of(new Case(backend, input, size[0], size[1], lastStep)));
                    }
                }
            }
        }
        return cases.stream();
    }

    static Stream<Arguments> float64() {
        return cases(List.of(Backend.REFERENCE, Backend.NATIVE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("float64")
    void gradients(Case of) {
        try (Network network = of.network(SMALL, Precision.FLOAT64)) {
            GradientCheck.of(network).batch(of.batch()).elements(40).run().assertBelow(GradientCheck.TOLERANCE);
        }
    }

    static Stream<Arguments> float32() {
        return cases(List.of(Backend.VECTOR, Backend.NATIVE));
    }

    /** In float32 and in widths that no lane count divides: loss and gradients of the reference in float64. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("float32")
    void wideLayersAreTheReferences(Case of) {
        var reference = new Case(Backend.REFERENCE, of.input, of.timeSteps, of.batchSize, of.lastStep);
        try (Network network = of.network(WIDE, Precision.FLOAT32);
                Network exact = reference.network(WIDE, Precision.FLOAT64)) {
            // The same parameters to the bit: those of float64 are not rounded.
            for (long i = 0; i < exact.parameters().count(); i++) {
                double rounded = Precision.FLOAT32.get(network.parameters().slab(), i);
                Precision.FLOAT64.set(exact.parameters().slab(), i, rounded);
            }
            exact.parameters().changed();
            // Inputs of order 1 are float64 on both sides, and rounded once by the float32 network: that is in the bound.
            double[] expected = gradients(exact, of.batch());
            double[] got = gradients(network, of.batch());
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            // Five layers, each with sums of up to 200 products in float32 (8 doublings), forward and backward.
            double tolerance = 5 * 2 * 8 * Precision.FLOAT32.epsilon();
            for (int i = 0; i < expected.length; i++) {
                int at = i;
                assertEquals(expected[i], got[i], tolerance * Math.max(largest, 1e-3),
                        () -> network.parameters().layout().at(at).name() + " " + at);
            }
        }
    }

    private static double[] gradients(Network network, SequenceBatch batch) {
        try (NetworkPass pass = network.pass(batch.timeSteps(), batch.batchSize())) {
            pass.forward(batch);
            pass.backward();
            MemorySegment slab = network.gradients();
            var gradients = new double[(int) network.parameters().count()];
            network.precision().read(slab, 0, gradients, gradients.length);
            return gradients;
        }
    }
}
