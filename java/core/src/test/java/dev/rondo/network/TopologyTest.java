package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout.Tensor;
import dev.rondo.network.Layer.Merge;
import dev.rondo.network.Topologies.Topology;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers in two directions, residual connections, a skip: against plain networks and arithmetic. */
class TopologyTest {
    private static final int T = 6;
    private static final int B = 3;
    private static final int I = Topologies.INPUTS;
    private static final int H = 5;
    private static final int[] LENGTHS = {6, 2, 4};

    /** Sums of some dozen numbers of order 1 in another order, over T steps. */
    private static double rounding(Precision precision) {
        return 1000 * precision.epsilon();
    }

    private static double[] random(long seed, int count) {
        return new Random(seed).doubles(count, -1, 1).toArray();
    }

    /** {@return every sequence of {@code rows}, [T, B, width], read from its own end on} */
    private static double[] reversed(double[] rows, int width) {
        double[] reversed = rows.clone();
        for (int b = 0; b < B; b++) {
            for (int t = 0; t < LENGTHS[b]; t++) {
                System.arraycopy(rows, ((LENGTHS[b] - 1 - t) * B + b) * width, reversed, (t * B + b) * width, width);
            }
        }
        return reversed;
    }

    /** {@return columns of {@code rows}, [N, width], from {@code first} on} */
    private static double[] columns(double[] rows, int width, int first, int count) {
        var columns = new double[rows.length / width * count];
        for (int n = 0; n < rows.length / width; n++) {
            System.arraycopy(rows, n * width + first, columns, n * count, count);
        }
        return columns;
    }

    private static double[] read(MemorySegment segment, Precision precision) {
        var values = new double[(int) (segment.byteSize() / precision.bytes())];
        precision.read(segment, 0, values, values.length);
        return values;
    }

    private static Network network(Network.Builder builder, Backend backend, Precision precision) {
        return builder.backend(backend).precision(precision).threads(2).seed(7).build();
    }

    /** Copies all parameters of {@code from} whose names begin with {@code prefix} into {@code to}. */
    private static void copy(Network from, String prefix, Network to, String as) {
        for (Tensor tensor : to.parameters().layout().tensors()) {
            String name = tensor.name().replaceFirst("^" + as, prefix);
            to.parameters().view(tensor.name()).copyFrom(from.parameters().view(name));
        }
        to.parameters().changed();
    }

    private static double[] gradient(Network network, String name) {
        Tensor tensor = network.parameters().layout().get(name);
        return read(network.precision().slice(network.gradients(), tensor.offset(), tensor.count()),
                network.precision());
    }

    /** Outputs of all steps, and gradients of the parameters by {@code outputGradient}, of a network without a head. */
    private static double[] run(Network network, double[] x, double[] outputGradient) {
        try (NetworkPass pass = network.pass(T, B)) {
            network.zeroGradients();
            pass.forward(SequenceBatch.of(x, T, B, network.inputSize()).lengths(LENGTHS));
            double[] outputs = read(pass.outputs(), network.precision());
            network.precision().write(outputGradient, pass.outputGradient(), 0, outputGradient.length);
            pass.backward();
            return outputs;
        }
    }

