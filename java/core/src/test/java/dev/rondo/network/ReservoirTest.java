package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.SparsePattern;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.cell.reservoir.Reservoir.Distribution;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import java.util.Map;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a reservoir is: its equation in plain loops, its options, and how its parameters start. */
class ReservoirTest {
    static Stream<Reservoir> reservoirs() {
        return Stream.of(
                Reservoir.of(50).biasScaling(0.3),
                Reservoir.of(50).leak(0.3).spectralRadius(1.25).seed(4),
                Reservoir.of(40).density(0.1).leak(0.396).gain(0.44).biasScaling(1)
                        .inputWeights(Distribution.BERNOULLI).recurrentWeights(Distribution.NORMAL),
                Reservoir.of(33).dense().leak(0.7).activation(Activation.SIGMOID),
                Reservoir.of(64).fanIn(3).activation(Activation.RELU));
    }

    /** The equation over a dense matrix, which the connections are put into. */
    @ParameterizedTest
    @MethodSource("reservoirs")
    void everyBodyComputesTheEquation(Reservoir reservoir) {
        int T = 30;
        int I = 2;
        int H = reservoir.hiddenSize();
        var random = new Random(8);
        var input = new float[T * I];
        for (int i = 0; i < input.length; i++) {
            input[i] = (float) random.nextDouble(-1, 1);
        }
        for (Backend backend : Backends.available()) {
            try (Network network = Network.builder(I).layer(reservoir).noHead().seed(3).backend(backend).build();
                    NetworkPass pass = network.pass(T, 1)) {
                pass.forward(SequenceBatch.of(input, T, 1, I));
                double[] weightIh = read(network, "weightIh");
                double[][] weightHh = dense(reservoir, read(network, "weightHh"));
                double[] bias = read(network, "bias");
                var x = new double[H];
                for (int t = 0; t < T; t++) {
                    var next = new double[H];
                    for (int r = 0; r < H; r++) {
                        double sum = bias[r];
                        for (int i = 0; i < I; i++) {
                            sum += weightIh[r * I + i] * input[t * I + i];
                        }
                        for (int j = 0; j < H; j++) {
                            sum += weightHh[r][j] * x[j];
                        }
                        double f = switch (reservoir.activation()) {
                            case TANH -> Math.tanh(sum);
                            case RELU -> Math.max(sum, 0);
                            case SIGMOID -> 1 / (1 + Math.exp(-sum));
                        };
                        next[r] = (1 - reservoir.leak()) * x[r] + reservoir.gain() * f;
                        double actual = Precision.FLOAT32.get(pass.outputs(), (long) t * H + r);
                        assertEquals(next[r], actual, 2e-5, backend + ", step " + t + ", unit " + r);
                    }
                    x = next;
                }
            }
        }
    }

    private static double[] read(Network network, String name) {
        var segment = network.parameters().view("layer0." + name);
        var values = new double[(int) (segment.byteSize() / network.precision().bytes())];
        network.precision().read(segment, 0, values, values.length);
        return values;
    }

    private static double[][] dense(Reservoir reservoir, double[] weights) {
        SparsePattern pattern = reservoir.connections();
        assertEquals(pattern.count(), weights.length);
        var matrix = new double[pattern.size()][pattern.size()];
        for (int r = 0; r < pattern.size(); r++) {
            for (int k = pattern.rowStart(r); k < pattern.rowStart(r + 1); k++) {
                matrix[r][pattern.column(k)] = weights[k];
            }
        }
        return matrix;
    }

    /** The radius of the numbers in the slab, by Gelfand's formula: the n-th root of the norm of the n-th power. */
    @ParameterizedTest
    @MethodSource("reservoirs")
    void weightsStartWithTheRadiusThatIsAskedFor(Reservoir reservoir) {
        try (Network network = network(reservoir, 5)) {
            double[] weights = read(network, "weightHh");
            double[][] power = dense(reservoir, weights);
            double logarithm = 0; // of what the power was divided by
            int squarings = 20;
            for (int n = 0; n < squarings; n++) {
                double norm = Stream.of(power).flatMapToDouble(DoubleStream::of).map(Math::abs).max().orElseThrow();
                logarithm = 2 * (logarithm + Math.log(norm));
                power = squared(power, norm);
            }
            double radius = Math.exp(logarithm / (1 << squarings));
            assertEquals(reservoir.spectralRadius(), radius, 1e-4 * radius);
            if (reservoir.leak() == 1 && reservoir.gain() == 1) {
                assertEquals(radius, reservoir.effectiveRadius(weights), 1e-4 * radius);
            }
        }
    }

    private static double[][] squared(double[][] a, double norm) {
        int n = a.length;
        var result = new double[n][n];
        for (int r = 0; r < n; r++) {
            for (int k = 0; k < n; k++) {
                double factor = a[r][k] / norm;
                for (int j = 0; j < n && factor != 0; j++) {
                    result[r][j] += factor * (a[k][j] / norm);
                }
            }
        }
        return result;
    }

