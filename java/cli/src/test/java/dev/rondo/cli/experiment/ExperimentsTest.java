package dev.rondo.cli.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Sgd;
import dev.rondo.train.Trainer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The experiments, made small. */
class ExperimentsTest {
    private static final RandomGenerator RANDOM = RandomGeneratorFactory.of("L64X128MixRandom").create(1);

    /** An LSTM learns to add over ten steps as the paper has it over a hundred; a unit without memory does not. */
    @Test
    void anLstmLearnsAShortAddingProblem() throws InterruptedException {
        Findings found = new LongLags(new AddingProblem(10), Contestant.CLOSED_LSTM, 1, List.of())
                .run(1, 2, line -> {});
        assertSucceeded(found);
    }

    @Test
    void anLstmLearnsAShortTemporalOrder() throws InterruptedException {
        assertSucceeded(new LongLags(new TemporalOrder(2), Contestant.CLOSED_LSTM, 1, List.of())
                .run(1, 2, line -> {}));
    }

    /** With and without clipping. After 2000 in a row a few of 2560 others may be just beyond the limit. */
    private static void assertSucceeded(Findings found) {
        for (Map<String, Object> figures : found.figures()) {
            assertEquals(1, figures.get("succeeded"), () -> String.join("\n", found.report()));
            assertTrue((int) figures.get("wrong_of_2560_worst") < 2560 / 20, () -> String.join("\n", found.report()));
        }
    }

    /** What was published of five seeds holds of one: 0.13 and 0.20 are bounds on the means, 1.6 on each ratio. */
    @Test
    void clockworkNetworksDrawSlowSinesAndElmanNetworksDoNot() throws InterruptedException {
        Findings found = Redrawing.sines(1).run(1, 2, line -> {});
        double clockwork = (double) found.figures().get(0).get("half_mse_mean");
        double elman = (double) found.figures().get(1).get("half_mse_mean");
        assertTrue(clockwork <= 0.15 && elman >= 0.20 && elman / clockwork >= 1.6,
                () -> String.join("\n", found.report()));
        assertEquals(2497L, found.figures().get(0).get("weights"));
        assertEquals(2449L, found.figures().get(1).get("weights"));
    }

    @Test
    void theTargetOfTheAddingProblemIsTheSumOfWhatIsMarked() {
        var task = AddingProblem.published();
        for (int i = 0; i < 1000; i++) {
            var steps = new float[task.longest()][2];
            var target = new float[1];
            int length = task.draw(RANDOM, steps, target);
            assertTrue(length >= 100 && length <= 110, "length " + length);
            double sum = 0;
            int marked = 0;
            for (float[] step : steps) {
                sum += step[1] == 1 ? step[0] : 0;
                marked += step[1] == 1 ? 1 : 0;
            }
            assertEquals(2, marked);
            assertEquals(0.5 + sum / 4, target[0], 1e-6);
            assertEquals(-1, steps[length - 1][1]);
            assertTrue(steps[0][1] == -1 || steps[0][1] == 1 && steps[0][0] == 0);
            assertTrue(IntStream.range(0, 50).filter(t -> steps[t][1] == 1).count() == 2, "both in the first half");
        }
    }

    @Test
    void theClassOfTemporalOrderIsThatOfItsTwoSymbols() {
        var task = TemporalOrder.published();
        for (int i = 0; i < 1000; i++) {
            var steps = new float[task.longest()][8];
            var target = new float[4];
            int length = task.draw(RANDOM, steps, target);
            int[] symbols = IntStream.range(0, length).map(t -> symbol(steps[t])).toArray();
            assertEquals(6, symbols[0]);
            assertEquals(7, symbols[length - 1]);
            int[] relevant = IntStream.range(0, length).filter(t -> symbols[t] == 4 || symbols[t] == 5).toArray();
            assertEquals(2, relevant.length);
            assertTrue(relevant[0] >= 10 && relevant[0] <= 20 && relevant[1] >= 50 && relevant[1] <= 60);
            assertEquals(1, target[2 * (symbols[relevant[0]] - 4) + symbols[relevant[1]] - 4]);
        }
    }

    private static int symbol(float[] step) {
        int[] set = IntStream.range(0, 8).filter(i -> step[i] == 1).toArray();
        assertEquals(1, set.length);
        return set[0];
    }

    /** What the graph of the grammar says, as a regular expression. */
    @Test
    void stringsAreThoseOfTheEmbeddedReberGrammar() {
        String fromFour = "(XT*VP)*(S|XT*VV)"; // by the usual numbers of its nodes
        String inner = "B(TS*X" + fromFour + "|PT*V(V|P" + fromFour + "))E";
        for (int i = 0; i < 1000; i++) {
            String text = text(ReberString.draw(RANDOM));
            assertTrue(text.matches("B(T" + inner + "T|P" + inner + "P)E"), text);
        }
    }

