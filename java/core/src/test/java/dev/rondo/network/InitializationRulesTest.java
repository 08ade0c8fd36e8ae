package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.jordan.Jordan;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What weights start with. Means are tested to five of their own standard deviations, with one seed. */
class InitializationRulesTest {
    private static final int I = 30;
    private static final int H = 40;

    private static Network network(Cell cell, Initialization input, Initialization recurrent) {
        return Network.builder(I).layer(cell).classes(I).backend(Backend.REFERENCE).precision(Precision.FLOAT64).seed(5)
                .inputWeights(input).recurrentWeights(recurrent).build();
    }

    private static double[] weights(Network network, String name) {
        return network.parameters().view(name).toArray(ValueLayout.JAVA_DOUBLE);
    }

    private static double meanPower(double[] values, int power) {
        double sum = 0;
        for (double value : values) {
            sum += Math.pow(value, power);
        }
        return sum / values.length;
    }

    /** Squares of numbers within the limit l have mean l^2/3 and variance 4 l^4 / 45. */
    private static void assertUniform(double[] values, double limit) {
        double n = values.length;
        for (double value : values) {
            assertTrue(Math.abs(value) <= limit, value + " of " + limit);
        }
        assertEquals(0, meanPower(values, 1), 5 * limit / Math.sqrt(3 * n));
        assertEquals(limit * limit / 3, meanPower(values, 2), 5 * limit * limit * Math.sqrt(4 / 45.0 / n));
    }

    /** Squares have mean d^2 and variance 2 d^4, fourth powers 3 d^4 and 96 d^8. */
    private static void assertNormal(double[] values, double d) {
        double n = values.length;
        assertEquals(0, meanPower(values, 1), 5 * d / Math.sqrt(n));
        assertEquals(d * d, meanPower(values, 2), 5 * d * d * Math.sqrt(2 / n));
        assertEquals(3 * Math.pow(d, 4), meanPower(values, 4), 5 * Math.pow(d, 4) * Math.sqrt(96 / n));
    }

    @Test
    void eachRuleHasItsDistribution() {
        try (Network network = network(Lstm.of(H), Initialization.uniform(0.3), Initialization.normal(0.2))) {
            assertUniform(weights(network, "layer0.weightIh"), 0.3);
            assertUniform(weights(network, "head.weight"), 0.3);
            assertNormal(weights(network, "layer0.weightHh"), 0.2);
        }
        try (Network network = network(Gru.of(H), Initialization.he(), Initialization.xavier())) {
            assertNormal(weights(network, "layer0.weightIh"), Math.sqrt(2.0 / I));
            assertNormal(weights(network, "head.weight"), Math.sqrt(2.0 / H));
            assertUniform(weights(network, "layer0.weightHh"), Math.sqrt(6.0 / (H + 3 * H)));
        }
    }

    /** U and R lie side by side in one tensor, and V, of twice as many rows as there are units, is one matrix. */
    @Test
    void eachMatrixOfAJordanNetworkIsAskedForByItself() {
        var asked = new ArrayList<List<Integer>>();
        Initialization recording = (rows, columns, fanOut, random) -> {
            asked.add(List.of(rows, columns, fanOut));
            return (row, column) -> 0.5;
        };
        int outputs = 2 * H;
        try (Network network = network(Jordan.of(H, outputs).withElman(), Initialization.xavier(), recording)) {
            assertEquals(Set.of(List.of(H, outputs, H), List.of(H, H, H), List.of(outputs, H, outputs)),
                    Set.copyOf(asked));
            assertEquals(3, asked.size());
            for (String name : List.of("layer0.weightHh", "layer0.weightHy")) {
                assertTrue(Arrays.stream(weights(network, name)).allMatch(weight -> weight == 0.5), name);
            }
        }
    }

    @Test
    void theDefaultsAreAsDocumented() {
        try (Network network = Network.builder(64).layer(Lstm.of(128)).classes(3).backend(Backend.REFERENCE)
                .precision(Precision.FLOAT64).build()) {
            assertUniform(weights(network, "layer0.weightIh"), Math.sqrt(6.0 / (64 + 4 * 128)));
            assertUniform(weights(network, "layer0.weightHh"), 1 / Math.sqrt(128));
            assertUniform(weights(network, "head.weight"), Math.sqrt(6.0 / (128 + 3)));
        }
    }

