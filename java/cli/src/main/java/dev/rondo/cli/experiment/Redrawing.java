package dev.rondo.cli.experiment;

import dev.rondo.cell.Cell;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cli.experiment.Waveform.Redrawn;
import dev.rondo.train.Optimizer;
import dev.rondo.train.Sgd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/**
 * Clockwork, Elman and LSTM networks redraw a waveform; the experiments of Koutnik, Greff, Gomez and Schmidhuber (2014)
 * and one after them.
 */
record Redrawing(String name, String summary, LongFunction<Waveform> waveform, List<Drawer> contestants,
        boolean normalized, double limit, int updates, int seeds) implements Experiment {
    private static final String ROW = "%-10s %8s %22s %22s   %s";
    private static final int T = 320;

    /** A cell, how it is trained, and what was published. */
    record Drawer(String name, Cell cell, Optimizer optimizer, String published) {}

    /**
     * A sum of four sines, as slow as 160 steps, with phases that the seed gives; nets of as many weights each. The
     * published figures are of a repository of Schmidhuber's problems (npow/schmidhuber-problems, clockwork-rnn), and
     * half the mean squared error: a constant has 0.25.
     */
    static Redrawing sines(int seeds) {
        Optimizer rule = Sgd.of(0.02);
        return new Redrawing("clockwork-sines", "a sum of sines of periods 8, 32, 80 and 160 from a constant input",
                Redrawing::sines, List.of(
                        new Drawer("Clockwork", Clockwork.of(64, 8), rule, "0.1125 +- 0.0153"),
                        new Drawer("Elman", Elman.of(48), rule, "0.2454 +- 0.0036"),
                        new Drawer("LSTM", Lstm.of(24), rule, "-")),
                false, 1, 1500, seeds);
    }

    /** The picture of the paper: nets of as many units each draw a sound; theirs was speech, ours is made up. */
    static Redrawing generation() {
        return new Redrawing("clockwork-generation", "a sound of 320 samples drawn again (Koutnik et al. 2014)",
                _ -> sound(), List.of(
                        new Drawer("Clockwork", Clockwork.of(64, 8), Sgd.of(3e-3).nesterov(0.95), "0.007 +- 0.004"),
                        new Drawer("Elman", Elman.of(64), Sgd.of(3e-3).nesterov(0.95), "0.46 +- 0.08"),
                        new Drawer("LSTM", Lstm.of(64), Sgd.of(3e-3).nesterov(0.95), "0.04 +- 0.01")),
                true, 1, 2000, 5);
    }

    private static Waveform sines(long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var values = new float[T];
        for (int period : new int[] {8, 32, 80, 160}) {
            double phase = random.nextDouble(2 * Math.PI);
            for (int t = 0; t < T; t++) {
                values[t] += (float) (Math.sin(2 * Math.PI * t / period + phase) / 2);
            }
        }
        return new Waveform(values);
    }

    /** A slow wave, and faster ones that come and go; at most 1. */
    private static Waveform sound() {
        var values = new float[T];
        for (int t = 0; t < T; t++) {
            values[t] = (float) (0.4 * wave(t, 160, 0.3) + 0.3 * wave(t, 53, 1) * bump(t, 60, 120)
                    + 0.2 * wave(t, 17, 2) * bump(t, 120, 60) + 0.1 * wave(t, 7, 0) * bump(t, 230, 40));
        }
        return new Waveform(values);
    }

    private static double wave(int t, double period, double phase) {
        return Math.sin(2 * Math.PI * t / period + phase);
    }

    private static double bump(int t, double middle, double width) {
        return Math.exp(-(t - middle) * (t - middle) / (width * width));
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<List<Future<Redrawn>>> drawn = contestants.stream()
                    .map(contestant -> IntStream.range(0, seeds)
                            .mapToObj(trial -> pool.submit(() -> waveform.apply(seed + trial)
                                    .learn(contestant.cell, contestant.optimizer, limit, updates, seed + trial)))
                            .toList())
                    .toList();
            try {
                return findings(seed, drawn, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private Findings findings(long seed, List<List<Future<Redrawn>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        String error = normalized ? "NMSE" : "MSE/2";
        report.add(String.format(Locale.ROOT, ROW, "cell", "weights", error + " published", "here", "each seed"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines(summary + ", seed " + seed, "step", "value");
        Waveform first = waveform.apply(seed);
        double[] steps = IntStream.range(0, first.values().length).asDoubleStream().toArray();
        Charts.dots(chart, "target", steps, doubles(first.values()));
        for (int c = 0; c < contestants.size(); c++) {
            Drawer contestant = contestants.get(c);
            var drawn = new ArrayList<Redrawn>();
            for (Future<Redrawn> future : futures.get(c)) {
                drawn.add(Trials.result(future));
                progress.line(String.format(Locale.ROOT, "%s: seed %d, %d of %d",
                        contestant.name, seed + drawn.size() - 1, drawn.size(), seeds));
            }
            double[] errors = IntStream.range(0, seeds).mapToDouble(i -> drawn.get(i).meanSquaredError()
                    / (normalized ? waveform.apply(seed + i).errorOfTheMean() : 2)).toArray();
            double mean = Trials.mean(errors);
            double deviation = Trials.deviation(errors);
            report.add(String.format(Locale.ROOT, ROW, contestant.name, drawn.getFirst().weights(),
                    contestant.published, String.format(Locale.ROOT, "%.4f +- %.4f", mean, deviation),
                    Trials.format("%.4f", errors)));
            figures.add(figures(contestant, drawn, errors));
            Charts.add(chart, contestant.name, true, steps, doubles(drawn.getFirst().values()));
        }
        if (!normalized) {
            report.add(contestants.get(1).name + " / " + contestants.get(0).name + ", each seed: "
                    + Trials.format("%.2f", ratios(figures)));
        }
        return new Findings(report, figures, chart);
    }

    private static double[] ratios(List<Map<String, Object>> figures) {
        var first = (double[]) figures.get(0).get("half_mse");
        var second = (double[]) figures.get(1).get("half_mse");
        return IntStream.range(0, first.length).mapToDouble(i -> second[i] / first[i]).toArray();
    }

    private Map<String, Object> figures(Drawer contestant, List<Redrawn> drawn, double[] errors) {
        String key = normalized ? "nmse" : "half_mse";
        var figures = new LinkedHashMap<String, Object>();
        figures.put("cell", contestant.name);
        figures.put("weights", drawn.getFirst().weights());
        figures.put("published", contestant.published);
        figures.put(key + "_mean", Trials.mean(errors));
        figures.put(key + "_deviation", Trials.deviation(errors));
        figures.put(key, errors);
        figures.put("steps_clipped", drawn.stream().mapToDouble(Redrawn::clippedShare).average().orElseThrow());
        return figures;
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
