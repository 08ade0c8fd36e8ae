package dev.rondo.cli.experiment;

import dev.rondo.cli.experiment.CountingTrial.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * A peephole LSTM learns to count from short sequences of {@link CountingLanguage}, by a decoupled Kalman filter and by
 * gradients; after Gers, Perez-Ortiz, Eck and Schmidhuber, "DEKF-LSTM" (ESANN 2002).
 */
final class AnBnCn implements Experiment {
    private static final String ROW = "%-6s %8s %6s %9s %7s %9s %7s %15s %6s %8s   %s";

    private final int sequences;
    private final int patience;
    private final int networks;

    AnBnCn() {
        this(5000, 300, 10);
    }

    /**
     * Trains so many networks by each rule, from so many sequences each at most; after {@code patience} of them, by
     * Adam ten times as many, one that has learned nothing is drawn anew.
     */
    AnBnCn(int sequences, int patience, int networks) {
        this.sequences = sequences;
        this.patience = patience;
        this.networks = networks;
    }

    private int patience(Rule rule) {
        return rule == Rule.ADAM ? 10 * patience : patience;
    }

    @Override
    public String name() {
        return "anbncn";
    }

    @Override
    public String summary() {
        return "a^n b^n c^n, learned from n up to 10, by a Kalman filter and by Adam (Gers et al. 2002)";
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var futures = new LinkedHashMap<Rule, List<Future<CountingTrial>>>();
            for (Rule rule : Rule.values()) {
                futures.put(rule, IntStream.range(0, networks)
                        .mapToObj(i -> pool.submit(
                                () -> CountingTrial.run(rule, sequences, patience(rule), seed * 1000 + i)))
                        .toList());
            }
            try {
                return findings(futures, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(Map<Rule, List<Future<CountingTrial>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("score: the largest N with every n from 1 to N right at every step, " + CountingTrial.LIMIT
                + " at most; trained on n from 1 to " + CountingTrial.TRAINED);
        report.add(String.format(Locale.ROOT, "training ends when n up to %d are right, or after %,d sequences; a "
                + "network", CountingTrial.VALIDATED, sequences));
        report.add(String.format(Locale.ROOT, "without n up to %d after %,d, by Adam %,d, is drawn anew; published: "
                + "DEKF, right up to n = 1000 and more", CountingTrial.TRAINED, patience(Rule.DEKF),
                patience(Rule.ADAM)));
        report.add(String.format(Locale.ROOT, ROW, "rule", "weights", "draws", "learned", "after", "stopped", "after",
                "best published", "best", "median", "each network"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("a^n b^n c^n: how far networks count", "network, the worst first", "N");
        for (var entry : futures.entrySet()) {
            var trials = new ArrayList<CountingTrial>();
            for (Future<CountingTrial> future : entry.getValue()) {
                trials.add(Trials.result(future));
                progress.line(String.format(Locale.ROOT, "%s: %d of %d, N = %d", entry.getKey(), trials.size(),
                        networks, trials.getLast().score()));
            }
            Map<String, Object> row = figures(entry.getKey(), trials);
            figures.add(row);
            double[] scores = (double[]) row.get("each");
            report.add(String.format(Locale.ROOT, ROW, row.get("rule"), row.get("weights"), row.get("draws"),
                    row.get("learned") + " of " + networks, after(trials, CountingTrial::learned),
                    row.get("stopped") + " of " + networks, after(trials, CountingTrial::stopped),
                    row.get("published"), row.get("best"), number((double) row.get("median")),
                    Trials.format("%.0f", scores)));
            Charts.add(chart, (String) row.get("rule"), true,
                    IntStream.rangeClosed(1, scores.length).asDoubleStream().toArray(), scores);
        }
        return new Findings(report, figures, chart);
    }

    /** {@return the median of so many sequences, of the networks that got there} */
    private static String after(List<CountingTrial> trials, ToIntFunction<CountingTrial> sequences) {
        double[] counts = trials.stream().mapToInt(sequences).filter(count -> count > 0).asDoubleStream().toArray();
        return counts.length == 0 ? "-" : number(Series.median(counts));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value == Math.rint(value) ? "%.0f" : "%.1f", value);
    }

    private static Map<String, Object> figures(Rule rule, List<CountingTrial> trials) {
        double[] scores = trials.stream().mapToDouble(CountingTrial::score).sorted().toArray();
        var figures = new LinkedHashMap<String, Object>();
        figures.put("rule", rule == Rule.DEKF ? "DEKF" : "Adam");
        figures.put("weights", trials.getFirst().weights());
        figures.put("draws", trials.stream().mapToInt(CountingTrial::draws).sum());
        figures.put("learned", trials.stream().filter(trial -> trial.learned() > 0).count());
        figures.put("learned_after", trials.stream().map(CountingTrial::learned).toList());
        figures.put("stopped", trials.stream().filter(trial -> trial.stopped() > 0).count());
        figures.put("stopped_after", trials.stream().map(CountingTrial::stopped).toList());
        figures.put("published", rule == Rule.DEKF ? ">= 1000" : "-");
        figures.put("best", (int) scores[scores.length - 1]);
        figures.put("median", Series.median(scores));
        figures.put("each", scores);
        return figures;
    }
}
