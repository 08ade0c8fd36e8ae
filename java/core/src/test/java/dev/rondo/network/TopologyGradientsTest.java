package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientCheck;
import dev.rondo.check.GradientReport;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Topologies.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of every kind of layer, with masks that stay, on all inputs and heads, over padding and held steps. */
class TopologyGradientsTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int V = 6;
    private static final int OUTPUTS = 3;
    private static final int[] LENGTHS = {5, 0, 3};

    static Stream<Topology> all() {
        return Stream.of(Topologies.plain(), Topologies.masked()).flatMap(List::stream);
    }

    static Stream<Arguments> cases() {
        var cases = new ArrayList<Arguments>();
        for (Topology topology : all().toList()) {
            for (Backend backend : Backend.values()) {
                for (String input : List.of("dense", "oneHot", "embedding", "droppedEmbedding")) {
                    for (boolean lastStep : new boolean[] {false, true}) {
                        if (!input.equals("oneHot") || !topology.name().matches("residual.*|all")) {
                            cases.add(Arguments.of(topology, backend, input, lastStep));
                        }
                    }
                }
            }
        }
        return cases.stream();
    }

    private static Network.Builder builder(String input) {
        return switch (input) {
            case "dense" -> Network.builder(Topologies.INPUTS);
            case "oneHot" -> Network.oneHot(V);
            case "droppedEmbedding" -> Network.embedding(V, Topologies.INPUTS).embeddingDropout(0.3);
            default -> Network.embedding(V, Topologies.INPUTS);
        };
    }

    private static SequenceBatch batch(String input, boolean lastStep) {
        int[] targets = new Random(8).ints(lastStep ? B : T * B, 0, OUTPUTS).toArray();
        return batch(input).targets(targets);
    }

    private static SequenceBatch batch(String input) {
        var random = new Random(7);
        var held = new byte[T * B];
        held[B] = held[4 * B] = held[2 * B + 2] = 1; // sequence 0 at steps 1 and 4, its last; 2 at step 2, its last
        SequenceBatch batch = input.equals("dense")
                ? SequenceBatch.of(padded(random, held), T, B, Topologies.INPUTS)
                : SequenceBatch.tokens(random.ints(T * B, 0, V).toArray(), T, B);
        return batch.lengths(LENGTHS).hold(held);
    }

    /** Not a number wherever no step is taken: it would spoil what it touches. */
    private static double[] padded(Random random, byte[] held) {
        double[] values = random.doubles((long) T * B * Topologies.INPUTS, -1, 1).toArray();
        for (int i = 0; i < values.length; i++) {
            int row = i / Topologies.INPUTS;
            boolean taken = row / B < LENGTHS[row % B] && held[row] == 0;
            values[i] = taken ? values[i] : Double.NaN;
        }
        return values;
    }

    @ParameterizedTest(name = "{0} {1} {2} lastStep={3}")
    @MethodSource("cases")
    void gradients(Topology topology, Backend backend, String input, boolean lastStep) {
        Available.assume(backend);
        Network.Builder builder = topology.layers().apply(builder(input));
        builder = lastStep ? builder.lastStep() : builder;
        builder = input.equals("oneHot") ? builder : builder.skip();
        Precision precision = backend == Backend.VECTOR ? Precision.FLOAT32 : Precision.FLOAT64;
        try (Network network = builder.classes(OUTPUTS).backend(backend).precision(precision).threads(2).seed(5)
                .build()) {
            var random = new Random(3); // learned initial states start as 0, where a wrong one would not show
            for (var tensor : network.parameters().layout().tensors()) {
                for (long i = 0; i < tensor.count() && tensor.name().contains("initialState"); i++) {
                    precision.set(network.parameters().slab(), tensor.offset() + i, random.nextDouble() - 0.5);
                }
            }
            GradientCheck.of(network).batch(batch(input, lastStep)).elements(30).run().assertPasses();
        }
    }

    /** What the head reads is the top layer's output itself, with and without a copy. */
    @ParameterizedTest
    @MethodSource("all")
    void withoutADenseHead(Topology topology) {
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder builder = topology.layers().apply(Network.builder(Topologies.INPUTS)).noHead();
            builder = lastStep ? builder.lastStep() : builder;
            try (Network network =
                    builder.backend(Backend.REFERENCE).precision(Precision.FLOAT64).seed(5).build()) {
                int outputs = network.outputSize();
                GradientCheck.of(network).batch(batch("dense")).elements(20).loss((y, gradient) -> {
                    double sum = 0;
                    for (int i = 0; i < y.length; i++) {
                        int row = i / outputs;
                        boolean counts = lastStep || row / B < LENGTHS[row % B];
                        sum += counts ? Math.pow(y[i], 3) : 0;
                        gradient[i] = counts ? 3 * y[i] * y[i] : Double.NaN;
                    }
                    return sum;
                }).run().assertPasses();
            }
        }
    }

    /** Truncated: the state in which the second batch is entered is constant, also where the first one's is learned. */
    @Test
    void carriedOver() {
        try (Network network = Network.builder(Topologies.INPUTS)
                .layer(Layer.of(Lstm.of(4)).learnedInitialState().zoneout(0.3).residual())
                .layer(Layer.of(Elman.relu(3)).recurrentDropout(0.3).dropout(0.3)).classes(OUTPUTS)
                .backend(Backend.REFERENCE).precision(Precision.FLOAT64).seed(5).build()) {
            GradientReport report = GradientCheck.of(network).after(batch("dense", false)).batch(batch("dense", false))
                    .run().assertPasses();
            assertEquals(0, report.rows().stream().filter(row -> row.tensor().contains("initialState"))
                    .mapToDouble(row -> Math.abs(row.gradient())).max().orElseThrow());
            assertTrue(report.rows().stream().anyMatch(row -> row.tensor().equals("layer0.state[1]")));
        }
    }

    @Test
    void nothingIsCarriedIntoAReverseDirection() {
        try (Network network = Network.builder(Topologies.INPUTS).layer(Lstm.of(3))
                .layer(Layer.of(Lstm.of(4)).bidirectional()).classes(OUTPUTS).backend(Backend.REFERENCE).build()) {
            GradientCheck check = GradientCheck.of(network).after(batch("dense", false)).batch(batch("dense", false));
            assertEquals("carryState: expected layers that run forwards, got layer1, a bidirectional one",
                    assertThrows(IllegalArgumentException.class, check::run).getMessage());
        }
    }
}