    /** Of many strings: whatever followed a beginning is what may follow it; two symbols do equally often. */
    @Test
    void whatMayFollowIsWhatFollows() {
        var seen = new HashMap<String, int[]>(); // by beginning, how often each symbol followed
        var said = new HashMap<String, List<Integer>>();
        for (int i = 0; i < 20_000; i++) {
            ReberString string = ReberString.draw(RANDOM);
            String text = text(string);
            assertEquals(text.length() - 1, string.steps());
            for (int t = 0; t < string.steps(); t++) {
                String beginning = text.substring(0, t + 1);
                seen.computeIfAbsent(beginning, _ -> new int[7])[string.symbols().get(t + 1)]++;
                int at = t;
                List<Integer> next = IntStream.range(0, 7).filter(s -> string.follows(at, s)).boxed().toList();
                assertEquals(said.computeIfAbsent(beginning, _ -> next), next, beginning);
            }
        }
        seen.values().removeIf(counts -> IntStream.of(counts).sum() < 500);
        assertTrue(seen.size() > 20, "beginnings: " + seen.size());
        seen.forEach((beginning, counts) -> {
            List<Integer> next = IntStream.range(0, 7).filter(s -> counts[s] > 0).boxed().toList();
            assertEquals(said.get(beginning), next, beginning);
            int sum = IntStream.of(counts).sum();
            double five = 5 * Math.sqrt(sum / 4.0); // standard deviations of a count of sum fair draws
            next.forEach(s -> assertEquals((double) sum / next.size(), counts[s], next.size() == 1 ? 0 : five));
        });
    }

    private static String text(ReberString string) {
        return string.symbols().stream().map(s -> ReberString.ALPHABET.substring(s, s + 1))
                .collect(Collectors.joining());
    }

    /** By whole strings and symbol by symbol; after 100 strings it knows little. */
    @Test
    void anLstmLearnsTheEmbeddedReberGrammar() throws InterruptedException {
        var methods = List.of(
                new EmbeddedReber.Method("BPTT", 8, false, 12_000, trainer -> trainer.optimizer(Adam.of(1e-2))),
                new EmbeddedReber.Method("RTRL", 8, true, 12_000,
                        trainer -> trainer.optimizer(Adam.of(3e-3)).learner(Rtrl.exact())));
        Findings found = new EmbeddedReber(methods, 1).run(1, 2, line -> {});
        for (Map<String, Object> figures : found.figures()) {
            assertEquals(1, figures.get("succeeded"), () -> String.join("\n", found.report()));
            assertEquals(4 * 8 * (7 + 8 + 1) + 7 * 9L, figures.get("weights"));
        }
        var tooShort = new EmbeddedReber.Method("BPTT", 8, false, 100, trainer -> trainer.optimizer(Adam.of(1e-2)));
        ReberTrial little = ReberTrial.run(tooShort, 1000);
        assertTrue(!little.succeeded() && little.wrong() > 100, little.toString());
    }

    /** The filter of the table, on 60 strings, comes to half the loss of a guess among all symbols. */
    @Test
    void aKalmanFilterLearnsStringsOfTheEmbeddedReberGrammar() throws InterruptedException {
        EmbeddedReber.Method method = EmbeddedReber.kalman();
        RandomGenerator random = Series.random(1);
        List<ReberString> strings = Stream.generate(() -> ReberString.draw(random)).limit(60).toList();
        int longest = strings.stream().mapToInt(ReberString::steps).max().orElseThrow();
        var losses = new ArrayList<Double>();
        try (var network = method.network(1); var pass = network.pass(longest, 1)) {
            Trainer trainer = method.trainer(network);
            for (ReberString string : strings) {
                losses.add(trainer.step(pass, ReberTrial.batch(List.of(string))).loss());
            }
        }
        double last = losses.subList(40, 60).stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        assertTrue(last < Math.log(ReberString.ALPHABET.length()) / 2, losses.toString());

        var few = List.of(new EmbeddedReber.Method(method.name(), 12, method.online(), 60, method.settings()));
        var wrong = new int[2][];
        for (int threads = 1; threads <= 2; threads++) {
            Findings found = new EmbeddedReber(few, 2).run(1, threads, line -> {});
            wrong[threads - 1] = (int[]) found.figures().getFirst().get("test_strings_wrong");
        }
        assertArrayEquals(wrong[0], wrong[1]);
        assertTrue(wrong[0][0] < ReberTrial.STRINGS, "some are right by then, wrong: " + wrong[0][0]);
    }