    /** Q^T Q = I in each gate, to the rounding of sums of H products, with the factor 8 for how they lie. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 37, 64})
    void everyGateIsOrthogonal(int size) {
        Cell[] cells = {Elman.of(size), Gru.of(size), Gru.of(size).resetBefore(), Lstm.of(size)};
        for (Cell cell : cells) {
            try (Network network = network(cell, Initialization.xavier(), Initialization.orthogonal().times(2))) {
                double[] weights = weights(network, "layer0.weightHh");
                for (int gate = 0; gate < weights.length / (size * size); gate++) {
                    assertOrthonormalColumns(weights, gate * size, size, size, 4);
                }
            }
        }
    }

    private static void assertOrthonormalColumns(double[] w, int firstRow, int rows, int columns, double square) {
        for (int a = 0; a < columns; a++) {
            for (int b = 0; b < columns; b++) {
                double product = 0;
                for (int r = firstRow; r < firstRow + rows; r++) {
                    product += w[r * columns + a] * w[r * columns + b];
                }
                assertEquals(a == b ? square : 0, product, 8 * square * rows * 0x1p-53, "columns " + a + ", " + b);
            }
        }
    }

    /** A tall gate has orthonormal columns, a wide one orthonormal rows. */
    @ParameterizedTest
    @CsvSource({"37, 3", "3, 37", "1, 5", "5, 1"})
    void theFewerAreOrthonormal(int rows, int columns) {
        Initialization.Weights weights = Initialization.orthogonal().of(rows, columns, rows, new SeededRandom(1));
        int few = Math.min(rows, columns);
        int many = Math.max(rows, columns);
        var tall = new double[rows * columns];
        for (int m = 0; m < many; m++) {
            for (int f = 0; f < few; f++) {
                tall[m * few + f] = rows >= columns ? weights.at(m, f) : weights.at(f, m);
            }
        }
        assertOrthonormalColumns(tall, 0, many, few, 1);
    }

    /**
     * All directions are equally likely: an entry of many random orthogonal matrices of size 2 is the cosine of an even
     * angle, whose square has mean 1/2 and variance 1/8; and both determinants occur, each half the time.
     */
    @Test
    void orthogonalMatricesPreferNoDirection() {
        var random = new SeededRandom(3);
        int n = 4000;
        double sum = 0;
        double squares = 0;
        double determinants = 0;
        for (int i = 0; i < n; i++) {
            Initialization.Weights q = Initialization.orthogonal().of(2, 2, 2, random);
            sum += q.at(0, 0);
            squares += q.at(0, 0) * q.at(0, 0);
            determinants += q.at(0, 0) * q.at(1, 1) - q.at(0, 1) * q.at(1, 0);
        }
        assertEquals(0, sum / n, 5 * Math.sqrt(0.5 / n));
        assertEquals(0.5, squares / n, 5 * Math.sqrt(0.125 / n));
        assertEquals(0, determinants / n, 5 / Math.sqrt(n));
    }

    @Test
    void anIdentityKeepsWhatAReluHolds() {
        try (Network network = network(Elman.relu(H), Initialization.normal(0.001), Initialization.identity())) {
            double[] weights = weights(network, "layer0.weightHh");
            for (int i = 0; i < weights.length; i++) {
                assertEquals(i / H == i % H ? 1 : 0, weights[i]);
            }
        }
        try (Network network = network(Lstm.of(3), Initialization.xavier(), Initialization.identity().times(0.01))) {
            double[] weights = weights(network, "layer0.weightHh");
            for (int i = 0; i < weights.length; i++) {
                assertEquals(i / 3 % 3 == i % 3 ? 0.01 : 0, weights[i]);
            }
        }
    }

    /** Each is a matrix of 1 x 1: so an identity is all ones, and an orthogonal one of either sign. */
    @Test
    void aWeightOfAUnitsOwnStateIsAskedForSingly() {
        Initialization inputs = Initialization.xavier();
        try (Network network = network(IndRnn.of(H), inputs, Initialization.identity())) {
            assertTrue(Arrays.stream(weights(network, "layer0.weightHh")).allMatch(u -> u == 1));
        }
        try (Network network = network(IndRnn.of(H), inputs, Initialization.orthogonal())) {
            double[] signs = Arrays.stream(weights(network, "layer0.weightHh")).distinct().sorted().toArray();
            assertArrayEquals(new double[] {-1, 1}, signs);
        }
        try (Network network = Network.builder(I).layer(IndRnn.of(512)).classes(3).backend(Backend.REFERENCE)
                .precision(Precision.FLOAT64).build()) {
            double[] centred = Arrays.stream(weights(network, "layer0.weightHh")).map(u -> 2 * u - 1).toArray();
            assertUniform(centred, 1);
        }
    }

