package dev.rondo.reservoir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.kernel.Allocation;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EchoStateNetworkTest {
    private static final UnaryOperator<Network.Builder> DOUBLE =
            builder -> builder.backend(Backend.REFERENCE).precision(Precision.FLOAT64).quiet();

    private final SeededRandom random = new SeededRandom(11);

    @TempDir
    private Path directory;

    private double[][] rows(int count, int width) {
        var rows = new double[count][];
        Arrays.setAll(rows, _ -> random.doubles(width, -1, 1).toArray());
        return rows;
    }

    private static double[][] sine(int from, int count) {
        var series = new double[count][1];
        Arrays.setAll(series, t -> new double[] {0.8 * Math.sin(0.3 * (from + t))});
        return series;
    }

    private static EchoStateNetwork generator(UnaryOperator<EchoStateNetwork.Builder> options) {
        return options.apply(EchoStateNetwork.builder(0, 1).feedback().reservoir(Elman.of(40)).seed(4)).options(DOUBLE)
                .build();
    }

    /** The equations of the class, written out: input, feedback of the target and then of the output, squares. */
    @Test
    void isWhatTheEquationsSay() {
        int H = 7;
        int reads = 3; // an input, and two outputs fed back
        double[][] u = rows(60, 1);
        double[][] d = rows(60, 2);
        try (var model = EchoStateNetwork.builder(1, 2).feedback(0.3).squares().reservoir(Elman.of(H)).seed(1)
                .options(DOUBLE).build();
                var regression = RidgeRegression.of(2 * H + reads, 2)) {
            Parameters parameters = model.network().parameters();
            double[] in = parameters.view("layer0.weightIh").toArray(ValueLayout.JAVA_DOUBLE);
            double[] w = parameters.view("layer0.weightHh").toArray(ValueLayout.JAVA_DOUBLE);
            double[] x = new double[H];
            double[] last = new double[2];
            for (int t = 0; t < 40; t++) {
                double[] read = {u[t][0], last[0], last[1]};
                x = next(in, w, read, x);
                if (t >= 10) {
                    regression.add(features(x, read), d[t]);
                }
                last = d[t];
            }
            double error = model.train(Ridge.of(1e-3).washout(10), Arrays.copyOf(u, 40), Arrays.copyOf(d, 40));
            LinearReadout expected = regression.solve(1e-3);
            assertArrayEquals(expected.weights(), model.readout().weights(), 1e-9);
            assertEquals(regression.meanSquaredError(expected), error, 1e-12);
            double[][] generated = model.generate(Arrays.copyOfRange(u, 40, 60));
            for (int t = 40; t < 60; t++) {
                double[] read = {u[t][0], last[0], last[1]};
                x = next(in, w, read, x);
                last = new double[2];
                expected.apply(features(x, read), last);
                assertArrayEquals(last, generated[t - 40], 1e-9);
            }
        }
    }

    private static double[] next(double[] in, double[] w, double[] read, double[] x) {
        var next = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double sum = 0;
            for (int j = 0; j < read.length; j++) {
                sum += in[i * read.length + j] * read[j];
            }
            for (int j = 0; j < x.length; j++) {
                sum += w[i * x.length + j] * x[j];
            }
            next[i] = Math.tanh(sum);
        }
        return next;
    }

    private static double[] features(double[] x, double[] read) {
        var features = new double[2 * x.length + read.length];
        for (int j = 0; j < x.length; j++) {
            features[j] = x[j];
            features[x.length + j] = x[j] * x[j];
        }
        System.arraycopy(read, 0, features, 2 * x.length, read.length);
        return features;
    }

    /** A wave that was learned goes on for a thousand steps; so it does after another way in. */
    @Test
    void whatWasLearnedGoesOn() {
        try (var model = generator(builder -> builder.noise(1e-4))) {
            model.train(Ridge.of(1e-6).washout(50), sine(0, 500));
            assertClose(sine(500, 1000), model.generate(1000));
            model.warmUp(new double[100][0], sine(33, 100));
            assertClose(sine(133, 1000), model.generate(1000));
        }
    }

    private static void assertClose(double[][] expected, double[][] actual) {
        for (int t = 0; t < expected.length; t++) {
            assertEquals(expected[t][0], actual[t][0], 0.05, "step " + t);
        }
    }

    @Test
    void noiseIsDrawnFromTheSeedAnewForEachTraining() {
        try (var still = generator(UnaryOperator.identity()); var noisy = generator(builder -> builder.noise(1e-3))) {
            double exact = still.train(Ridge.of(1e-6).washout(50), sine(0, 300));
            double first = noisy.train(Ridge.of(1e-6).washout(50), sine(0, 300));
            double[] weights = noisy.readout().weights();
            assertEquals(first, noisy.train(Ridge.of(1e-6).washout(50), sine(0, 300)));
            assertArrayEquals(weights, noisy.readout().weights());
            assertTrue(first > 10 * exact, first + " with noise, " + exact + " without");
        }
    }

    /** Sequences begin anew each, so their order does not matter, and one twice is lambda halved. */
    @Test
    void sequencesBeginAnew() {
        double[][] a = sine(0, 60);
        double[][] b = sine(9, 80);
        List<double[][]> none = List.of(new double[60][0], new double[80][0]);
        try (var one = generator(UnaryOperator.identity()); var two = generator(UnaryOperator.identity())) {
            one.train(Ridge.of(1e-3).washout(5), none, List.of(a, b));
            two.train(Ridge.of(1e-3).washout(5), none.reversed(), List.of(b, a));
            assertArrayEquals(one.readout().weights(), two.readout().weights(), 1e-9);
            one.train(Ridge.of(1e-3), a);
            two.train(Ridge.of(2e-3), List.of(none.getFirst(), none.getFirst()), List.of(a, a));
            assertArrayEquals(one.readout().weights(), two.readout().weights(), 1e-9);
        }
    }

    @Test
    void streamsSideBySideAreStreamsAlone() {
        try (var model = EchoStateNetwork.builder(2, 1).feedback().reservoir(Elman.of(9)).reservoir(Elman.of(5)).seed(2)
                .options(DOUBLE).build()) {
            assertEquals(9 + 5 + 3, model.features());
            model.train(Ridge.of(1e-3), rows(50, 2), rows(50, 1));
            double[][] a = rows(8, 2);
            double[][] b = rows(8, 2);
            double[][] alone = model.predict(a);
            double[][] other = model.predict(b);
            try (var both = model.stream(2)) {
                var y = new double[2];
                for (int t = 0; t < 8; t++) {
                    both.step(new double[] {a[t][0], a[t][1], b[t][0], b[t][1]}, y);
                    assertEquals(alone[t][0], y[0], 1e-12);
                    assertEquals(other[t][0], y[1], 1e-12);
                }
                both.reset();
                both.step(new double[] {b[0][0], b[0][1], a[0][0], a[0][1]}, y);
                assertEquals(other[0][0], y[0], 1e-12);
                assertEquals(alone[0][0], y[1], 1e-12);
            }
        }
    }

    @Test
    void aStepAllocatesNothing() {
        try (var model = EchoStateNetwork.builder(1, 1).feedback().squares().reservoir(Elman.of(4)).build();
                var stream = model.stream()) {
            model.readout(new LinearReadout(new double[model.features()], new double[1]));
            var rule = RecursiveLeastSquares.of(model.features(), 1);
            var x = new double[1];
            var y = new double[1];
            Allocation.assertNone(() -> {
                stream.step(x, y);
                stream.force(x, y);
                stream.learn(x, x, rule, y);
            });
        }
    }

    /** Step by step, the rows are those of the training, and alpha is lambda but for what the bias costs. */
    @Test
    void learnsStepByStep() {
        double[][] u = rows(300, 1);
        double[][] d = new double[300][1];
        Arrays.setAll(d, t -> new double[] {t < 2 ? 0 : u[t - 1][0] * u[t - 2][0]});
        try (var model = EchoStateNetwork.builder(1, 1).reservoir(Elman.of(20)).squares().seed(6).options(DOUBLE)
                .build();
                var stream = model.stream()) {
            var rule = RecursiveLeastSquares.of(model.features(), 1, 1e-4);
            var y = new double[1];
            double early = 0;
            double late = 0;
            for (int t = 0; t < 300; t++) {
                stream.learn(u[t], d[t], rule, y);
                early += t < 100 ? Math.pow(y[0] - d[t][0], 2) : 0;
                late += t >= 200 ? Math.pow(y[0] - d[t][0], 2) : 0;
            }
            assertTrue(late < early / 3, early + ", then " + late);
            model.readout(rule.readout());
            double[][] online = model.predict(u);
            model.train(Ridge.of(1e-4), u, d);
            double[][] ridge = model.predict(u);
            for (int t = 0; t < 300; t++) {
                assertEquals(ridge[t][0], online[t][0], 1e-3);
            }
        }
    }

    @Test
    void aFileHoldsModelAndState() throws IOException {
        Path file = directory.resolve("model.rondo");
        try (var model = generator(builder -> builder.squares().readsInput(false).noise(1e-5))) {
            model.train(Ridge.of(1e-6).washout(20), sine(0, 200));
            model.save(file);
            double[][] expected = model.generate(50);
            try (var loaded = EchoStateNetwork.load(file, DOUBLE)) {
                assertArrayEquals(expected, loaded.generate(50));
                assertEquals(model.network().description(), loaded.network().description());
                assertEquals(80, loaded.features());
                loaded.train(Ridge.of(1e-6).washout(20), sine(0, 200)); // with the same noise
                assertArrayEquals(model.readout().weights(), loaded.readout().weights());
            }
            try (var rounded = EchoStateNetwork.load(
                    file, builder -> builder.backend(Backend.REFERENCE).precision(Precision.FLOAT32).quiet())) {
                rounded.warmUp(new double[200][0], sine(0, 200));
                model.warmUp(new double[200][0], sine(0, 200));
                assertEquals(model.generate(1)[0][0], rounded.generate(1)[0][0], 1e-2);
            }
        }
        try (var untrained = generator(UnaryOperator.identity())) {
            untrained.save(file);
            try (var loaded = EchoStateNetwork.load(file, DOUBLE)) {
                assertFalse(loaded.isTrained());
            }
        }
    }

    /** Weights of the feedback are those of an input, scaled as these and then by the factor. */
    @Test
    void feedbackIsScaledOnTopOfTheInput() {
        double[] plain = inputWeights(1);
        double[] scaled = inputWeights(0.25);
        for (int k = 0; k < plain.length; k++) {
            assertEquals(k % 3 == 0 ? plain[k] : 0.25 * plain[k], scaled[k]);
            assertTrue(Math.abs(plain[k]) <= 0.5);
        }
        assertTrue(Arrays.stream(plain).map(Math::abs).max().orElseThrow() > 0.45);
    }

    private static double[] inputWeights(double feedback) {
        try (var model = EchoStateNetwork.builder(1, 2).feedback(feedback).seed(2).options(DOUBLE)
                .reservoir(Reservoir.of(50).inputScaling(0.5)).build()) {
            return model.network().parameters().view("layer0.weightIh").toArray(ValueLayout.JAVA_DOUBLE);
        }
    }

    /** Data that are made step by step and kept nowhere, and the same in arrays. */
    @Test
    void trainsOnAStreamOfData() {
        int washout = 40;
        for (double noise : new double[] {0, 1e-3}) {
            int first = noise > 0 ? 0 : washout; // noise of the training begins before its washout ends
            try (var model = EchoStateNetwork.builder(1, 2).feedback(0.3).squares().noise(noise)
                    .reservoir(Elman.of(12)).reservoir(Elman.of(7)).seed(3).options(DOUBLE).build();
                    var stream = model.stream();
                    var regression = RidgeRegression.of(model.features(), model.outputSize())) {
                var inputs = new double[3000][1];
                var targets = new double[3000][2];
                for (int t = 0; t < 3000; t++) {
                    wave(t, inputs[t], targets[t]);
                }
                double error = model.train(Ridge.of(1e-4).washout(first), inputs, targets);
                var u = new double[1];
                var d = new double[2];
                for (int t = 0; t < 3000; t++) {
                    wave(t, u, d);
                    if (t < first) {
                        stream.force(u, d);
                    } else {
                        stream.collect(u, d, regression);
                    }
                }
                LinearReadout streamed = regression.solve(1e-4);
                double largest = Arrays.stream(model.readout().weights()).map(Math::abs).max().orElseThrow();
                assertArrayEquals(model.readout().weights(), streamed.weights(), 1e-10 * largest);
                assertArrayEquals(model.readout().bias(), streamed.bias(), 1e-10 * largest);
                assertEquals(error, regression.meanSquaredError(streamed), 1e-10 * error);
            }
        }
    }

    private static void wave(int t, double[] input, double[] target) {
        input[0] = Math.sin(0.37 * t) * Math.cos(0.011 * t);
        target[0] = Math.sin(0.37 * (t - 3));
        target[1] = input[0] * target[0];
    }

    /** Rows of streams side by side are those of each alone. */
    @Test
    void collectsFromStreamsSideBySide() {
        try (var model = EchoStateNetwork.builder(1, 1).feedback().reservoir(Elman.of(6)).seed(3).options(DOUBLE)
                .build();
                var both = model.stream(2);
                var regression = RidgeRegression.of(model.features(), 1)) {
            double[][] u = rows(120, 1);
            double[][] d = rows(120, 1);
            for (int t = 0; t < 60; t++) {
                both.collect(new double[] {u[t][0], u[60 + t][0]}, new double[] {d[t][0], d[60 + t][0]}, regression);
            }
            assertEquals(120, regression.rows());
            model.train(Ridge.of(1e-2), List.of(Arrays.copyOf(u, 60), Arrays.copyOfRange(u, 60, 120)),
                    List.of(Arrays.copyOf(d, 60), Arrays.copyOfRange(d, 60, 120)));
            assertArrayEquals(model.readout().weights(), regression.solve(1e-2).weights(), 1e-12);
        }
    }

    /** Float64 to float32 and back: what comes next is what came next, to float32. */
    @Test
    void theStateIsRoundedToAnotherPrecision() throws IOException {
        Path file = directory.resolve("model.rondo");
        UnaryOperator<Network.Builder> single =
                builder -> builder.backend(Backend.REFERENCE).precision(Precision.FLOAT32).quiet();
        try (var model = generator(UnaryOperator.identity())) {
            model.train(Ridge.of(1e-3).washout(20), sine(0, 200));
            model.save(file);
            double expected = model.generate(5)[4][0];
            assertTrue(Math.abs(expected) > 0.1, "told from a state of zeros: " + expected);
            try (var rounded = EchoStateNetwork.load(file, single)) {
                rounded.save(file);
                assertEquals(expected, rounded.generate(5)[4][0], 1e-4);
            }
            try (var back = EchoStateNetwork.load(file, DOUBLE)) {
                assertEquals(Precision.FLOAT64, back.network().precision());
                assertEquals(expected, back.generate(5)[4][0], 1e-4);
            }
        }
    }

    /** Files whose checksums are right and whose sections are not. */
    @Test
    void sectionsThatDoNotFitAreRefused() throws IOException {
        String settings = "inputs=0 outputs=1 feedback=true noise=0.0 squares=false readsInput=true seed=4";
        try (var model = generator(UnaryOperator.identity());
                var backwards = Network.builder(1).layer(Layer.of(Elman.of(40)).bidirectional()).noHead().seed(1)
                        .quiet().build()) {
            Network network = model.network();
            assertEquals("", refusal(settings, network, 41, 1, 1, model));
            assertEquals("section echo.weights: expected 328 bytes, got 8", refusal(settings, network, 1, 1, 1, model));
            assertEquals("section echo.bias: expected 8 bytes, got 24", refusal(settings, network, 41, 3, 1, model));
            assertEquals("has no section echo.bias", refusal(settings, network, 41, 0, 1, model));
            assertEquals("section echo.output: expected 8 bytes, got 16", refusal(settings, network, 41, 1, 2, model));
            assertEquals("has no section state.layer0.0", refusal(settings, network, 41, 1, 1, null));
            assertEquals("section echo.settings: expected a network without a head that reads 1 numbers, all forwards,"
                    + " got another", refusal(settings, backwards, 81, 1, 1, model));
            String infinite = settings.replace("noise=0.0", "noise=Infinity");
            assertEquals("section echo.settings: cannot read \"" + infinite + "\"",
                    refusal(infinite, network, 41, 1, 1, model));
            String large = settings.replace("outputs=1", "outputs=2147483647");
            assertEquals("section echo.output: expected 17179869176 bytes, got 8",
                    refusal(large, network, 41, 1, 1, model));
        }
    }

    /** {@return why a file of such sections is refused, without its name; empty if it is not} */
    private String refusal(String settings, Network network, int weights, int biases, int outputs,
            EchoStateNetwork states) throws IOException {
        Path file = directory.resolve("crafted.rondo");
        Checkpoint.Builder builder = Checkpoint.builder().text("echo.settings", settings).add(network::write)
                .numbers("echo.weights", Precision.FLOAT64, MemorySegment.ofArray(new double[weights]))
                .numbers("echo.output", Precision.FLOAT64, MemorySegment.ofArray(new double[outputs]));
        if (biases > 0) {
            builder.numbers("echo.bias", Precision.FLOAT64, MemorySegment.ofArray(new double[biases]));
        }
        if (states != null) {
            builder.add(states.own().pass()::writeStates);
        }
        builder.write(file);
        try (var _ = EchoStateNetwork.load(file, options -> options.backend(Backend.REFERENCE).quiet())) {
            return "";
        } catch (CheckpointException e) {
            return e.getMessage().substring(e.getMessage().indexOf(file.getFileName().toString())
                    + file.getFileName().toString().length()).replaceFirst("^[: ]+", "");
        }
    }

    @Test
    void whatIsNoModelIsRefused() throws IOException {
        Path file = directory.resolve("model.rondo");
        try (var model = generator(UnaryOperator.identity())) {
            model.train(Ridge.of(1e-6), sine(0, 50));
            model.save(file);
            byte[] whole = Files.readAllBytes(file);
            for (int at = 0; at < whole.length; at += 97) {
                byte[] damaged = whole.clone();
                damaged[at] ^= 4;
                Files.write(file, damaged);
                assertThrows(CheckpointException.class, () -> EchoStateNetwork.load(file, DOUBLE), "byte " + at);
                Files.write(file, Arrays.copyOf(whole, at));
                assertThrows(CheckpointException.class, () -> EchoStateNetwork.load(file, DOUBLE), "first " + at);
            }
            model.network().save(file);
            assertTrue(assertThrows(CheckpointException.class, () -> EchoStateNetwork.load(file, DOUBLE)).getMessage()
                    .endsWith("has no section echo.settings"));
        }
        String rest = " noise=0.0 squares=false readsInput=true seed=4";
        for (String settings : new String[] {"", "inputs=1", "inputs=0 outputs=2000000000 feedback=true" + rest,
            "inputs=2000000000 outputs=2000000000 feedback=true" + rest, "inputs=3 outputs=1 feedback=false" + rest,
            "inputs=0 outputs=1 feedback=false" + rest}) {
            try (var model = generator(UnaryOperator.identity())) {
                Checkpoint.builder().text("echo.settings", settings).add(model.network()::write)
                        .numbers("echo.output", Precision.FLOAT64, MemorySegment.ofArray(new double[1])).write(file);
                assertThrows(CheckpointException.class, () -> EchoStateNetwork.load(file, DOUBLE), settings);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> EchoStateSettings.parse("inputs=1"));
        assertThrows(IllegalArgumentException.class, () -> EchoStateSettings.parse(""));
    }

    @Test
    void misuseIsSaid() {
        assertEquals("inputSize: expected at least 1 without feedback, got 0",
                refused(_ -> EchoStateNetwork.builder(0, 1).reservoir(Elman.of(3)).build()));
        assertEquals("inputSize: expected at least 0, got -1", refused(_ -> EchoStateNetwork.builder(-1, 1)));
        assertEquals("noise: expected a number of at least 0, got -1.0",
                refused(_ -> EchoStateNetwork.builder(1, 1).noise(-1)));
        assertEquals("regression: expected 5 features and 1 outputs, got 4 and 1", refused(model -> {
            try (var stream = model.stream(); var regression = RidgeRegression.of(4, 1)) {
                stream.collect(new double[2], new double[1], regression);
            }
        }));
        assertEquals("inputs: expected 50 rows, one for each target, got 49",
                refused(model -> model.train(Ridge.of(1), rows(49, 2), rows(50, 1))));
        assertEquals("input: expected 2 numbers, got 3",
                refused(model -> model.train(Ridge.of(1), rows(50, 3), rows(50, 1))));
        assertEquals("inputs: expected 2 numbers per step, got none",
                refused(model -> model.train(Ridge.of(1), rows(50, 1))));
        assertEquals("rows: expected at least one, got none",
                refused(model -> model.train(Ridge.of(1).washout(50), rows(50, 2), rows(50, 1))));
        assertEquals("readout: expected 5 features and 1 outputs, got 4 and 1",
                refused(model -> model.readout(new LinearReadout(new double[4], new double[1]))));
        try (var model = model()) {
            assertEquals("readout: expected a trained model, got one without a readout", assertThrows(
                    IllegalStateException.class, () -> model.predict(rows(3, 2))).getMessage());
        }
        EchoStateNetwork closed = model();
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.train(Ridge.of(1), rows(5, 2), rows(5, 1)));
        assertThrows(IllegalStateException.class, closed::stream);
    }

    private static EchoStateNetwork model() {
        return EchoStateNetwork.builder(2, 1).reservoir(Elman.of(3)).options(DOUBLE).build();
    }

    private static String refused(Consumer<EchoStateNetwork> use) {
        try (var model = model()) {
            return assertThrows(IllegalArgumentException.class, () -> use.accept(model)).getMessage();
        }
    }
}
