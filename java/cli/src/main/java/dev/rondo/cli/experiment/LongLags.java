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

/** A {@link LongLagTask}, learned by several cells, with and without clipping of the gradient. */
final class LongLags implements Experiment {
    private static final String ROW = "%-14s %8s %9s %10s %11s %8s %9s %9s";

    private static final int BESIDE = 3;

    private final LongLagTask task;
    private final Map<Contestant, Integer> contestants; // and how often each is tried

    LongLags(LongLagTask task) {
        this(task, Contestant.CLOSED_LSTM, 10, List.of(
                Contestant.CLOSED_GRU, Contestant.LSTM, Contestant.GRU, Contestant.CLOCKWORK, Contestant.ELMAN));
    }

    /** Tries {@code first} so many times, and those beside it {@link #BESIDE} times. */
    LongLags(LongLagTask task, Contestant first, int trials, List<Contestant> beside) {
        this.task = task;
        this.contestants = new LinkedHashMap<>();
        contestants.put(first, trials);
        beside.forEach(contestant -> contestants.put(contestant, BESIDE));
    }

    @Override
    public String name() {
        return task.name();
    }

    @Override
    public String summary() {
        return task.summary();
    }

    /** Trials of one contestant. */
    private record Row(Contestant contestant, boolean clips, List<Future<LongLagTrial>> trials) {}

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var rows = new ArrayList<Row>();
            contestants.forEach((contestant, count) -> {
                for (boolean clips : new boolean[] {true, false}) {
                    rows.add(new Row(contestant, clips, IntStream.range(0, count)
                            .mapToObj(trial -> pool.submit(
                                    () -> LongLagTrial.run(task, contestant, clips, seed * 1000 + trial)))
                            .toList()));
                }
            });
            try {
                return findings(rows, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(List<Row> rows, Progress progress) throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("published: " + task.wasPublished());
        report.add("success: the " + LongLagTrial.WINDOW + " most recent sequences have errors below "
                + task.tolerance() + ", " + task.meanError() + " on average; at most "
                + String.format(Locale.ROOT, "%,d", task.mostSequences()) + " sequences");
        report.add(String.format(Locale.ROOT, ROW, "cell", "weights", "clipped", "succeeded", "sequences", "wrong",
                "above " + Math.round(LongLagTrial.LIMIT), "diverged"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines(task.summary(), "sequences", "mean absolute error of 2000 sequences");
        chart.getStyler().setYAxisLogarithmic(true);
        for (Row row : rows) {
            var trials = new ArrayList<LongLagTrial>();
            for (Future<LongLagTrial> future : row.trials) {
                trials.add(Trials.result(future));
                progress.line(String.format(Locale.ROOT, "%s, %s: trial %d of %d", row.contestant.name(),
                        row.clips ? "clipped" : "not clipped", trials.size(), row.trials.size()));
            }
            report.add(line(row, trials));
            figures.add(figures(row, trials));
            draw(chart, row, trials.getFirst());
        }
        return new Findings(report, figures, chart);
    }

    private static String line(Row row, List<LongLagTrial> trials) {
        List<LongLagTrial> successes = trials.stream().filter(LongLagTrial::succeeded).toList();
        return String.format(Locale.ROOT, ROW, row.contestant.name(), trials.getFirst().weights(),
                row.clips ? String.format(Locale.ROOT, "to %.0f", LongLagTrial.LIMIT) : "no",
                successes.size() + " of " + trials.size(),
                successes.isEmpty() ? "-" : String.format(Locale.ROOT, "%,d", median(successes)),
                successes.isEmpty() ? "-" : worst(successes),
                String.format(Locale.ROOT, "%.1f %%", 100 * clippedShare(trials)),
                trials.stream().filter(LongLagTrial::diverged).count());
    }

    private static Map<String, Object> figures(Row row, List<LongLagTrial> trials) {
        List<LongLagTrial> successes = trials.stream().filter(LongLagTrial::succeeded).toList();
        var figures = new LinkedHashMap<String, Object>();
        figures.put("cell", row.contestant.name());
        figures.put("weights", trials.getFirst().weights());
        figures.put("clipping", row.clips ? LongLagTrial.LIMIT : null);
        figures.put("trials", trials.size());
        figures.put("succeeded", successes.size());
        figures.put("sequences_median", successes.isEmpty() ? null : median(successes));
        figures.put("wrong_of_2560_worst", successes.isEmpty() ? null : worst(successes));
        figures.put("steps_above_limit", clippedShare(trials));
        figures.put("diverged", trials.stream().filter(LongLagTrial::diverged).count());
        return figures;
    }

    private static long median(List<LongLagTrial> trials) {
        long[] sorted = trials.stream().mapToLong(LongLagTrial::sequences).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static int worst(List<LongLagTrial> trials) {
        return trials.stream().mapToInt(LongLagTrial::wrong).max().orElseThrow();
    }

    private static double clippedShare(List<LongLagTrial> trials) {
        return trials.stream().mapToDouble(LongLagTrial::clippedShare).average().orElseThrow();
    }

    private static void draw(XYChart chart, Row row, LongLagTrial trial) {
        int[] shown = IntStream.range(0, trial.errors().size()) // a logarithmic axis has no zero, and no NaN
                .filter(i -> trial.errors().get(i) > 0)
                .toArray();
        if (shown.length > 0) {
            Charts.add(chart, row.contestant.name(), row.clips,
                    Arrays.stream(shown).mapToDouble(i -> (i + 1.0) * LongLagTrial.WINDOW).toArray(),
                    Arrays.stream(shown).mapToDouble(trial.errors()::get).toArray());
        }
    }
}
