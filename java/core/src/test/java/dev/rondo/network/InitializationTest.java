package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InitializationTest {
    private static final int H = 5;
    private static final int V = 7;

    private static Network network(Network.Builder builder, Precision precision, long seed) {
        return builder.layer(Lstm.of(H)).layer(Lstm.of(H)).classes(V).backend(Backend.REFERENCE).precision(precision)
                .seed(seed).build();
    }

    @ParameterizedTest
    @EnumSource
    void oneSeedGivesOneNetworkOnEveryBackend(Backend backend) {
        Available.assume(backend);
        try (Network reference = network(Network.oneHot(V), Precision.FLOAT64, 3);
                Network network = Network.of(reference.description()).backend(backend).seed(3).build()) {
            for (long i = 0; i < reference.parameters().count(); i++) {
                double expected = (float) Precision.FLOAT64.get(reference.parameters().slab(), i);
                assertEquals(expected, Precision.FLOAT32.get(network.parameters().slab(), i));
            }
        }
    }

    @Test
    void anotherSeedGivesAnotherNetwork() {
        try (Network one = network(Network.oneHot(V), Precision.FLOAT32, 1);
                Network two = network(Network.oneHot(V), Precision.FLOAT32, 2)) {
            assertNotEquals(-1, one.parameters().slab().mismatch(two.parameters().slab()));
        }
    }

    @Test
    void weightsLieWithinTheirLimits() {
        try (Network network = network(Network.embedding(V, 3), Precision.FLOAT64, 1)) {
            assertWithin(network, "embedding.weight", Math.sqrt(3));
            assertWithin(network, "layer0.weightIh", Math.sqrt(6.0 / (3 + 4 * H)));
            assertWithin(network, "layer1.weightIh", Math.sqrt(6.0 / (H + 4 * H)));
            assertWithin(network, "layer1.weightHh", 1 / Math.sqrt(H));
            assertWithin(network, "head.weight", Math.sqrt(6.0 / (H + V)));
        }
    }

    @Test
    void biasesAreWhatTheCellSays() {
        try (Network network = network(Network.builder(3), Precision.FLOAT64, 1)) {
            MemorySegment bias = network.parameters().view("layer1.bias");
            for (int row = 0; row < 4 * H; row++) {
                assertEquals(row / H == 1 ? 1 : 0, Precision.FLOAT64.get(bias, row), "i f g o, row " + row);
            }
            MemorySegment head = network.parameters().view("head.bias");
            for (int c = 0; c < V; c++) {
                assertEquals(0, Precision.FLOAT64.get(head, c));
            }
        }
    }

    /** No more than the limit, and of so many numbers one comes near it. */
    private static void assertWithin(Network network, String name, double limit) {
        MemorySegment view = network.parameters().view(name);
        double greatest = 0;
        for (long i = 0; i < view.byteSize() / Double.BYTES; i++) {
            greatest = Math.max(greatest, Math.abs(Precision.FLOAT64.get(view, i)));
        }
        assertTrue(greatest <= limit && greatest > 0.8 * limit, name + ": " + greatest + " of " + limit);
    }
}
