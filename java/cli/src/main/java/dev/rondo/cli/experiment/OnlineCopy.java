package dev.rondo.cli.experiment;

import dev.rondo.cli.experiment.CopyTrial.Rule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * Learners that update at every step copy longer and longer sequences of bits; after Menick et al., "A practical sparse
 * approximation for real time recurrent learning" (2020).
 */
final class OnlineCopy implements Experiment {
    private static final String ROW = "%-8s %6s %8s   %-16s %s";

    private final int units;
    private final int seeds;
    private final int longest;
    private final long mostData;

    OnlineCopy() {
        this(32, 3, 10, 120_000);
    }

    /** Trains a network of so many units by each rule from each seed, until it has mastered the longest sequences. */
    OnlineCopy(int units, int seeds, int longest, long mostData) {
        this.units = units;
        this.seeds = seeds;
        this.longest = longest;
        this.mostData = mostData;
    }

    @Override
    public String name() {
        return "online-copy";
    }

    @Override
    public String summary() {
        return "the copy task with an update at every step, by four learners (Menick et al. 2020)";
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var futures = new EnumMap<Rule, List<Future<CopyTrial>>>(Rule.class);
            for (Rule rule : Rule.values()) {
                futures.put(rule, IntStream.range(0, seeds)
                        .mapToObj(i -> pool.submit(
                                () -> CopyTrial.run(rule, units, longest, mostData, seed * 1000 + i)))
                        .toList());
            }
            try {
                return findings(futures, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(Map<Rule, List<Future<CopyTrial>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("published: SnAp-1 comes close to RTRL and beats UORO, by data (Menick et al. 2020)");
        report.add(String.format(Locale.ROOT, "here: lengths up to %d, each mastered when the mean loss is below %.2f "
                + "bits; data are steps of all %d streams, at most %,d", longest, CopyTrial.MASTERED, CopyTrial.STREAMS,
                mostData));
        report.add(String.format(Locale.ROOT, ROW, "learner", "rate", "weights", "mastered", "after data"));
        var all = new EnumMap<Rule, List<CopyTrial>>(Rule.class);
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("Copy: how long the sequences are that learners have mastered", "data",
                "bits, mean of seeds");
        chart.getStyler().setYAxisDecimalPattern("0.0");
        for (var entry : futures.entrySet()) {
            Rule rule = entry.getKey();
            var trials = new ArrayList<CopyTrial>();
            for (Future<CopyTrial> future : entry.getValue()) {
                CopyTrial trial = Trials.result(future);
                trials.add(trial);
                progress.line(String.format(Locale.ROOT, "%s: %d of %d, %d bits after %,d", rule.title, trials.size(),
                        seeds, trial.mastered(), trial.lastData()));
            }
            all.put(rule, trials);
            report.add(String.format(Locale.ROOT, ROW, rule.title, String.format(Locale.ROOT, "%.0e", rule.rate),
                    trials.getFirst().weights(), join(trials, "%d", CopyTrial::mastered),
                    join(trials, "%,d", CopyTrial::lastData)));
            figures.add(figures(rule, trials));
            draw(chart, rule, trials);
        }
        report.add("by seed, whether RTRL <= SnAp-1 < UORO: " + IntStream.range(0, seeds)
                .mapToObj(i -> inOrder(all, i) ? "yes" : "no").collect(Collectors.joining(" ")));
        return new Findings(report, figures, chart);
    }

    private static String join(List<CopyTrial> trials, String pattern, ToLongFunction<CopyTrial> of) {
        return trials.stream().map(trial -> String.format(Locale.ROOT, pattern, of.applyAsLong(trial)))
                .collect(Collectors.joining(" "));
    }

    /** {@return whether learners are in the order published, by length and then by data that it took} */
    private static boolean inOrder(Map<Rule, List<CopyTrial>> trials, int i) {
        CopyTrial snap = trials.get(Rule.SNAP).get(i);
        return CopyTrial.ORDER.compare(trials.get(Rule.RTRL).get(i), snap) <= 0
                && CopyTrial.ORDER.compare(snap, trials.get(Rule.UORO).get(i)) < 0;
    }

    private Map<String, Object> figures(Rule rule, List<CopyTrial> trials) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("learner", rule.title);
        figures.put("learning_rate", rule.rate);
        figures.put("weights", trials.getFirst().weights());
        figures.put("mastered", trials.stream().map(CopyTrial::mastered).toList());
        figures.put("data", trials.stream().map(CopyTrial::data).toList());
        return figures;
    }

    /** Draws steps: the length is one more from where it was mastered. */
    private void draw(XYChart chart, Rule rule, List<CopyTrial> trials) {
        long[] rises = trials.stream().flatMap(trial -> trial.data().stream()).mapToLong(Long::longValue).sorted()
                .toArray();
        var x = new double[2 * rises.length + 2];
        var y = new double[x.length];
        for (int i = 0; i < rises.length; i++) {
            x[2 * i + 1] = x[2 * i + 2] = rises[i];
            y[2 * i + 2] = y[2 * i + 3] = (i + 1.0) / trials.size();
        }
        x[x.length - 1] = mostData;
        Charts.add(chart, rule.title, true, x, y);
    }
}
