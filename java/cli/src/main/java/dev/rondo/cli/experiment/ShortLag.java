package dev.rondo.cli.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * RTRL on sequences without noise (experiment 2a of Hochreiter and Schmidhuber 1997), with the longest lag that it
 * bridged there.
 */
final class ShortLag implements Experiment {
    private static final int LAG = 4; // p
    private static final String ROW = "%4s %9s %11s %11s %11s %11s %11s";

    private final List<Rate> rates;
    private final int trials;
    private final long mostSequences;

    /** A learning rate, and what was published for it: successes in percent, and how many sequences they took. */
    record Rate(double value, int publishedShare, int publishedSequences) {}

    /** As published. */
    ShortLag() {
        this(List.of(new Rate(1, 78, 1_043_000), new Rate(4, 56, 892_000), new Rate(10, 22, 254_000)), 18, 5_000_000);
    }

    ShortLag(List<Rate> rates, int trials, long mostSequences) {
        this.rates = rates;
        this.trials = trials;
        this.mostSequences = mostSequences;
    }

    @Override
    public String name() {
        return "rtrl-lag";
    }

    @Override
    public String summary() {
        return "RTRL and a symbol of " + LAG + " steps ago (Hochreiter and Schmidhuber 1997, task 2a)";
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<List<Future<ShortLagTrial>>> rows = rates.stream().map(rate -> IntStream.range(0, trials)
                    .mapToObj(trial -> pool.submit(
                            () -> ShortLagTrial.run(LAG, rate.value, mostSequences, seed * 1000 + trial)))
                    .toList()).toList();
            try {
                return findings(rows, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(List<List<Future<ShortLagTrial>>> rows, Progress progress) throws InterruptedException {
        var report = new ArrayList<String>();
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.successes(summary());
        report.add("published: RTRL with 36 weights at three learning rates: successes, and their mean of sequences");
        report.add("success: errors below " + ShortLagTrial.LIMIT + " in 10,000 successive sequences; at most "
                + String.format(Locale.ROOT, "%,d", mostSequences) + " sequences");
        report.add(String.format(Locale.ROOT, ROW, "rate", "weights", "published", "sequences", "succeeded",
                "sequences", "longest"));
        for (int row = 0; row < rates.size(); row++) {
            Rate rate = rates.get(row);
            var done = new ArrayList<ShortLagTrial>();
            for (Future<ShortLagTrial> trial : rows.get(row)) {
                done.add(Trials.result(trial));
                progress.line(String.format(Locale.ROOT, "rate %.0f: trial %d of %d, %,d sequences%s", rate.value,
                        done.size(), trials, done.getLast().sequences(), done.getLast().succeeded() ? "" : ", failed"));
            }
            double[] sequences = done.stream().filter(ShortLagTrial::succeeded)
                    .mapToDouble(ShortLagTrial::sequences).toArray();
            report.add(line(rate, done, sequences));
            figures.add(figures(rate, done, sequences));
            Charts.successes(chart, String.format(Locale.ROOT, "rate %.0f", rate.value), sequences, trials);
        }
        Charts.dots(chart, "published", rates.stream().mapToDouble(Rate::publishedSequences).toArray(),
                rates.stream().mapToDouble(rate -> rate.publishedShare / 100.0).toArray());
        return new Findings(report, figures, chart);
    }

    private static String line(Rate rate, List<ShortLagTrial> done, double[] sequences) {
        return String.format(Locale.ROOT, ROW, String.format(Locale.ROOT, "%.0f", rate.value),
                done.getFirst().weights(), rate.publishedShare + " %",
                String.format(Locale.ROOT, "%,d", rate.publishedSequences), sequences.length + " of " + done.size(),
                Trials.count(Arrays.stream(sequences).average()), Trials.count(Arrays.stream(sequences).max()));
    }

    private static Map<String, Object> figures(Rate rate, List<ShortLagTrial> done, double[] sequences) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("learning_rate", rate.value);
        figures.put("weights", done.getFirst().weights());
        figures.put("published_share", rate.publishedShare / 100.0);
        figures.put("published_sequences", rate.publishedSequences);
        figures.put("trials", done.size());
        figures.put("succeeded", sequences.length);
        figures.put("sequences_mean", sequences.length == 0 ? null : Trials.mean(sequences));
        figures.put("sequences", done.stream().mapToLong(ShortLagTrial::sequences).toArray());
        return figures;
    }
}
