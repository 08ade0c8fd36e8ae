package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import dev.rondo.reservoir.RecursiveLeastSquares;
import dev.rondo.reservoir.RidgeRegression;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class EkfTest {
    private static final int T = 4;
    private static final int B = 2;
    private static final int I = 3;
    private static final int O = 2;

    static Network build(Network.Builder builder, Backend backend) {
        Network network = builder.precision(Precision.FLOAT64).backend(backend).threads(1).seed(3).quiet().build();
        var random = new Random(4);
        double[] weights = weights(network);
        Arrays.setAll(weights, i -> weights[i] + 0.3 * random.nextGaussian()); // no bias zero, no gate alike
        set(network, weights);
        return network;
    }

    static double[] weights(Network network) {
        var values = new double[Math.toIntExact(network.parameters().count())];
        network.precision().read(network.parameters().slab(), 0, values, values.length);
        return values;
    }

    private static void set(Network network, double... weights) {
        network.precision().write(weights, network.parameters().slab(), 0, weights.length);
        network.parameters().changed();
    }

    private static Network.Builder numbers(Cell cell) {
        return Network.builder(I).layer(cell).lastStep().outputs(O).loss(Loss.meanSquaredError());
    }

    private static SequenceBatch batch(Random random, int sequences) {
        return SequenceBatch.of(random.doubles(T * sequences * I, -1, 1).toArray(), T, sequences, I);
    }

    private static void step(Trainer trainer, SequenceBatch batch) {
        try (var pass = trainer.network().pass(batch.timeSteps(), batch.batchSize())) {
            trainer.step(pass, batch);
        }
    }

    /** {@return the derivatives of all outputs of a pass by all parameters, by one backward pass for each} */
    private static double[][] jacobian(Network network, SequenceBatch inputs) {
        try (NetworkPass pass = network.pass(inputs.timeSteps(), inputs.batchSize())) {
            var rows = new double[(int) (pass.outputs().byteSize() / Double.BYTES)][];
            for (int r = 0; r < rows.length; r++) {
                pass.forward(inputs);
                network.zeroGradients();
                pass.outputGradient().setAtIndex(ValueLayout.JAVA_DOUBLE, r, 1);
                pass.backward();
                rows[r] = LearnerCase.gradients(network);
            }
            return rows;
        }
    }

    private static double[] outputs(Network network, SequenceBatch inputs) {
        try (NetworkPass pass = network.pass(inputs.timeSteps(), inputs.batchSize())) {
            pass.forward(inputs);
            return pass.outputs().toArray(ValueLayout.JAVA_DOUBLE);
        }
    }

    private static int[][] places(ParameterGroups groups, Network network) {
        int[] group = groups.of(network);
        return Arrays.stream(group).distinct()
                .mapToObj(g -> IntStream.range(0, group.length).filter(i -> group[i] == g).toArray())
                .toArray(int[][]::new);
    }

    private static void assertClose(double tolerance, double[] expected, double... actual) {
        double difference = LearnerCase.difference(expected, actual);
        assertTrue(difference <= tolerance, () -> "differs by " + difference);
    }

    /** {@return P of all groups, one after the other, both halves} */
    static double[] covariance(Trainer trainer) {
        return covariance((KalmanFilter) trainer.optimizerState());
    }

    /** {@return the same} */
    static double[] covariance(KalmanFilter filter) {
        double[] half = filter.slabs().get("ekf.covariance").toArray(ValueLayout.JAVA_DOUBLE);
        int[] sizes = filter.groupSizes();
        var both = new double[Arrays.stream(sizes).map(size -> size * size).sum()];
        int from = 0;
        int first = 0;
        for (int size : sizes) {
            for (int i = 0; i < size; i++) {
                for (int j = 0; j <= i; j++) {
                    both[first + i * size + j] = half[from];
                    both[first + j * size + i] = half[from++];
                }
            }
            first += size * size;
        }
        assertEquals(half.length, from);
        return both;
    }

    static List<Arguments> groupsAndBackends() {
        return Stream.of(Backend.REFERENCE, Backend.NATIVE)
                .flatMap(backend -> Stream.of(StandardGroups.values()).map(groups -> Arguments.of(groups, backend)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("groupsAndBackends")
    void itIsThePlainFilter(StandardGroups groups, Backend backend) {
        Available.assume(backend);
        Ekf ekf = Ekf.decoupled(groups).initialVariance(0.5).measurementNoise(2, 0.5, 3)
                .processNoise(1e-3, 1e-4, 2).forgetting(0.97);
        for (Network.Builder builder : List.of(numbers(Lstm.of(4)), numbers(Gru.of(3)),
                Network.builder(I).layer(Layer.of(Elman.of(3)).learnedInitialState()).layer(Lstm.of(2)).skip()
                        .lastStep().outputs(O).loss(Loss.meanSquaredError()))) {
            try (Network network = build(builder, backend)) {
                follow(network, ekf, places(groups, network));
            }
        }
    }

    @Test
    void itIsThePlainFilterOnEveryCell() {
        for (String variant : Cells.variants()) {
            for (ParameterGroups groups : List.of(ParameterGroups.perUnit(), ParameterGroups.perGateRow())) {
                try (Network network = build(numbers(Cells.parse(variant, 8)), Backend.REFERENCE)) {
                    Ekf ekf = Ekf.decoupled(groups).initialVariance(0.5).measurementNoise(2, 0.5, 3)
                            .processNoise(1e-3, 1e-4, 2).forgetting(0.97);
                    follow(network, ekf, places(groups, network));
                }
            }
        }
    }

    /** Five updates, of which the noise falls during the first three. */
    private static void follow(Network network, Ekf ekf, int[]... places) {
        var random = new Random(5);
        Trainer trainer = Trainer.builder(network).learner(ekf).build();
        var plain = new PlainKalman(weights(network), places, 0.5, 0.97);
        double[] noise = {2, 2 * Math.pow(0.25, 1 / 3.0), 2 * Math.pow(0.25, 2 / 3.0), 0.5, 0.5};
        double[] process = {1e-3, Math.sqrt(1e-7), 1e-4, 1e-4, 1e-4};
        for (int update = 0; update < 5; update++) {
            SequenceBatch inputs = batch(random, B);
            double[] wanted = random.doubles(B * O, -1, 1).toArray();
            double[] z = outputs(network, inputs);
            double[] errors = IntStream.range(0, B * O).mapToDouble(i -> wanted[i] - z[i]).toArray();
            plain.update(jacobian(network, inputs), errors, noise[update], process[update]);
            step(trainer, inputs.targets(wanted, O));
            assertClose(1e-10, plain.weights, weights(network));
        }
        double[] covariances = Arrays.stream(plain.covariances).flatMap(Arrays::stream).flatMapToDouble(Arrays::stream)
                .toArray();
        assertClose(1e-10, covariances, covariance(trainer));
    }

    @Test
    void oneGroupIsTheGlobalFilter() {
        try (Network one = build(numbers(Lstm.of(3)), Backend.REFERENCE);
                Network other = build(numbers(Lstm.of(3)), Backend.REFERENCE)) {
            Trainer global = Trainer.builder(one).learner(Ekf.global()).build();
            Trainer decoupled = Trainer.builder(other).learner(
                    Ekf.decoupled(network -> new int[(int) network.parameters().count()])).build();
            for (int update = 0; update < 5; update++) {
                var random = new Random(update);
                SequenceBatch batch = batch(random, B).targets(random.doubles(B * O).toArray(), O);
                step(global, batch);
                step(decoupled, batch);
            }
            assertArrayEquals(weights(one), weights(other));
        }
    }

    @Test
    void streamsAreOneMeasurement() {
        try (Network network = build(numbers(Gru.of(3)), Backend.REFERENCE)) {
            var random = new Random(6);
            SequenceBatch first = batch(random, 1);
            SequenceBatch second = batch(random, 1);
            double[] wanted = random.doubles(2 * O, -1, 1).toArray();
            var rows = new double[2 * O][];
            System.arraycopy(jacobian(network, first), 0, rows, 0, O);
            System.arraycopy(jacobian(network, second), 0, rows, O, O);
            var errors = new double[2 * O];
            for (int o = 0; o < O; o++) {
                errors[o] = wanted[o] - outputs(network, first)[o];
                errors[O + o] = wanted[O + o] - outputs(network, second)[o];
            }
            ParameterGroups groups = ParameterGroups.perLayer();
            var plain = new PlainKalman(weights(network), places(groups, network), 1, 1);
            plain.update(rows, errors, 0.1, 0);
            var both = new double[T * 2 * I];
            for (int t = 0; t < T; t++) {
                for (int i = 0; i < I; i++) {
                    both[(t * 2) * I + i] = Precision.FLOAT64.get(first.values(), t * I + i);
                    both[(t * 2 + 1) * I + i] = Precision.FLOAT64.get(second.values(), t * I + i);
                }
            }
            Trainer trainer = Trainer.builder(network)
                    .learner(Ekf.decoupled(groups).initialVariance(1).measurementNoise(0.1).processNoise(0)).build();
            step(trainer, SequenceBatch.of(both, T, 2, I).targets(wanted, O));
            assertClose(1e-11, plain.weights, weights(network));
        }
    }

    /** Its layer is silent, and what the head reads of it nothing: z = U x + b is left. */
    private static Network linear() {
        Network network = Network.builder(I).layer(Elman.of(1)).skip().outputs(O).loss(Loss.meanSquaredError())
                .precision(Precision.FLOAT64).backend(Backend.REFERENCE).quiet().build();
        set(network, new double[Math.toIntExact(network.parameters().count())]);
        return network;
    }

    private static double[] view(Network network, String tensor) {
        return network.parameters().view(tensor).toArray(ValueLayout.JAVA_DOUBLE);
    }

    @Test
    void ofALinearModelItIsRecursiveLeastSquares() {
        for (double forgetting : new double[] {1, 0.98}) {
            try (Network network = linear()) {
                Trainer trainer = Trainer.builder(network).learner(Ekf.global().initialVariance(50).measurementNoise(1)
                        .processNoise(0).forgetting(forgetting)).build();
                RecursiveLeastSquares rule = RecursiveLeastSquares.of(I, O, 1 / 50.0).forgetting(forgetting);
                var random = new Random(7);
                for (int row = 0; row < 200; row++) {
                    double[] x = random.doubles(I, -1, 1).toArray();
                    double[] y = {x[0] - 2 * x[1] + 0.1 * random.nextGaussian(), x[2] + 0.5};
                    rule.learn(x, y);
                    step(trainer, SequenceBatch.of(x, 1, 1, I).targets(y, O));
                }
                assertClose(1e-10, rule.readout().weights(), view(network, "head.skipWeight"));
                assertClose(1e-10, rule.readout().bias(), view(network, "head.bias"));
            }
        }
    }

    @Test
    void ofALinearModelItIsRidgeRegression() {
        double noise = 0.3;
        double variance = 2;
        try (Network network = linear(); RidgeRegression ridge = RidgeRegression.throughOrigin(I + 1, O)) {
            Trainer trainer = Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perUnit())
                    .initialVariance(variance).measurementNoise(noise).processNoise(0)).build();
            var random = new Random(8);
            for (int step = 0; step < 20; step++) { // five rows of two streams, one after the other
                double[] x = random.doubles(5 * 2 * I, -1, 1).toArray();
                double[] y = random.doubles(5 * 2 * O, -1, 1).toArray();
                step(trainer, SequenceBatch.of(x, 5, 2, I).targets(y, O));
                for (int row = 0; row < 5 * 2; row++) {
                    double[] features = Arrays.copyOf(Arrays.copyOfRange(x, row * I, (row + 1) * I), I + 1);
                    features[I] = 1;
                    ridge.add(features, Arrays.copyOfRange(y, row * O, (row + 1) * O));
                }
            }
            double[] expected = ridge.solve(noise / variance).weights(); // [O, I + 1]
            double[] weight = view(network, "head.skipWeight");
            double[] bias = view(network, "head.bias");
            var actual = new double[expected.length];
            for (int o = 0; o < O; o++) {
                System.arraycopy(weight, o * I, actual, o * (I + 1), I);
                actual[o * (I + 1) + I] = bias[o];
            }
            assertClose(1e-10, expected, actual);
        }
    }

    /** One weight, one number: P' = P R / (P x^2 + R), w' = P x y / (P x^2 + R). */
    @Test
    void ofOneWeightItIsWhatOneCanReckon() {
        try (Network network = Network.builder(1).layer(Elman.of(1)).skip().outputs(1).loss(Loss.meanSquaredError())
                .precision(Precision.FLOAT64).backend(Backend.REFERENCE).quiet().build()) {
            set(network, new double[Math.toIntExact(network.parameters().count())]);
            int place = (int) network.parameters().layout().get("head.skipWeight").offset();
            int[] alone = IntStream.range(0, (int) network.parameters().count()).toArray();
            Trainer trainer = Trainer.builder(network).learner(Ekf.decoupled(_ -> alone).initialVariance(4)
                    .measurementNoise(2).processNoise(0.25)).build();
            step(trainer, SequenceBatch.of(new double[] {3}, 1, 1, 1).targets(new double[] {5}, 1));
            double sum = 4 * 9 + 4 + 2; // the bias, whose derivative is 1, has a share in A
            assertEquals(4 * 3 * 5 / sum, weights(network)[place], 1e-14);
            assertEquals(4 - 4 * 3 * 4 * 3 / sum + 0.25, covariance(trainer)[place], 1e-14);
        }
    }

    /** Ollivier 2018: P'^-1 = P^-1 + H^T C H / R, w' = w + P' H^T (y - p) / R, H being dz/dw, C the covariance of p. */
    @Test
    void ofProbabilitiesItIsTheNaturalGradient() {
        for (Loss loss : List.of(Loss.softmaxCrossEntropy(), Loss.sigmoidCrossEntropy())) {
            try (Network network = build(Network.builder(I).layer(Lstm.of(2)).lastStep().outputs(3).loss(loss),
                    Backend.REFERENCE)) {
                SequenceBatch inputs = batch(new Random(9), 1);
                double[] before = weights(network);
                double[] z = outputs(network, inputs);
                double[][] rows = jacobian(network, inputs);
                boolean softmax = loss.classTargets();
                double sum = Arrays.stream(z).map(Math::exp).sum();
                double[] p = Arrays.stream(z).map(v -> softmax ? Math.exp(v) / sum : 1 / (1 + Math.exp(-v))).toArray();
                double[] y = softmax ? new double[] {0, 0, 1} : new double[] {0.25, 1, 0};
                var c = new double[3][3];
                var error = new double[3][1];
                for (int i = 0; i < 3; i++) {
                    for (int j = 0; j < 3; j++) {
                        c[i][j] = i == j ? p[i] * (1 - p[i]) : softmax ? -p[i] * p[j] : 0;
                    }
                    error[i][0] = y[i] - p[i];
                }
                double[][] turned = PlainKalman.transposed(rows);
                double[][] information = PlainKalman.plus(
                        PlainKalman.times(1 / 0.7, PlainKalman.identity(before.length)),
                        PlainKalman.times(1 / 1.5, PlainKalman.product(PlainKalman.product(turned, c), rows)));
                double[][] covariance = PlainKalman.inverse(information);
                double[][] change = PlainKalman.times(1 / 1.5,
                        PlainKalman.product(covariance, PlainKalman.product(turned, error)));
                var expected = new double[before.length];
                Arrays.setAll(expected, i -> before[i] + change[i][0]);
                Trainer trainer = Trainer.builder(network).learner(
                        Ekf.global().initialVariance(0.7).measurementNoise(1.5).processNoise(0)).build();
                step(trainer, softmax ? inputs.targets(new int[] {2}) : inputs.targets(y, 3));
                assertClose(1e-11, expected, weights(network));
                assertClose(1e-11, Arrays.stream(covariance).flatMapToDouble(Arrays::stream).toArray(),
                        covariance(trainer));
            }
        }
    }

    @Test
    void derivativesByALongWindowAreThoseOfRtrl() {
        for (Cell cell : List.of(Lstm.of(4), Gru.of(4))) {
            try (Network one = build(numbers(cell), Backend.REFERENCE);
                    Network other = build(numbers(cell), Backend.REFERENCE)) {
                Trainer rtrl = Trainer.builder(one).learner(Ekf.global()).build();
                Trainer window = Trainer.builder(other)
                        .learner(Ekf.global().derivatives(TruncatedBptt.lookBack(T))).build();
                for (int update = 0; update < 4; update++) { // at the end of each sequence, so that no weights are old
                    var random = new Random(update);
                    SequenceBatch batch = batch(random, B).targets(random.doubles(B * O).toArray(), O);
                    step(rtrl, batch);
                    step(window, batch);
                }
                assertClose(1e-11, weights(one), weights(other));
            }
        }
    }

    /** Two sequences of unlike length; of one number, one position and one class there is no target. */
    @Test
    void whatDoesNotCountIsNotMeasured() {
        try (Network network = build(Network.builder(I).layer(Gru.of(3)).outputs(O).loss(Loss.meanSquaredError()),
                Backend.REFERENCE)) {
            var random = new Random(10);
            SequenceBatch inputs = batch(random, B).lengths(new int[] {T, 2});
            double[] wanted = random.doubles(T * B * O, -1, 1).toArray();
            var mask = new byte[T * B * O];
            mask[1 * B * O + 1] = 1; // step 1: number 1 of sequence 0, and both of sequence 1
            mask[1 * B * O + 2] = 1;
            mask[1 * B * O + 3] = 1;
            Arrays.fill(mask, (3 * B + 1) * O, (3 * B + 2) * O, (byte) 1); // beyond the end of sequence 1
            double[] z = outputs(network, inputs);
            double[][] all = jacobian(network, inputs);
            int[] places = {B * O + 1, B * O + 2, B * O + 3};
            var plain = new PlainKalman(weights(network), places(StandardGroups.GLOBAL, network), 1, 1);
            plain.update(Arrays.stream(places).mapToObj(i -> all[i]).toArray(double[][]::new),
                    Arrays.stream(places).mapToDouble(i -> wanted[i] - z[i]).toArray(), 1, 0);
            Trainer trainer = Trainer.builder(network).learner(Ekf.global().initialVariance(1).processNoise(0))
                    .build();
            step(trainer, inputs.targets(wanted, O).targetMask(mask));
            assertClose(1e-11, plain.weights, weights(network));

            double[] before = weights(network);
            double[] covariance = covariance(trainer);
            step(trainer, inputs.targets(wanted, O).targetMask(new byte[T * B]));
            assertArrayEquals(before, weights(network));
            assertArrayEquals(covariance, covariance(trainer));
            assertEquals(2, trainer.steps());
        }
    }

    @Test
    void fixedLayersAreNotItsOwn() {
        try (Network network = build(Network.builder(I).layer(Layer.of(Elman.of(4)).fixed()).layer(Gru.of(2)).lastStep()
                .outputs(O).loss(Loss.meanSquaredError()), Backend.REFERENCE)) {
            int fixed = (int) network.parameters().layout().get("layer1.weightIh").offset();
            double[] before = weights(network);
            SequenceBatch inputs = batch(new Random(14), 1);
            double[] z = outputs(network, inputs);
            int[] trained = IntStream.range(fixed, before.length).toArray();
            var plain = new PlainKalman(before, new int[][] {trained}, 1, 1);
            plain.update(jacobian(network, inputs), new double[] {1 - z[0], -z[1]}, 1, 0);
            Trainer trainer = Trainer.builder(network).learner(Ekf.global().initialVariance(1).processNoise(0))
                    .build();
            assertEquals(trained.length * trained.length, covariance(trainer).length);
            step(trainer, inputs.targets(new double[] {1, 0}, O));
            assertArrayEquals(Arrays.copyOf(before, fixed), Arrays.copyOf(weights(network), fixed));
            assertClose(1e-11, plain.weights, weights(network));
        }
    }

    @Test
    void notANumberUpdatesNothing() {
        try (Network network = build(numbers(Lstm.of(2)), Backend.REFERENCE)) {
            Trainer trainer = Trainer.builder(network).learner(Ekf.global()).build();
            double[] before = weights(network);
            SequenceBatch inputs = batch(new Random(11), 1);
            var exception = assertThrows(NonFiniteGradientException.class,
                    () -> step(trainer, inputs.targets(new double[] {0, Double.NaN}, O)));
            assertEquals(1, exception.step());
            assertArrayEquals(before, weights(network));
            assertEquals(0, trainer.steps());
        }
    }

    @Test
    void whatItCannotGoWithIsRefused() {
        try (Network network = build(numbers(Elman.of(2)), Backend.REFERENCE);
                Network free = build(Network.builder(I).layer(Elman.of(2)).lastStep().outputs(O), Backend.REFERENCE);
                var pass = network.pass(T, 1)) {
            Trainer.Builder builder = Trainer.builder(network).learner(Ekf.global());
            refused("optimizer", () -> Trainer.builder(network).learner(Ekf.global()).optimizer(Adam.of(1)).build());
            refused("clip", () -> Trainer.builder(network).learner(Ekf.global())
                    .clip(GradientClipping.globalNorm(1)).build());
            refused("learningRate", () -> Trainer.builder(network).learner(Ekf.global())
                    .learningRate(LearningRate.cosine(5)).build());
            refused("derivatives", () -> Ekf.global().derivatives(Ekf.global()));
            refused("groups", () -> Trainer.builder(network).learner(Ekf.decoupled(_ -> new int[3])).build());
            refused("initialVariance", () -> Ekf.global().initialVariance(0));
            refused("measurementNoise", () -> Ekf.global().measurementNoise(-1));
            refused("processNoise", () -> Ekf.global().processNoise(-1));
            refused("forgetting", () -> Ekf.global().forgetting(1.01));
            SequenceBatch inputs = batch(new Random(12), 1);
            refused("loss", () -> builder.build().step(pass, inputs, (_, _) -> 0));
            assertThrows(IllegalStateException.class, () -> builder.build().update(0));
            Trainer without = Trainer.builder(free).learner(Ekf.global()).build();
            try (var other = free.pass(T, 1)) {
                refused("learner", () -> without.step(other, inputs));
            }
        }
    }

    private static void refused(String name, Runnable what) {
        String message = assertThrows(IllegalArgumentException.class, what::run).getMessage();
        assertTrue(message.startsWith(name), message);
    }

    @Test
    void moreMemoryThanTheLimitIsRefusedBeforeItIsTaken() {
        try (Network network = build(numbers(Lstm.of(20)), Backend.REFERENCE)) {
            long count = network.parameters().count();
            long bytes = Ekf.global().memoryBytes(network, B);
            long half = count * (count + 1) / 2;
            assertEquals(8 * (half + 3 * B * O * count + 2 * B * O * B * O + count + B * O), bytes);
            assertTrue(Ekf.decoupled(ParameterGroups.perUnit()).memoryBytes(network, B) < bytes / 10);
            refused("memoryLimit", () -> Trainer.builder(network)
                    .learner(Ekf.global().memoryLimit(8 * half - 1)).build());
            Trainer trainer = Trainer.builder(network).learner(Ekf.global().memoryLimit(bytes - 1)).build();
            SequenceBatch batch = batch(new Random(13), B).targets(new double[B * O], O);
            refused("memoryLimit", () -> step(trainer, batch));
            step(Trainer.builder(network).learner(Ekf.global().memoryLimit(bytes)).build(), batch);
        }
        try (Network large = Network.builder(1).layer(Lstm.of(1000)).outputs(1).loss(Loss.meanSquaredError())
                .backend(Backend.REFERENCE).quiet().build()) {
            Trainer.Builder builder = Trainer.builder(large).learner(Ekf.global());
            String message = assertThrows(OutOfMemoryError.class, builder::build).getMessage();
            assertTrue(message.contains("GiB"), message);
        }
    }
}