    /** Neither the order of drawing nor the arithmetic depends on backend or precision. */
    @ParameterizedTest
    @EnumSource
    void oneSeedGivesOneNetworkOnEveryBackend(Backend backend) {
        Available.assume(backend);
        Initialization[] rules = {Initialization.he(), Initialization.orthogonal(), Initialization.normal(0.1)};
        for (Initialization rule : rules) {
            try (Network reference = network(Lstm.of(H), rule, rule);
                    Network network = Network.builder(I).layer(Lstm.of(H)).classes(I).backend(backend).seed(5)
                            .inputWeights(rule).recurrentWeights(rule).build()) {
                for (long i = 0; i < network.parameters().count(); i++) {
                    assertEquals((float) Precision.FLOAT64.get(reference.parameters().slab(), i),
                            Precision.FLOAT32.get(network.parameters().slab(), i));
                }
            }
        }
    }

    /** The weights of one-hot numbers and of tokens are the same, each in its own order. */
    @Test
    void tokensStartAsOneHotNumbers() {
        try (Network dense = network(Gru.of(7), Initialization.orthogonal(), Initialization.xavier());
                Network tokens = Network.oneHot(I).layer(Gru.of(7)).classes(I).backend(Backend.REFERENCE)
                        .precision(Precision.FLOAT64).seed(5).inputWeights(Initialization.orthogonal())
                        .recurrentWeights(Initialization.xavier()).build()) {
            double[] byRow = weights(dense, "layer0.weightIh");
            double[] byToken = weights(tokens, "layer0.weightIh");
            for (int row = 0; row < 21; row++) {
                for (int token = 0; token < I; token++) {
                    assertEquals(byRow[row * I + token], byToken[token * 21 + row]);
                }
            }
        }
    }

    @Test
    void aRuleThatReturnsNullIsNamed() {
        Initialization good = Initialization.xavier();
        Initialization nothing = (_, _, _, _) -> null;
        assertEquals("layer0.weightIh: expected weights by inputWeights, got null", refusal(nothing, good));
        assertEquals("layer0.weightHh: expected weights by recurrentWeights, got null", refusal(good, nothing));
        assertEquals("times: expected weights by the rule, got null", refusal(good, nothing.times(2)));
        Initialization noHead = (rows, columns, fanOut, random) ->
                columns == H ? null : good.of(rows, columns, fanOut, random);
        assertEquals("head.weight: expected weights by inputWeights, got null", refusal(noHead, good));
    }

    private static String refusal(Initialization input, Initialization recurrent) {
        return assertThrows(NullPointerException.class, () -> network(Lstm.of(H), input, recurrent)).getMessage();
    }

    /** Row 2 of the second gate, the weight from source 3. */
    @Test
    void aWeightThatIsNotFiniteIsRefused() {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            var gates = new AtomicInteger();
            Initialization bad = (_, _, _, _) -> {
                boolean second = gates.incrementAndGet() == 2;
                return (row, column) -> second && row == 2 && column == 3 ? value : 0.1;
            };
            assertEquals("layer0.weightHh[" + (H + 2) + ", 3]: expected a finite FLOAT64, got " + value,
                    assertThrows(IllegalArgumentException.class,
                            () -> network(Lstm.of(H), Initialization.xavier(), bad)).getMessage());
        }
        Initialization large = (_, _, _, _) -> (_, _) -> 1e39; // finite as a double alone
        assertEquals("layer0.weightIh[0, 0]: expected a finite FLOAT32, got 1.0E39",
                assertThrows(IllegalArgumentException.class, () -> Network.builder(I).layer(Lstm.of(H)).classes(I)
                        .inputWeights(large).backend(Backend.REFERENCE).build()).getMessage());
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertEquals("limit: expected a number of at least 0, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Initialization.uniform(-1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Initialization.normal(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Initialization.identity().times(Double.POSITIVE_INFINITY));
        assertThrows(NullPointerException.class, () -> Network.builder(1).inputWeights(null));
    }
}