    @Test
    void theSequencesOfTheShortLagDifferInFirstAndLastSymbol() {
        assertArrayEquals(new int[] {3, 0, 1, 2, 3}, ShortLagTrial.sequence(4, false));
        assertArrayEquals(new int[] {4, 0, 1, 2, 4}, ShortLagTrial.sequence(4, true));
    }

    /** Over half the lag, which takes a tenth of the time; from few sequences nothing is learned. */
    @Test
    void rtrlBridgesAShortLag() throws InterruptedException {
        ShortLagTrial trial = ShortLagTrial.run(2, 10, 100_000, 1);
        assertTrue(trial.succeeded() && trial.sequences() > 10_000, trial.toString());
        assertEquals(3 + 1 + 3 * 4, trial.weights());
        assertEquals(new ShortLagTrial(false, 20, 36), ShortLagTrial.run(4, 1, 20, 1));
        Findings found = new ShortLag(List.of(new ShortLag.Rate(1, 78, 1_043_000)), 2, 20).run(1, 2, line -> {});
        assertEquals(0, found.figures().getFirst().get("succeeded"));
    }

    /** What is not trained stays; the rest moves as plain gradient descent has it. */
    @Test
    void maskedDescentMovesWhatItTrains() {
        var batch = SequenceBatch.of(new double[] {1, -1, 0.5, 2}, 2, 1, 2).targets(new double[] {1, 0}, 1);
        var after = new double[2][];
        for (boolean masked : new boolean[] {false, true}) {
            try (var network = Network.builder(2).layer(Elman.of(2)).outputs(1).loss(Loss.meanSquaredError())
                            .precision(Precision.FLOAT64).backend(Backend.REFERENCE).seed(1).build();
                    var pass = network.pass(2, 1)) {
                double[] before = values(network);
                Trainer.builder(network).optimizer(masked ? new MaskedDescent(0.1, i -> i % 2 == 0) : Sgd.of(0.1))
                        .build().step(pass, batch);
                after[masked ? 1 : 0] = values(network);
                for (int i = 0; i < before.length; i++) {
                    assertEquals(masked && i % 2 == 1 ? before[i] : after[0][i], values(network)[i], 1e-15);
                    assertTrue(masked || before[i] != after[0][i], "parameter " + i + " has no gradient");
                }
            }
        }
    }

    private static double[] values(Network network) {
        var values = new double[Math.toIntExact(network.parameters().count())];
        network.precision().read(network.parameters().slab(), 0, values, values.length);
        return values;
    }

    /** At its beginning an LSTM, whose forget gates start open, keeps more of a gradient than an Elman network. */
    @Test
    void gradientsVanishSoonerInAnElmanNetwork() throws InterruptedException {
        Findings found = new Vanishing(20, List.of(Contestant.ELMAN, Contestant.LSTM)).run(1, 2, line -> {});
        List<Map<String, Object>> figures = found.figures();
        assertEquals(List.of("start", "trained", "start", "trained"),
                figures.stream().map(of -> of.get("when")).toList());
        assertTrue((int) figures.get(0).get("reach") < (int) figures.get(2).get("reach"),
                () -> String.join("\n", found.report()));
        assertTrue((double) figures.get(0).get("spectral_radius") < 1);
        assertEquals(110, ((double[]) figures.get(0).get("norms")).length, 10);
    }

    /** The same seed gives the same figures, whatever runs beside it. */
    @Test
    void figuresDependOnTheSeedAlone() throws InterruptedException {
        var sines = new Redrawing("small", "small", seed -> new Waveform(new float[] {0, 1, 0, -1, seed / 10f}),
                List.of(new Redrawing.Drawer("Elman", Elman.of(8), Sgd.of(0.1), "-"),
                        new Redrawing.Drawer("LSTM", Lstm.of(8), Adam.of(1e-2), "-")),
                false, 1, 300, 2);
        Findings one = sines.run(5, 1, line -> {});
        Findings two = sines.run(5, 2, line -> {});
        assertEquals(one.report(), two.report());
        assertTrue((double) one.figures().get(1).get("half_mse_mean") < 0.1, () -> String.join("\n", one.report()));
    }

    /** Small networks go on with the series too, but not as well as those of the experiment. */
    @Test
    void smallEchoStateNetworksGoOnWithAChaoticSeries() throws InterruptedException {
        Findings found = new MackeyGlass(150, 100, 1, 3).run(1, 2, line -> {});
        assertTrue((double) found.figures().get(0).get("median") < 1e-4, () -> String.join("\n", found.report()));
        assertTrue((double) found.figures().get(1).get("median") < 0.1, () -> String.join("\n", found.report()));
        assertEquals(found.report(), new MackeyGlass(150, 100, 1, 3).run(1, 1, line -> {}).report());
    }

