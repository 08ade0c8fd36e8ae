package dev.rondo.cli.experiment;

import dev.rondo.cli.experiment.CountingTrial.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * A peephole LSTM learns to count from short sequences of {@link CountingLanguage}, by a decoupled Kalman filter and by
 * gradients; after Gers, Perez-Ortiz, Eck and Schmidhuber, "DEKF-LSTM" (ESANN 2002).
 */
final class AnBnCn implements Experiment {
    private static final String ROW = "%-6s %8s %9s %11s %15s %10s %10s %12s   %s";

    private final int sequences;
    private final int networks;

    AnBnCn() {
        this(1000, 10);
    }

    /** Trains so many networks by each rule, from so many sequences each. */
    AnBnCn(int sequences, int networks) {
        this.sequences = sequences;
        this.networks = networks;
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
                        .mapToObj(i -> pool.submit(() -> CountingTrial.run(rule, sequences, seed * 1000 + i)))
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
                + " at most; trained on n from 1 to " + CountingTrial.TRAINED + ", "
                + String.format(Locale.ROOT, "%,d sequences", sequences));
        report.add("published: DEKF, right up to n = 1000 and more; here the best score of a network on the way, "
                + "asked for every " + CountingTrial.EVERY + " sequences, and that at the end");
        report.add(String.format(Locale.ROOT, ROW, "rule", "weights", "learned", "after", "best published", "best",
                "median", "median, end", "best of each network"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("a^n b^n c^n: how far networks count", "sequences learned from",
                "median of the best N so far");
        for (var entry : futures.entrySet()) {
            var trials = new ArrayList<CountingTrial>();
            for (Future<CountingTrial> future : entry.getValue()) {
                trials.add(Trials.result(future));
                progress.line(String.format(Locale.ROOT, "%s: %d of %d, best %d after %,d sequences, %d at the end",
                        entry.getKey(), trials.size(), networks, trials.getLast().best(),
                        trials.getLast().sequences(), trials.getLast().last()));
            }
            Map<String, Object> row = figures(entry.getKey(), trials);
            figures.add(row);
            report.add(String.format(Locale.ROOT, ROW, row.get("rule"), row.get("weights"),
                    row.get("learned") + " of " + networks, after(trials), row.get("published"), row.get("best"),
                    number((double) row.get("best_median")), number((double) row.get("last_median")),
                    Trials.format("%.0f", (double[]) row.get("best_each"))));
            draw(chart, entry.getKey(), trials);
        }
        return new Findings(report, figures, chart);
    }

    /** {@return the median of the sequences after which networks that learned all they were trained on had done so} */
    private static String after(List<CountingTrial> trials) {
        double[] learned = trials.stream().mapToDouble(CountingTrial::learned).filter(count -> count > 0).toArray();
        return learned.length == 0 ? "-" : number(Series.median(learned));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value == Math.rint(value) ? "%,.0f" : "%,.1f", value);
    }

    private static Map<String, Object> figures(Rule rule, List<CountingTrial> trials) {
        double[] best = trials.stream().mapToDouble(CountingTrial::best).sorted().toArray();
        double[] last = trials.stream().mapToDouble(CountingTrial::last).sorted().toArray();
        var figures = new LinkedHashMap<String, Object>();
        figures.put("rule", rule == Rule.DEKF ? "DEKF" : "Adam");
        figures.put("weights", trials.getFirst().weights());
        figures.put("learned", trials.stream().filter(trial -> trial.learned() > 0).count());
        figures.put("learned_after", trials.stream().map(CountingTrial::learned).toList());
        figures.put("published", rule == Rule.DEKF ? ">= 1000" : "-");
        figures.put("best", (int) best[best.length - 1]);
        figures.put("best_median", Series.median(best));
        figures.put("last_median", Series.median(last));
        figures.put("best_each", best);
        figures.put("last_each", last);
        return figures;
    }

    private static void draw(XYChart chart, Rule rule, List<CountingTrial> trials) {
        int scores = trials.getFirst().scores().size();
        var medians = new double[scores];
        var soFar = new double[trials.size()];
        for (int i = 0; i < scores; i++) {
            for (int trial = 0; trial < soFar.length; trial++) {
                soFar[trial] = Math.max(soFar[trial], trials.get(trial).scores().get(i));
            }
            medians[i] = Series.median(soFar);
        }
        Charts.add(chart, rule == Rule.DEKF ? "DEKF" : "Adam", true,
                IntStream.rangeClosed(1, scores).mapToDouble(i -> i * (double) CountingTrial.EVERY).toArray(), medians);
    }
}