    private static Network network(Reservoir reservoir, long seed) {
        return Network.builder(3).layer(reservoir).noHead().seed(seed).backend(Backend.REFERENCE)
                .precision(Precision.FLOAT64).build();
    }

    @Test
    void scalingsAndDistributions() {
        var reservoir = Reservoir.of(200).inputScaling(0.25).biasScaling(2).inputWeights(Distribution.BERNOULLI);
        try (Network network = network(reservoir, 1)) {
            assertTrue(DoubleStream.of(read(network, "weightIh")).allMatch(w -> Math.abs(w) == 0.25));
            assertTrue(DoubleStream.of(read(network, "bias")).allMatch(b -> Math.abs(b) == 2));
            assertEquals(0, DoubleStream.of(read(network, "weightIh")).average().orElseThrow(), 0.04);
            double largest = DoubleStream.of(read(network, "weightHh")).map(Math::abs).max().orElseThrow();
            double square = DoubleStream.of(read(network, "weightHh")).map(w -> w * w).average().orElseThrow();
            assertEquals(1.0 / 3, square / (largest * largest), 0.03, "variance of the uniform distribution");
        }
        try (Network network = network(Reservoir.of(20), 1)) {
            assertTrue(DoubleStream.of(read(network, "bias")).allMatch(b -> b == 0));
        }
    }

    /** Values are the network's seed's, connections the reservoir's. */
    @Test
    void seeds() {
        var reservoir = Reservoir.of(30).fanIn(4);
        try (Network one = network(reservoir, 1); Network same = network(reservoir, 1);
                Network other = network(reservoir, 2)) {
            assertArrayEquals(read(one, "weightHh"), read(same, "weightHh"));
            assertArrayEquals(read(one, "weightIh"), read(same, "weightIh"));
            assertNotEquals(read(one, "weightHh")[0], read(other, "weightHh")[0]);
        }
        assertEquals(reservoir, Reservoir.of(30).fanIn(4).seed(0));
        assertNotEquals(reservoir, reservoir.seed(1));
    }

    /** Of x' = (1 - leak) x + gain W x, W being a rotation times 0.5 with a probability of none. */
    @Test
    void effectiveRadius() {
        var cell = Reservoir.of(2).dense().leak(0.4).gain(0.6);
        double[] quarterTurn = {0, -0.5, 0.5, 0};
        assertEquals(Math.hypot(0.6, 0.3), cell.effectiveRadius(quarterTurn), 1e-15);
        double[] flip = {-3, 0, 0, 1};
        assertEquals(1.2, cell.effectiveRadius(flip), 1e-15); // 0.6 - 1.8 and 0.6 + 0.6
        assertTrue(cell.warning(0.999).isEmpty());
        assertTrue(cell.warning(1).orElseThrow().startsWith("reservoir of 2 units: effective spectral radius 1.0"));
    }

    @Test
    void asText() {
        var reservoir = Reservoir.of(9).density(0.25).seed(-3).leak(0.3).gain(0.5).activation(Activation.RELU)
                .inputScaling(0.1).biasScaling(0.2).spectralRadius(1.5).recurrentWeights(Distribution.NORMAL)
                .inputWeights(Distribution.BERNOULLI);
        assertEquals(reservoir, Reservoir.of(9, reservoir.options()));
        assertEquals(Reservoir.of(9).leak(0.3), Reservoir.of(9, Map.of("leak", "0.3")));
        assertEquals(Reservoir.of(9).leak(0.3).gain(1), Reservoir.of(9, Reservoir.of(9).leak(0.3).gain(1).options()));
        assertEquals(Reservoir.of(5).dense(), Reservoir.of(5), "fewer units than connections");
        assertEquals(Reservoir.of(5).dense(), Reservoir.of(5, Map.of("fanIn", "7")));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        refused("fanIn: expected 1 to 5, got 6", () -> Reservoir.of(5).fanIn(6));
        refused("leak: expected a number above 0 to 1, got 0.0", () -> Reservoir.of(5).leak(0));
        refused("gain: expected a finite number above 0, got -1.0", () -> Reservoir.of(5).gain(-1));
        refused("spectralRadius: expected a finite number above 0, got 0.0",
                () -> Reservoir.of(5).spectralRadius(0));
        refused("inputScaling: expected a finite number of at least 0, got -1.0",
                () -> Reservoir.of(5).inputScaling(-1));
        refused("seed: expected a whole number, got x", () -> Reservoir.of(5, Map.of("seed", "x")));
        refused("fanIn: expected none where there is a density, got 3",
                () -> Reservoir.of(5, Map.of("fanIn", "3", "density", "0.5")));
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
