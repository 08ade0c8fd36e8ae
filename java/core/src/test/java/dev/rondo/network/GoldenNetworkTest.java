package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.check.GoldenFile;
import dev.rondo.check.Tolerance;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole networks against libtorch: input, layers of several kinds, head and loss, ragged batches, from given states and
 * with gradients that come in at the last states.
 *
 * <p>Both sides round, so the tolerance is the sum of what {@link Tolerance#gradients} derives for the network and for
 * libtorch in float64; the same for outputs and loss, which go through fewer roundings.
 */
class GoldenNetworkTest {
    private static Network.Builder builder(String name, GoldenFile file) {
        return switch (name) {
            case "dense-each-step-classes" -> Network.builder(5).layer(Lstm.of(7)).layer(Gru.of(6))
                    .classes(4).loss(Loss.softmaxCrossEntropy().classWeights(file.doubles("classWeights")));
            case "embedding-last-step-values" -> Network.embedding(9, 3)
                    .layer(Gru.of(5)).layer(Elman.of(3)).layer(Lstm.of(4))
                    .lastStep().outputs(4).loss(Loss.meanSquaredError());
            case "one-hot-each-step-classes" -> Network.oneHot(8).layer(Gru.of(5))
                    .classes(4).loss(Loss.softmaxCrossEntropy().classWeights(file.doubles("classWeights")));
            case "bidirectional-last-step-values" -> Network.builder(6)
                    .layer(Layer.of(Lstm.of(3)).bidirectional().residual()).layer(Layer.of(Gru.of(4)).bidirectional())
                    .skip().lastStep().outputs(4).loss(Loss.meanSquaredError());
            case "adaptive-each-step-classes" -> Network.embedding(9, 3).layer(Lstm.of(5))
                    .outputs(9).loss(Loss.adaptiveSoftmax(3, 6, 7).divValue(1.5));
            default -> throw new IllegalArgumentException("network: expected one of this test's, got " + name);
        };
    }

    static List<Arguments> networks() {
        var networks = new ArrayList<Arguments>();
        for (GoldenFile file : GoldenFile.all("networks")) {
            for (Backend backend : Backends.available()) {
                for (Precision precision : Precision.values()) {
                    if (runs(() -> builder(file.text("network"), file).backend(backend).precision(precision).build())) {
                        networks.add(Arguments.of(file, backend, precision));
                    }
                }
            }
        }
        return networks;
    }

    private static boolean runs(Supplier<Network> maker) {
        try (var network = maker.get(); var pass = network.pass(1, 1)) {
            return pass.timeSteps() == 1;
        } catch (UnsupportedOperationException e) {
            return false; // no such body; CellContractTest names those that should be there
        }
    }

    @Test
    void thereAreNetworks() {
        assertFalse(GoldenFile.all("networks").isEmpty());
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("networks")
    void agreesWithLibtorch(GoldenFile file, Backend backend, Precision precision) {
        int steps = file.integers("sizes")[0];
        int batch = file.integers("sizes")[1];
        try (var network = builder(file.text("network"), file).backend(backend).precision(precision).build();
                var pass = network.pass(steps, batch)) {
            for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
                double[] values = file.doubles(tensor.name());
                assertEquals(tensor.count(), values.length, tensor.name());
                precision.write(values, network.parameters().slab(), tensor.offset(), values.length);
            }
            network.parameters().changed();
            // What is carried, and what is given, are two ways to begin; a reverse direction has but one.
            boolean carries = network.description().layers().stream().allMatch(layer -> layer.directions() == 1);
            pass.carryState(carries);
            eachState(network, (layer, plane, name) -> put(file, name.formatted("initial"),
                    carries ? pass.state(layer, plane) : pass.initialState(layer, plane)));
            pass.forward(batch(file, network));
            eachState(network, (layer, plane, name) ->
                    put(file, "gradient:" + name.formatted("last"), pass.lastStateGradient(layer, plane)));
            compare(file, pass);
        }
    }

    private static void compare(GoldenFile file, NetworkPass pass) {
        Network network = pass.network();
        Tolerance tolerance = tolerance(network, pass);
        double error = tolerance.error(file.doubles("loss"), new double[] {pass.loss()});
        assertTrue(error <= tolerance.bound(), "loss: error " + error);
        within(tolerance, "outputs", valid(file, network, file.doubles("outputs")),
                valid(file, network, read(pass.outputs(), network)));
        eachState(network, (layer, plane, name) -> within(tolerance, name.formatted("last"),
                file.doubles(name.formatted("last")), read(pass.state(layer, plane), network)));
        pass.backward();
        for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
            double[] all = read(network.gradients(), network);
            int from = Math.toIntExact(tensor.offset());
            within(tolerance, "gradient of " + tensor.name(), file.doubles("gradient:" + tensor.name()),
                    Arrays.copyOfRange(all, from, from + Math.toIntExact(tensor.count())));
        }
        eachState(network, (layer, plane, name) -> within(tolerance, "gradient of " + name.formatted("initial"),
                file.doubles("gradient:" + name.formatted("initial")),
                read(pass.stateGradient(layer, plane), network)));
    }

    private static SequenceBatch batch(GoldenFile file, Network network) {
        int steps = file.integers("sizes")[0];
        int sequences = file.integers("sizes")[1];
        SequenceBatch input = file.has("tokens")
                ? SequenceBatch.tokens(file.integers("tokens"), steps, sequences)
                : SequenceBatch.of(file.doubles("input"), steps, sequences, network.inputSize());
        SequenceBatch batch = input.lengths(file.integers("lengths"));
        return network.description().head().loss().classTargets()
                ? batch.targets(file.integers("targets"))
                : batch.targets(file.doubles("targets"), network.outputSize());
    }

    private interface StateAction {
        void of(int layer, int plane, String name);
    }

    /** The name has a place for "initial" or "last". */
    private static void eachState(Network network, StateAction action) {
        List<Layer> layers = network.description().layers();
        for (int layer = 0; layer < layers.size(); layer++) {
            for (int plane = 0; plane < layers.get(layer).planeWidths().length; plane++) {
                action.of(layer, plane, "layer" + layer + ".%s[" + plane + "]");
            }
        }
    }

    private static void put(GoldenFile file, String name, MemorySegment segment) {
        double[] values = file.doubles(name);
        Precision precision = segment.byteSize() == (long) values.length * Double.BYTES
                ? Precision.FLOAT64 : Precision.FLOAT32;
        precision.write(values, segment, 0, values.length);
    }

    private static double[] read(MemorySegment segment, Network network) {
        Precision precision = network.precision();
        var values = new double[Math.toIntExact(segment.byteSize() / precision.bytes())];
        Arrays.setAll(values, i -> precision.get(segment, i));
        return values;
    }

    /** Outputs of steps within the lengths; of a head that reads the last step there is one for each sequence. */
    private static double[] valid(GoldenFile file, Network network, double[] outputs) {
        int[] lengths = file.integers("lengths");
        int width = network.outputSize();
        double[] valid = outputs.clone();
        for (int i = 0; outputs.length > lengths.length * width && i < valid.length; i++) {
            int row = i / width;
            valid[i] = row / lengths.length < lengths[row % lengths.length] ? valid[i] : 0;
        }
        return valid;
    }

    private static void within(Tolerance tolerance, String what, double[] expected, double[] actual) {
        double error = tolerance.error(expected, actual);
        assertTrue(error <= tolerance.bound(),
                what + ": error " + error + ", tolerance " + tolerance.bound());
    }

    private static Tolerance tolerance(Network network, NetworkPass pass) {
        double bound = 0;
        for (Precision precision : List.of(network.precision(), Precision.FLOAT64)) {
            bound += Tolerance.gradients(network.description(), pass.timeSteps(), pass.batchSize(), precision).bound();
        }
        return new Tolerance(bound, false);
    }
}
