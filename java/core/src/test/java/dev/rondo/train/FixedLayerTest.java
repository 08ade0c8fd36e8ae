package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.check.GradientCheck;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A fixed layer between trained ones: its parameters stay, and gradients pass. */
class FixedLayerTest {
    private static final int T = 6;
    private static final int B = 3;
    private static final int I = 2;

    static Backend[] backends() {
        return Backends.available().toArray(Backend[]::new);
    }

    private static Network.Builder network() {
        return Network.builder(I).layer(Elman.of(5))
                .layer(Layer.of(Reservoir.of(30).fanIn(4).leak(0.5)).fixed())
                .layer(Layer.of(Elman.of(4)).fixed().bidirectional().learnedInitialState()).classes(3).seed(1);
    }

    private static SequenceBatch batch() {
        var random = new Random(2);
        var values = new float[T * B * I];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return SequenceBatch.of(values, T, B, I).targets(random.ints(T * B, 0, 3).toArray());
    }

    private static Map<String, double[]> parameters(Network network) {
        var all = new TreeMap<String, double[]>();
        for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
            var values = new double[(int) tensor.count()];
            network.precision().read(network.parameters().slab(), tensor.offset(), values, values.length);
            all.put(tensor.name(), values);
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("backends")
    void trainingLeavesItAsItIs(Backend backend) {
        try (Network network = network().backend(backend).build(); NetworkPass pass = network.pass(T, B)) {
            Map<String, double[]> before = parameters(network);
            var trainer = Trainer.builder(network).optimizer(AdamW.of(1e-2).weightDecay(0.1)).build();
            double loss = trainer.step(pass, batch()).loss();
            for (int step = 0; step < 60; step++) {
                loss -= trainer.step(pass, batch()).loss() < loss ? 0 : 1e-9;
            }
            assertTrue(trainer.step(pass, batch()).loss() < 0.9 * loss, "the others learn");
            parameters(network).forEach((name, values) -> {
                if (name.startsWith("layer1.") || name.startsWith("layer2.")) {
                    assertArrayEquals(before.get(name), values, name);
                } else {
                    assertFalse(Arrays.equals(before.get(name), values), name);
                }
            });
        }
    }

    /** A norm that counted the fixed layer would clip the others' gradients more. */
    @Test
    void itHasNoPartInTheNorm() {
        try (Network network = network().backend(Backend.REFERENCE).precision(Precision.FLOAT64).build();
                NetworkPass pass = network.pass(T, B)) {
            pass.forward(batch());
            network.zeroGradients();
            pass.backward();
            var slab = network.gradients();
            double squares = 0;
            for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
                var values = new double[(int) tensor.count()];
                network.precision().read(slab, tensor.offset(), values, values.length);
                double sum = DoubleStream.of(values).map(value -> value * value).sum();
                squares += network.description().isFixed(tensor) ? 0 : sum;
                assertTrue(sum > 0 || network.description().isFixed(tensor), tensor.name());
            }
            var trainer = Trainer.builder(network).optimizer(Sgd.of(1e-9)).build();
            assertEquals(Math.sqrt(squares), trainer.step(pass, batch()).gradientNorm(), 1e-12);
        }
    }

    @Test
    void gradientsPassThroughIt() {
        try (Network network = network().backend(Backend.REFERENCE).precision(Precision.FLOAT64).build()) {
            GradientCheck.of(network).batch(batch()).run().assertBelow(1e-6);
        }
        if (Backends.available().contains(Backend.NATIVE)) {
            try (Network network = network().backend(Backend.NATIVE).precision(Precision.FLOAT64).build()) {
                GradientCheck.of(network).batch(batch()).run().assertBelow(1e-6);
            }
        }
    }

    @Test
    void itIsPartOfTheDescription(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("fixed.rondo");
        try (Network network = network().backend(Backend.REFERENCE).build()) {
            String text = network.description().text();
            assertTrue(text.lines().filter(line -> line.contains(" fixed=true")).count() == 2, text);
            assertEquals(network.description(), NetworkDescription.parse(text));
            network.save(file);
            try (Network loaded = Network.load(file)) {
                assertEquals(network.description(), loaded.description());
                Map<String, double[]> expected = parameters(network);
                parameters(loaded).forEach((name, values) -> assertArrayEquals(expected.get(name), values, name));
            }
        }
    }
}
