package dev.rondo.cli.experiment;

import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
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
 * Small recurrent networks, trained by a multi-stream Kalman filter, predict the series of {@link MackeyGlass}, beside
 * the echo state network of Jaeger's report.
 */
final class MackeyGlassFilter implements Experiment {
    private static final String ROW = "%-10s %6s %8s %5s %12s %10s %10s %12s %10s %10s";

    private static final int RESERVOIR = 400; // units in Jaeger's report

    private final int units;
    private final int seeds;
    private final int epochs;

    /** What predicts, and how it fares from a seed. */
    private record Model(String name, int units, Trial trial) {}

    @FunctionalInterface
    private interface Trial {
        PredictionTrial run(long seed) throws InterruptedException;
    }

    MackeyGlassFilter() {
        this(12, 3, 20);
    }

    /** Trains networks of so many units, each from so many seeds, for so many epochs. */
    MackeyGlassFilter(int units, int seeds, int epochs) {
        this.units = units;
        this.seeds = seeds;
        this.epochs = epochs;
    }

    @Override
    public String name() {
        return "mackey-glass-ekf";
    }

    @Override
    public String summary() {
        return "small networks, trained by a Kalman filter, predict a chaotic series one step and 84 steps ahead";
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        List<Model> models = List.of(
                new Model("Elman", units, own -> PredictionTrial.run(Elman.of(units), epochs, own)),
                new Model("LSTM", units, own -> PredictionTrial.run(Lstm.of(units), epochs, own)),
                new Model("echo state", RESERVOIR, own -> PredictionTrial.echoState(RESERVOIR, own)));
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var futures = new LinkedHashMap<Model, List<Future<PredictionTrial>>>();
            models.forEach(model -> futures.put(model, IntStream.range(0, seeds)
                    .mapToObj(i -> pool.submit(() -> model.trial.run(seed * 1000 + i))).toList()));
            try {
                return findings(futures, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(Map<Model, List<Future<PredictionTrial>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("published: echo state network of 400 units, NRMSE84 2.8e-04 (Jaeger 2001)");
        report.add(String.format(Locale.ROOT, ROW, "network", "units", "weights", "runs", "NRMSE1", "best", "worst",
                "NRMSE84", "best", "worst"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("Error of networks that go on by themselves", "steps since",
                "median of the error, in deviations of the series");
        chart.getStyler().setYAxisLogarithmic(true);
        double[] steps = IntStream.rangeClosed(1, PredictionTrial.FREE).asDoubleStream().toArray();
        for (var entry : futures.entrySet()) {
            Model model = entry.getKey();
            var trials = new ArrayList<PredictionTrial>();
            for (Future<PredictionTrial> future : entry.getValue()) {
                PredictionTrial trial = Trials.result(future);
                trials.add(trial);
                progress.line(String.format(Locale.ROOT, "%s: %d of %d, NRMSE1 %.2e, NRMSE84 %.2e", model.name,
                        trials.size(), seeds, trial.oneStep(), trial.far()));
            }
            double[] near = trials.stream().mapToDouble(PredictionTrial::oneStep).sorted().toArray();
            double[] far = trials.stream().mapToDouble(PredictionTrial::far).sorted().toArray();
            report.add(String.format(Locale.ROOT, ROW, model.name, model.units, trials.getFirst().weights(), seeds,
                    MackeyGlass.scientific(Series.median(near)), MackeyGlass.scientific(near[0]),
                    MackeyGlass.scientific(near[seeds - 1]), MackeyGlass.scientific(Series.median(far)),
                    MackeyGlass.scientific(far[0]), MackeyGlass.scientific(far[seeds - 1])));
            figures.add(figures(model, trials.getFirst().weights(), near, far));
            Charts.add(chart, model.name, true, steps, IntStream.range(0, steps.length)
                    .mapToDouble(t -> Series.median(trials.stream().mapToDouble(of -> of.growth()[t]).toArray()))
                    .toArray());
        }
        return new Findings(report, figures, chart);
    }

    private static Map<String, Object> figures(Model model, long weights, double[] near, double[] far) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("network", model.name);
        figures.put("units", model.units);
        figures.put("weights", weights);
        figures.put("nrmse1_median", Series.median(near));
        figures.put("nrmse1", near);
        figures.put("nrmse84_median", Series.median(far));
        figures.put("nrmse84", far);
        return figures;
    }
}
