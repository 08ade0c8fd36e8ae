package dev.rondo.cli.experiment;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.train.Adam;
import dev.rondo.train.Ekf;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.Rtrl;
import dev.rondo.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * The embedded Reber grammar (experiment 1 of Hochreiter and Schmidhuber 1997), learned by an LSTM in several ways: the
 * last symbol but one is the second, 5 steps ago or more.
 */
final class EmbeddedReber implements Experiment {
    private static final String ROW = "%-26s %7s %8s %10s %10s %9s %8s";

    private static final Method ADAM =
            new Method("Adam, BPTT", 8, false, 12_000, trainer -> trainer.optimizer(Adam.of(1e-2)));

    private final List<Method> methods;
    private final int trials;

    /**
     * A way to learn.
     *
     * @param name what it is called in tables
     * @param units of the LSTM
     * @param online whether a step of the trainer is a symbol; else it is a string
     * @param mostSequences after which a trial has failed
     * @param settings of the trainer
     */
    record Method(String name, int units, boolean online, int mostSequences,
            UnaryOperator<Trainer.Builder> settings) {
        Network network(long seed) {
            int symbols = ReberString.ALPHABET.length();
            return Network.oneHot(symbols).layer(Lstm.of(units)).classes(symbols).seed(seed).threads(1).quiet().build();
        }

        Trainer trainer(Network network) {
            return settings.apply(Trainer.builder(network)).build();
        }
    }

    EmbeddedReber() {
        this(List.of(ADAM,
                new Method("Adam, BPTT", 6, false, 12_000, ADAM.settings),
                new Method("Adam, RTRL", 8, true, 12_000,
                        trainer -> ADAM.settings.apply(trainer).learner(Rtrl.exact())),
                kalman()), 10);
    }

    EmbeddedReber(List<Method> methods, int trials) {
        this.methods = methods;
        this.trials = trials;
    }

    /** Of an update after each symbol; updates after 3,000 strings are too small to help. */
    static Method kalman() {
        return new Method("DEKF per gate row", 12, false, 3_000,
                trainer -> trainer.learner(Ekf.decoupled(ParameterGroups.perGateRow())
                        .measurementNoise(10, 1, 5_000).processNoise(1e-3, 1e-6, 20_000)));
    }

    @Override
    public String name() {
        return "embedded-reber";
    }

    @Override
    public String summary() {
        return "the embedded Reber grammar by several learners (Hochreiter and Schmidhuber 1997)";
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<List<Future<ReberTrial>>> rows = methods.stream().map(method -> IntStream.range(0, trials)
                    .mapToObj(trial -> pool.submit(() -> ReberTrial.run(method, seed * 1000 + trial)))
                    .toList()).toList();
            try {
                return findings(rows, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(List<List<Future<ReberTrial>>> rows, Progress progress) throws InterruptedException {
        var report = new ArrayList<String>();
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.successes(summary());
        report.add("published: LSTM of 276 weights: 100 % of trials, 8,440 sequences on average");
        report.add("success: all symbols of " + ReberTrial.STRINGS + " training and " + ReberTrial.STRINGS
                + " test strings right");
        report.add(String.format(Locale.ROOT, ROW, "learner", "weights", "at most", "succeeded", "sequences",
                "shortest", "longest"));
        for (int row = 0; row < methods.size(); row++) {
            Method method = methods.get(row);
            String name = method.name + ", " + method.units + " units";
            var done = new ArrayList<ReberTrial>();
            for (Future<ReberTrial> trial : rows.get(row)) {
                done.add(Trials.result(trial));
                progress.line(String.format(Locale.ROOT, "%s: trial %d of %d, %,d sequences%s", name, done.size(),
                        trials, done.getLast().sequences(),
                        done.getLast().succeeded() ? "" : ", " + done.getLast().wrong() + " test strings wrong"));
            }
            double[] sequences = done.stream().filter(ReberTrial::succeeded)
                    .mapToDouble(ReberTrial::sequences).toArray();
            report.add(line(name, method, done, sequences));
            figures.add(figures(method, done, sequences));
            Charts.successes(chart, name, sequences, trials);
        }
        Charts.dots(chart, "published", new double[] {8_440}, new double[] {1});
        return new Findings(report, figures, chart);
    }

    private static String line(String name, Method method, List<ReberTrial> done, double[] sequences) {
        return String.format(Locale.ROOT, ROW, name, done.getFirst().weights(),
                String.format(Locale.ROOT, "%,d", method.mostSequences),
                sequences.length + " of " + done.size(),
                Trials.count(Arrays.stream(sequences).average()), Trials.count(Arrays.stream(sequences).min()),
                Trials.count(Arrays.stream(sequences).max()));
    }

    private static Map<String, Object> figures(Method method, List<ReberTrial> done, double[] sequences) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("learner", method.name);
        figures.put("units", method.units);
        figures.put("weights", done.getFirst().weights());
        figures.put("sequences_at_most", method.mostSequences);
        figures.put("trials", done.size());
        figures.put("succeeded", sequences.length);
        figures.put("sequences_mean", sequences.length == 0 ? null : Trials.mean(sequences));
        figures.put("sequences", done.stream().mapToInt(ReberTrial::sequences).toArray());
        figures.put("test_strings_wrong", done.stream().mapToInt(ReberTrial::wrong).toArray());
        return figures;
    }
}
