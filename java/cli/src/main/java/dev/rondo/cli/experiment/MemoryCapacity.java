package dev.rondo.cli.experiment;

import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.reservoir.EchoStateNetwork;
import dev.rondo.reservoir.Ridge;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.knowm.xchart.XYChart;

/**
 * How much of a random input a reservoir remembers, by its settings: the squared correlation of the input k steps ago
 * with what a readout makes of the state, summed over all k. It is at most the number of units (Jaeger, "Short term
 * memory in echo state networks", GMD report 152, 2001).
 */
final class MemoryCapacity implements Experiment {
    private static final String ROW = "%-28s %9s %9s %9s   %s";
    private static final int TRAINING = 4000;
    private static final int TEST = 4000;
    private static final int WASHOUT = 400;

    private final int units;
    private final int seeds;

    MemoryCapacity() {
        this(100, 3);
    }

    MemoryCapacity(int units, int seeds) {
        this.units = units;
        this.seeds = seeds;
    }

    @Override
    public String name() {
        return "memory-capacity";
    }

    @Override
    public String summary() {
        return "how many steps of a random input a reservoir remembers, by its settings (Jaeger 2001)";
    }

    /** A reservoir, called by what differs from the first one. */
    private record Variant(String name, Reservoir cell) {}

    private List<Variant> variants() {
        Reservoir first = Reservoir.of(units).inputScaling(0.1).spectralRadius(0.9);
        return List.of(new Variant("radius 0.9, input x 0.1", first),
                new Variant("radius 0.5", first.spectralRadius(0.5)),
                new Variant("radius 0.99", first.spectralRadius(0.99)),
                new Variant("radius 1.2", first.spectralRadius(1.2)),
                new Variant("input x 1", first.inputScaling(1)),
                new Variant("input x 0.001", first.inputScaling(0.001)),
                new Variant("bias x 1", first.biasScaling(1)),
                new Variant("leak 0.3", first.leak(0.3)),
                new Variant("each reads all", first.dense()));
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var futures = new LinkedHashMap<Variant, List<Future<double[]>>>();
            for (Variant variant : variants()) {
                futures.put(variant, LongStream.range(0, seeds)
                        .<Callable<double[]>>mapToObj(i -> () -> correlations(variant.cell, seed * 1000 + i))
                        .map(pool::submit).toList());
            }
            try {
                return findings(futures, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    /** {@return squared correlation by delay, from 1, on data that the readout has not seen} */
    private double[] correlations(Reservoir cell, long seed) {
        int delays = 2 * units;
        double[] input = Series.random(seed).doubles(delays + TRAINING + TEST, -1, 1).toArray();
        double[][] inputs = Series.rows(input, delays, input.length);
        var targets = new double[inputs.length][delays];
        for (int t = 0; t < targets.length; t++) {
            for (int k = 0; k < delays; k++) {
                targets[t][k] = input[delays + t - (k + 1)];
            }
        }
        try (var model = EchoStateNetwork.builder(1, delays).reservoir(cell.seed(seed)).seed(seed)
                .options(ChaosTrial::exact).build()) {
            model.train(Ridge.of(1e-12).washout(WASHOUT),
                    Arrays.copyOf(inputs, TRAINING), Arrays.copyOf(targets, TRAINING));
            double[][] outputs = model.generate(Arrays.copyOfRange(inputs, TRAINING, inputs.length));
            return IntStream.range(0, delays)
                    .mapToDouble(k -> squaredCorrelation(outputs, targets, k)).toArray();
        }
    }

    private static double squaredCorrelation(double[][] outputs, double[][] targets, int k) {
        double[] y = Arrays.stream(outputs).mapToDouble(row -> row[k]).toArray();
        double[] d = IntStream.range(0, TEST).mapToDouble(t -> targets[TRAINING + t][k]).toArray();
        double meanY = Trials.mean(y);
        double meanD = Trials.mean(d);
        double covariance = IntStream.range(0, TEST)
                .mapToDouble(t -> (y[t] - meanY) * (d[t] - meanD)).average().orElseThrow();
        double variances = Series.variance(y) * Series.variance(d);
        return variances == 0 ? 0 : covariance * covariance / variances;
    }

    private Findings findings(Map<Variant, List<Future<double[]>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        report.add("published: at most the number of units, " + units + "; half: the last delay of which half is kept");
        report.add(String.format(Locale.ROOT, ROW, "reservoir", "capacity", "share", "half", "each seed"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("Memory of " + units + " units", "delay (steps)", "squared correlation");
        double[] delays = IntStream.rangeClosed(1, units).asDoubleStream().toArray(); // beyond them is next to nothing
        for (var entry : futures.entrySet()) {
            var each = new ArrayList<double[]>();
            for (Future<double[]> future : entry.getValue()) {
                each.add(Trials.result(future));
            }
            String name = entry.getKey().name;
            double[] capacities = each.stream().mapToDouble(curve -> Arrays.stream(curve).sum()).toArray();
            double mean = Trials.mean(capacities);
            double[] curve = IntStream.range(0, 2 * units)
                    .mapToDouble(k -> each.stream().mapToDouble(one -> one[k]).average().orElseThrow()).toArray();
            int half = IntStream.range(0, curve.length).filter(k -> curve[k] >= 0.5).map(k -> k + 1).max().orElse(0);
            report.add(String.format(Locale.ROOT, ROW, name, String.format(Locale.ROOT, "%.1f", mean),
                    String.format(Locale.ROOT, "%.0f %%", 100 * mean / units), half,
                    Trials.format("%.1f", capacities)));
            progress.line(String.format(Locale.ROOT, "%s: %.1f", name, mean));
            figures.add(figures(name, mean, capacities, curve));
            if (figures.size() <= 7) { // as many as there are colours
                Charts.add(chart, name, true, delays, Arrays.copyOf(curve, units));
            }
        }
        return new Findings(report, figures, chart);
    }

    private Map<String, Object> figures(String name, double mean, double[] capacities, double[] curve) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("reservoir", name);
        figures.put("units", units);
        figures.put("capacity_mean", mean);
        figures.put("capacity", capacities);
        figures.put("squared_correlation", curve);
        return figures;
    }
}