    private static void assertClose(double[] expected, double[] got, double tolerance, String what) {
        double size = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElse(0));
        assertArrayEquals(expected, got, tolerance * size, what);
    }

    static Stream<Arguments> bidirectional() {
        var cases = new ArrayList<Arguments>();
        for (Backend backend : Backend.values()) {
            for (String cell : Cells.variants()) {
                for (Merge merge : Merge.values()) {
                    cases.add(Arguments.of(backend, cell, merge));
                }
            }
        }
        return cases.stream();
    }

    /** Outputs and gradients of both directions; on the reference the outputs are the same to the bit. */
    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("bidirectional")
    void aBidirectionalLayerIsTwoNetworks(Backend backend, String name, Merge merge) {
        Cell cell = Cells.parse(name, H);
        Available.assume(backend, cell);
        assumeTrue(cell.unitGroups().isEmpty(), "a clock does not run backwards");
        Precision precision = backend == Backend.VECTOR ? Precision.FLOAT32 : Precision.FLOAT64;
        int part = cell.outputSize();
        int width = merge == Merge.CONCATENATE ? 2 * part : part;
        double[] x = random(1, T * B * I);
        double[] gradient = random(2, T * B * width);
        try (Network both = network(Network.builder(I).layer(Layer.of(cell).bidirectional(merge)).noHead(), backend,
                        precision);
                Network forward = network(Network.builder(I).layer(cell).noHead(), backend, precision);
                Network backward = network(Network.builder(I).layer(cell).noHead(), backend, precision)) {
            copy(both, "layer0.", forward, "layer0.");
            copy(both, "layer0.reverse.", backward, "layer0.");
            double[] outputs = run(both, x, gradient);
            double[] first = run(forward, x, columns(gradient, width, 0, part));
            double[] second = reversed(run(backward, reversed(x, I),
                    reversed(columns(gradient, width, width - part, part), part)), part);
            double tolerance = backend == Backend.REFERENCE ? 0 : rounding(precision);
            if (merge == Merge.CONCATENATE) {
                assertClose(first, columns(outputs, width, 0, part), tolerance, "forward");
                assertClose(second, columns(outputs, width, part, part), tolerance, "reverse");
            } else {
                double[] sum = first.clone();
                Arrays.setAll(sum, i -> first[i] + second[i]);
                assertClose(sum, outputs, tolerance, "sum");
            }
            for (Tensor tensor : forward.parameters().layout().tensors()) {
                String reverse = tensor.name().replace("layer0.", "layer0.reverse.");
                assertClose(gradient(forward, tensor.name()), gradient(both, tensor.name()), rounding(precision),
                        tensor.name());
                assertClose(gradient(backward, tensor.name()), gradient(both, reverse), rounding(precision), reverse);
            }
        }
    }

    @Test
    void theLastStepOfABidirectionalLayerIsTheLastStateOfBothDirections() {
        double[] x = random(1, T * B * I);
        for (Merge merge : Merge.values()) {
            Layer layer = Layer.of(Lstm.of(H)).bidirectional(merge);
            try (Network steps = network(Network.builder(I).layer(layer).noHead(), Backend.REFERENCE,
                            Precision.FLOAT64);
                    Network last = network(Network.builder(I).layer(layer).lastStep().noHead(), Backend.REFERENCE,
                            Precision.FLOAT64);
                    var everyStep = steps.inference(T, B); var pass = last.inference(T, B)) {
                SequenceBatch batch = SequenceBatch.of(x, T, B, I).lengths(LENGTHS);
                everyStep.forward(batch);
                pass.forward(batch);
                double[] forward = read(pass.state(0, 0), Precision.FLOAT64);
                double[] reverse = read(pass.state(0, 2), Precision.FLOAT64); // behind h and c of the forward one
                double[] outputs = read(pass.outputs(), Precision.FLOAT64);
                double[] all = read(everyStep.outputs(), Precision.FLOAT64);
                int width = layer.outputSize();
                for (int i = 0; i < B * H; i++) {
                    int b = i / H;
                    int h = i % H;
                    if (merge == Merge.SUM) {
                        assertEquals(forward[i] + reverse[i], outputs[i]);
                    } else {
                        assertEquals(forward[i], outputs[b * width + h]);
                        assertEquals(reverse[i], outputs[b * width + H + h]);
                        assertEquals(all[((LENGTHS[b] - 1) * B + b) * width + h], forward[i], "its last step");
                        assertEquals(all[b * width + H + h], reverse[i], "its first step");
                    }
                }
            }
        }
    }

    @Test
    void aResidualLayerAddsItsInput() {
        double[] x = random(1, T * B * I);
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder residual = Network.builder(I).layer(Layer.of(Gru.of(I)).residual()).noHead();
            Network.Builder plain = Network.builder(I).layer(Gru.of(I)).noHead();
            if (lastStep) {
                residual.lastStep();
                plain.lastStep();
            }
            try (Network sum = network(residual, Backend.REFERENCE, Precision.FLOAT64);
                    Network cell = network(plain, Backend.REFERENCE, Precision.FLOAT64);
                    var sums = sum.inference(T, B); var cells = cell.inference(T, B)) {
                SequenceBatch batch = SequenceBatch.of(x, T, B, I).lengths(LENGTHS);
                sums.forward(batch);
                cells.forward(batch);
                double[] expected = read(cells.outputs(), Precision.FLOAT64);
                for (int i = 0; i < expected.length; i++) {
                    int b = i / I % B;
                    int t = lastStep ? LENGTHS[b] - 1 : i / I / B;
                    expected[i] += t < LENGTHS[b] ? x[(t * B + b) * I + i % I] : 0;
                }
                assertArrayEquals(expected, read(sums.outputs(), Precision.FLOAT64));
            }
        }
    }

    @Test
    void aSkipAddsTheInputTimesItsWeights() {
        double[] x = random(1, T * B * I);
        int outputs = 2;
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder with = Network.builder(I).layer(Lstm.of(H)).outputs(outputs).skip();
            Network.Builder without = Network.builder(I).layer(Lstm.of(H)).outputs(outputs);
            if (lastStep) {
                with.lastStep();
                without.lastStep();
            }
            try (Network skipping = network(with, Backend.REFERENCE, Precision.FLOAT64);
                    Network plain = network(without, Backend.REFERENCE, Precision.FLOAT64);
                    var skips = skipping.inference(T, B); var plains = plain.inference(T, B)) {
                double[] v = read(skipping.parameters().view("head.skipWeight"), Precision.FLOAT64);
                SequenceBatch batch = SequenceBatch.of(x, T, B, I).lengths(LENGTHS);
                skips.forward(batch);
                plains.forward(batch);
                double[] expected = read(plains.outputs(), Precision.FLOAT64);
                double[] got = read(skips.outputs(), Precision.FLOAT64);
                for (int i = 0; i < expected.length; i++) {
                    int b = i / outputs % B;
                    int t = lastStep ? LENGTHS[b] - 1 : i / outputs / B;
                    for (int k = 0; k < I && t < LENGTHS[b]; k++) {
                        expected[i] += v[i % outputs * I + k] * x[(t * B + b) * I + k];
                    }
                }
                assertClose(expected, got, rounding(Precision.FLOAT64), "skip");
            }
        }
    }

    static List<Topology> plain() {
        return Topologies.plain();
    }

    /** Outputs, and gradients as the sum of those of each sequence. */
    @ParameterizedTest
    @MethodSource("plain")
    void aRaggedBatchIsEachSequenceAlone(Topology topology) {
        double[] x = random(1, T * B * I);
        try (Network network = network(topology.layers().apply(Network.builder(I)).noHead(), Backend.REFERENCE,
                Precision.FLOAT64)) {
            int width = network.outputSize();
            double[] gradient = random(2, T * B * width);
            double[] outputs = run(network, x, gradient);
            double[] together = read(network.gradients(), Precision.FLOAT64);
            network.zeroGradients();
            for (int b = 0; b < B; b++) {
                int steps = LENGTHS[b];
                try (NetworkPass alone = network.pass(steps, 1)) {
                    alone.forward(SequenceBatch.of(sequence(x, b, I), steps, 1, I));
                    assertClose(read(alone.outputs(), Precision.FLOAT64), sequence(outputs, b, width),
                            rounding(Precision.FLOAT64), "outputs of sequence " + b);
                    double[] own = sequence(gradient, b, width);
                    Precision.FLOAT64.write(own, alone.outputGradient(), 0, own.length);
                    alone.backward();
                }
            }
            assertClose(read(network.gradients(), Precision.FLOAT64), together, rounding(Precision.FLOAT64),
                    "gradients");
        }
    }

    private static double[] sequence(double[] rows, int b, int width) {
        var own = new double[LENGTHS[b] * width];
        for (int t = 0; t < LENGTHS[b]; t++) {
            System.arraycopy(rows, (t * B + b) * width, own, t * width, width);
        }
        return own;
    }

    static Stream<Arguments> everywhere() {
        return Stream.of(Backend.values()).flatMap(backend ->
                Stream.of(Topologies.plain(), Topologies.masked()).flatMap(List::stream)
                        .map(topology -> Arguments.of(backend, topology)));
    }

    /** Zeros or not-a-number where no step is taken: the gradients are the same, to the bit. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("everywhere")
    void paddingAndHeldStepsTouchNoGradient(Backend backend, Topology topology) {
        Available.assume(backend);
        var held = new byte[T * B];
        held[2 * B] = held[2] = 1;
        for (boolean lastStep : new boolean[] {false, true}) {
            Network.Builder builder = topology.layers().apply(Network.builder(I)).skip().classes(2);
            builder = lastStep ? builder.lastStep() : builder;
            try (Network network = network(builder, backend, Precision.FLOAT32);
                    NetworkPass pass = network.pass(T, B)) {
                pass.maskSeed(3);
                double[][] gradients = new double[2][];
                for (int round = 0; round < 2; round++) {
                    double[] x = random(1, T * B * I);
                    for (int i = 0; i < x.length; i++) {
                        int row = i / I;
                        boolean taken = row / B < LENGTHS[row % B] && held[row] == 0;
                        x[i] = taken ? x[i] : round == 0 ? 0 : Double.NaN;
                    }
                    network.zeroGradients();
                    pass.forward(SequenceBatch.of(x, T, B, I).lengths(LENGTHS).hold(held)
                            .targets(new int[lastStep ? B : T * B]));
                    pass.backward();
                    gradients[round] = read(network.gradients(), Precision.FLOAT32);
                }
                assertArrayEquals(gradients[0], gradients[1]);
                assertTrue(Arrays.stream(gradients[0]).anyMatch(value -> value != 0));
            }
        }
    }

    /** A mask that leaves the last step of each sequence is the head that reads it once. */
    @Test
    void theChosenStepsOfAMaskAreThoseTheLossReads() {
        double[] x = random(1, T * B * I);
        int[] classes = {2, 0, 1};
        var marks = new byte[T * B];
        var targets = new int[T * B];
        for (int b = 0; b < B; b++) {
            marks[(LENGTHS[b] - 1) * B + b] = 1;
            targets[(LENGTHS[b] - 1) * B + b] = classes[b];
        }
        try (Network each = network(Network.builder(I).layer(Lstm.of(H)).classes(3), Backend.REFERENCE,
                        Precision.FLOAT64);
                Network once = network(Network.builder(I).layer(Lstm.of(H)).lastStep().classes(3), Backend.REFERENCE,
                        Precision.FLOAT64);
                var everyStep = each.pass(T, B); var lastStep = once.pass(T, B)) {
            SequenceBatch batch = SequenceBatch.of(x, T, B, I).lengths(LENGTHS);
            everyStep.forward(batch.targets(targets).targetMask(marks));
            lastStep.forward(batch.targets(classes));
            assertEquals(lastStep.loss(), everyStep.loss(), rounding(Precision.FLOAT64));
            assertEquals(B, everyStep.counted());
            everyStep.backward();
            lastStep.backward();
            assertClose(read(once.gradients(), Precision.FLOAT64), read(each.gradients(), Precision.FLOAT64),
                    rounding(Precision.FLOAT64), "gradients");
        }
    }

    @Test
    void layersThatDoNotFitAreNamed() {
        assertSays("layer1.residual: expected an input of 5 numbers, as it puts out, got 3",
                Network.builder(I).layer(Lstm.of(3)).layer(Layer.of(Lstm.of(5)).residual()).classes(2));
        assertSays("layer0.residual: expected an input of 8 numbers, as it puts out, got 4",
                Network.builder(I).layer(Layer.of(Lstm.of(4)).bidirectional().residual()).classes(2));
        assertSays("layer0.residual: expected numbers or an embedding to add, got one-hot tokens",
                Network.oneHot(5).layer(Layer.of(Lstm.of(5)).residual()).classes(2));
        assertSays("skip: expected numbers or an embedding for the head to read, got one-hot tokens",
                Network.oneHot(5).layer(Lstm.of(5)).skip().classes(2));
        assertSays("skip: expected a dense layer that reads the input, got none",
                Network.builder(5).layer(Lstm.of(5)).skip().noHead());
    }

    private static void assertSays(String message, Network.Builder builder) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    }

    @Test
    void streamsRunForwards() {
        try (Network network = network(Network.builder(I).layer(Lstm.of(3))
                .layer(Layer.of(Gru.of(2)).bidirectional()).classes(2), Backend.REFERENCE, Precision.FLOAT32);
                NetworkPass pass = network.inference(1, 1)) {
            assertEquals("stepper: expected layers that run forwards, got layer1, a bidirectional one",
                    assertThrows(IllegalArgumentException.class, network::stepper).getMessage());
            assertEquals("carryState: expected layers that run forwards, got layer1, a bidirectional one",
                    assertThrows(IllegalArgumentException.class, () -> pass.carryState(true)).getMessage());
            pass.carryState(false);
        }
    }
}