    /** Of the size that was published: 2.8e-4 is Jaeger's error, of which ten of ours are within a factor of three. */
    @Test
    void aNetworkOfJaegersSizeIsNearHisError() {
        double error = ChaosTrial.jaeger(400, 1000).error();
        assertTrue(error < 3 * 2.8e-4, "error " + error);
    }

    /** A filter finds far more than that the next value is near the last one. */
    @Test
    void smallNetworksLearnAChaoticSeriesByAKalmanFilter() throws InterruptedException {
        Findings found = new MackeyGlassFilter(6, 1, 4).run(1, 2, line -> {});
        double[] series = Series.mackeyGlass(3000, 1000);
        double squares = IntStream.range(1, 3000).mapToDouble(t -> series[t] - series[t - 1]).map(d -> d * d)
                .average().orElseThrow();
        double ofTheLast = Math.sqrt(squares / Series.variance(series));
        for (Map<String, Object> figures : found.figures()) {
            assertTrue((double) figures.get("nrmse1_median") < ofTheLast / 5, () -> String.join("\n", found.report()));
        }
        assertEquals(found.report(), new MackeyGlassFilter(6, 1, 4).run(1, 1, line -> {}).report());
    }

    /** Against the equation in another form: y'(t) of the values themselves, within what Euler's step leaves. */
    @Test
    void theSeriesOfMackeyAndGlassObeysItsEquation() {
        double[] series = Series.mackeyGlass(400, 3);
        double[] y = IntStream.range(0, 400).mapToDouble(t -> 1 + atanh(series[t])).toArray();
        for (int t = 20; t < 399; t++) {
            double past = y[t - 17];
            double slope = 0.2 * past / (1 + Math.pow(past, 10)) - 0.1 * y[t];
            assertEquals((y[t + 1] - y[t - 1]) / 2, slope, 0.02, "t " + t);
        }
        assertTrue(Series.variance(series) > 0.01);
    }

    private static double atanh(double x) {
        return Math.log((1 + x) / (1 - x)) / 2;
    }

    @Test
    void theSystemOfOrderTenObeysItsEquation() {
        Series.Driven data = Series.narma10(300, 5);
        double[] u = data.inputs();
        double[] next = data.targets();
        for (int n = 10; n < 300; n++) {
            double sum = 0;
            for (int i = 0; i < 10; i++) {
                sum += next[n - 1 - i];
            }
            double y = next[n - 1];
            assertEquals(0.3 * y + 0.05 * y * sum + 1.5 * u[n - 9] * u[n] + 0.1, next[n], 1e-12);
            assertTrue(u[n] >= 0 && u[n] < 0.5);
        }
    }

    /**
     * Linear regression by numpy, on 58 series of its own: 0.345 with a deviation of 0.023, and 0.162 with one of 0.020.
     * The network needs no more than its units to be better.
     */
    @Test
    void aSmallEchoStateNetworkFollowsTheSystemOfOrderTen() throws InterruptedException {
        var shares = new ArrayList<Double>();
        Findings found = new Narma(50, 1, 4).run(1, 2, new Progress() {
            @Override
            public void line(String text) {}

            @Override
            public void share(double done, String text) {
                shares.add(done);
            }
        });
        List<Map<String, Object>> figures = found.figures();
        assertEquals(0.32, (double) figures.get(0).get("nmse_mean"), 0.05);
        assertEquals(0.16, (double) figures.get(1).get("nmse_mean"), 0.03);
        assertTrue((double) figures.get(3).get("nmse_mean") < (double) figures.get(1).get("nmse_mean"),
                () -> String.join("\n", found.report()));
        assertEquals(List.of(0.25, 0.5, 0.75, 1.0), shares);
    }

    /** Of the size of the experiment: usual settings leave half of what linear regression on 20 inputs does. */
    @Test
    void aNetworkFollowsTheSystemOfOrderTen() throws InterruptedException {
        List<Map<String, Object>> figures = new Narma(200, 1, 1).run(1, 2, line -> {}).figures();
        double linear = (double) figures.get(1).get("nmse_mean");
        double network = (double) figures.get(2).get("nmse_mean");
        assertTrue(network < 0.12 && network < 0.7 * linear, "NMSE " + network + ", linear " + linear);
    }

    /** No reservoir remembers more than it has units; a nearly linear one remembers much of that. */
    @Test
    void memoryIsBelowTheNumberOfUnits() throws InterruptedException {
        Findings found = new MemoryCapacity(20, 1).run(1, 2, line -> {});
        for (Map<String, Object> figures : found.figures()) {
            double capacity = (double) figures.get("capacity_mean");
            assertTrue(capacity > 1 && capacity < 20, () -> String.join("\n", found.report()));
        }
        assertTrue((double) found.figures().getFirst().get("capacity_mean") > 10,
                () -> String.join("\n", found.report()));
    }
}
