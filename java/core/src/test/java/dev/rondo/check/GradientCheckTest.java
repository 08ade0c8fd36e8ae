package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.OtherJvm;
import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GradientReport.Against;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of cells and of networks against finite differences in float64; the tolerances state their reasons. */
class GradientCheckTest {
    private static final int T = 5;
    private static final int B = 3;
    private static final int CLASSES = 4;
    private static final int TOKENS = 6;

    /** What a batch has beside inputs and targets. */
    private enum Extra { NOTHING, LENGTHS, IGNORED, HOLD, ALL }

    static Stream<CellBody> float64() {
        return Bodies.float64();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("float64")
    void gradientsOfACell(CellBody body) {
        CellGradientCheck.of(body).run(NamedShape.of("layers:tiny")).assertBelow(CellGradientCheck.TOLERANCE);
    }

    static Stream<Arguments> networks() {
        var cases = new ArrayList<Arguments>();
        for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE)) {
            for (String input : List.of("dense", "oneHot", "embedding")) {
                for (int layers = 1; layers <= 2; layers++) {
                    for (Extra extra : Extra.values()) {
                        cases.add(Arguments.of(backend, input, layers, extra));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0} {1}, {2} layers, {3}")
    @MethodSource("networks")
    void gradientsOfANetwork(Backend backend, String input, int layers, Extra extra) {
        Available.assume(backend);
        try (Network network = network(backend, input, layers)) {
            var random = new Random(3);
            GradientCheck.of(network).batch(batch(network, extra, random)).run().assertBelow(GradientCheck.TOLERANCE);
        }
    }

    /**
     * Truncated back-propagation: the chunk's gradient, the state in which it is entered held constant; and that by it.
     */
    @ParameterizedTest(name = "{0} {1}, {2} layers, {3}")
    @MethodSource("networks")
    void gradientsOfAChunk(Backend backend, String input, int layers, Extra extra) {
        Available.assume(backend);
        try (Network network = network(backend, input, layers)) {
            var random = new Random(5);
            SequenceBatch earlier = batch(network, Extra.NOTHING, random);
            GradientCheck.of(network).after(earlier).batch(batch(network, extra, random)).run()
                    .assertBelow(GradientCheck.TOLERANCE);
        }
    }

    @Test
    void theNetworkIsLeftAsItWas() {
        try (Network network = network(Backend.REFERENCE, "dense", 1)) {
            network.gradients().fill((byte) 1);
            byte[] gradients = network.gradients().toArray(ValueLayout.JAVA_BYTE);
            byte[] parameters = network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
            GradientCheck.of(network).batch(batch(network, Extra.NOTHING, new Random(7))).elements(3).run();
            assertArrayEquals(gradients, network.gradients().toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(parameters, network.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Test
    void aLossThatThrowsLeavesTheNetworkAsItWas() {
        try (Network network = network(Backend.REFERENCE, "dense", 1)) {
            byte[] parameters = network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
            var calls = new AtomicInteger();
            GradientCheck check = GradientCheck.of(network).batch(batch(network, Extra.NOTHING, new Random(7)))
                    .loss((outputs, gradient) -> {
                        if (calls.incrementAndGet() == 3) { // of the gradient, of the first difference, and this one
                            throw new ArithmeticException("no loss");
                        }
                        return 0;
                    });
            assertThrows(ArithmeticException.class, check::run);
            assertArrayEquals(parameters, network.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Test
    void elementsAreDrawn() {
        try (Network network = network(Backend.REFERENCE, "oneHot", 1)) {
            GradientReport report =
                    GradientCheck.of(network).batch(batch(network, Extra.NOTHING, new Random(7))).elements(5).run();
            assertEquals(List.of("layer0.weightIh", "layer0.weightHh", "layer0.bias", "head.weight", "head.bias",
                    "layer0.state[0]", "layer0.state[1]"),
                    report.rows().stream().map(GradientReport.Row::tensor).toList());
            for (GradientReport.Row row : report.rows()) {
                assertEquals(row.tensor().equals("head.bias") ? CLASSES : 5, row.elements(), row.tensor());
            }
        }
    }

    @Test
    void whatCannotBeCheckedIsRefused() {
        try (Network network = network(Backend.REFERENCE, "oneHot", 1)) {
            GradientCheck check = GradientCheck.of(network);
            refused("batch: expected one, got none", check::run);
            refused("batch: expected one with targets, got none",
                    () -> check.batch(SequenceBatch.tokens(new int[T * B], T, B)).run());
            refused("count: expected at least 1, got 0", () -> check.elements(0));
            var body = new CellBody(Lstm::of, Backend.REFERENCE, IsaTier.BASELINE, Precision.FLOAT32);
            refused("precision: expected FLOAT64, got FLOAT32", () -> CellGradientCheck.of(body));
        }
    }

    /** A wrong mask must not make a test pass. */
    @ParameterizedTest
    @EnumSource
    void aBatchOfWhichNothingCountsIsRefused(Precision precision) {
        try (Network network = Network.oneHot(TOKENS).layer(Lstm.of(3)).classes(CLASSES).backend(Backend.REFERENCE)
                .precision(precision).build()) {
            SequenceBatch batch = batch(network, Extra.NOTHING, new Random(7));
            var ignored = new int[T * B];
            Arrays.fill(ignored, SequenceBatch.IGNORED);
            for (SequenceBatch nothing : List.of(batch.targets(ignored), batch.targetMask(new byte[T * B]),
                    batch.lengths(new int[B]))) {
                refused("batch: expected at least one target that counts, got none",
                        () -> GradientCheck.of(network).batch(nothing).run());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLossThatDependsOnNothingDoesNotPass(Precision precision) {
        try (Network network = Network.oneHot(TOKENS).layer(Lstm.of(3)).outputs(2).backend(Backend.REFERENCE)
                .precision(precision).build()) {
            GradientReport report = GradientCheck.of(network)
                    .batch(SequenceBatch.tokens(new int[T * B], T, B)).loss((outputs, gradient) -> 1).run();
            String message = assertThrows(AssertionError.class, report::assertPasses).getMessage();
            assertTrue(message.contains("(all gradients and all differences are 0)"), message);
            assertThrows(AssertionError.class, () -> report.assertBelow(GradientCheck.TOLERANCE));
        }
    }

    @Test
    void aFunctionOfGradientZeroPasses() {
        GradientCheck.of(x -> 1, x -> new double[x.length]).at(0.5, 2).run().assertPasses();
    }

    /** Run by a JVM of its own, as a backend is logged once. */
    static final class Float32 {
        private Float32() {}

        public static void main(String[] arguments) {
            try (Network network = Network.oneHot(TOKENS).layer(Lstm.of(3)).classes(CLASSES).backend(Backend.VECTOR)
                    .build()) {
                var batch = SequenceBatch.tokens(new int[T * B], T, B).targets(new int[T * B]);
                GradientCheck.of(network).batch(batch).run().assertPasses();
            }
        }
    }

    @Test
    void theLogSpeaksOfTheNetworkOnly() throws Exception {
        String output = OtherJvm.output(List.of("--add-modules", "jdk.incubator.vector"), Float32.class);
        assertEquals(List.of("VECTOR"), output.lines().filter(line -> line.startsWith("INFO: backend "))
                .map(line -> line.split("[ :]+")[2]).toList(), output);
    }

    @Test
    void aReportNamesItsWorstElement() {
        var report = new GradientReport(List.of(
                new GradientReport.Row("bias", Against.DIFFERENCES, 8, "bias[3]", 0.5, 0.5, 0, 1e-6),
                new GradientReport.Row(
                        "weightHh", Against.DIFFERENCES, 16, "weightHh[1, 2]", 0.25, 0.2, 0.2, 1e-6)));
        String message = assertThrows(AssertionError.class, () -> report.assertBelow(1e-6)).getMessage();
        String expected = "gradient of weightHh[1, 2]: expected an error below 1.0e-06, got 2.000e-01";
        assertTrue(message.startsWith(expected), message);
        report.assertBelow(0.3);
        var spoilt = new GradientReport(List.of(
                new GradientReport.Row("bias", Against.DIFFERENCES, 8, "bias[3]", Double.NaN, 0.5, Double.NaN, 1e-6),
                report.rows().getLast()));
        assertThrows(AssertionError.class, () -> spoilt.assertBelow(0.3));
    }

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    private static Network network(Backend backend, String input, int layers) {
        Network.Builder builder = switch (input) {
            case "dense" -> Network.builder(3);
            case "oneHot" -> Network.oneHot(TOKENS);
            default -> Network.embedding(TOKENS, 2);
        };
        for (int layer = 0; layer < layers; layer++) {
            builder.layer(Lstm.of(4 + layer));
        }
        return builder.classes(CLASSES).backend(backend).precision(Precision.FLOAT64).threads(1).seed(11).build();
    }

    private static SequenceBatch batch(Network network, Extra extra, Random random) {
        SequenceBatch batch = network.description().input().tokens()
                ? SequenceBatch.tokens(random.ints(T * B, 0, TOKENS).toArray(), T, B)
                : SequenceBatch.of(random.doubles(T * B * 3, -1, 1).toArray(), T, B, 3);
        int[] targets = random.ints(T * B, 0, CLASSES).toArray();
        if (extra == Extra.IGNORED || extra == Extra.ALL) {
            targets[2] = SequenceBatch.IGNORED;
            targets[T * B - 1] = SequenceBatch.IGNORED;
        }
        batch = batch.targets(targets);
        if (extra == Extra.LENGTHS || extra == Extra.ALL) {
            batch = batch.lengths(new int[] {T, 0, 2});
        }
        if (extra == Extra.HOLD || extra == Extra.ALL) {
            var hold = new byte[T * B];
            hold[0] = 1;
            hold[7] = 1;
            batch = batch.hold(hold);
        }
        return batch;
    }
}
