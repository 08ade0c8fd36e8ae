package dev.rondo.cli.experiment;

import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.cli.experiment.Series.Driven;
import dev.rondo.reservoir.EchoStateNetwork;
import dev.rondo.reservoir.HyperparameterSearch;
import dev.rondo.reservoir.Ridge;
import dev.rondo.reservoir.RidgeRegression;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.knowm.xchart.XYChart;

/**
 * Echo state networks follow a nonlinear system of order 10, beside linear regression on the last inputs. Settings are
 * chosen by the error on validation data of their own, and judged by that on test data.
 */
final class Narma implements Experiment {
    private static final String ROW = "%-34s %8s   %s";
    private static final int TRAINING = 4000;
    private static final int TEST = 2000;
    private static final int WASHOUT = 200;
    private static final int SHOWN = 60; // steps of the picture

    /** What a reservoir has if nobody looks for better. */
    private static final Map<String, Double> USUAL =
            Map.of("spectralRadius", 0.9, "inputScaling", 1.0, "biasScaling", 0.0, "leak", 1.0, "lambda", 1e-8);

    private final int units;
    private final int seeds;
    private final int searched;

    Narma() {
        this(200, 4, 60);
    }

    /** Networks of so many units, of so many seeds, after a search of so many trials. */
    Narma(int units, int seeds, int searched) {
        this.units = units;
        this.seeds = seeds;
        this.searched = searched;
    }

    @Override
    public String name() {
        return "narma10";
    }

    @Override
    public String summary() {
        return "echo state networks follow a nonlinear system of order 10, beside linear regression";
    }

    /** The error, as a share of the variance, and the outputs on test data. */
    private record Course(double nmse, double[] outputs) {
        static Course of(double[] outputs, double[] targets) {
            double squares = IntStream.range(0, targets.length)
                    .mapToDouble(t -> (outputs[t] - targets[t]) * (outputs[t] - targets[t])).average().orElseThrow();
            return new Course(squares / Series.variance(targets), outputs);
        }
    }

    /** What follows the system, by the seed of weights and series. */
    private record Follower(String name, LongFunction<Course> course) {}

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        HyperparameterSearch.Outcome best = search(seed, threads, progress);
        progress.line("best of " + searched + ": " + text(best.trial().values()));
        List<Follower> followers = List.of(
                new Follower("linear regression, 10 inputs", own -> linear(10, own)),
                new Follower("linear regression, 20 inputs", own -> linear(20, own)),
                new Follower("echo state network, usual settings", own -> network(USUAL, own)),
                new Follower("echo state network, found settings", own -> network(best.trial().values(), own)));
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<List<Future<Course>>> courses = followers.stream()
                    .map(follower -> LongStream.range(0, seeds)
                            .<Callable<Course>>mapToObj(i -> () -> follower.course.apply(seed * 1000 + i))
                            .map(pool::submit).toList())
                    .toList();
            try {
                return findings(seed, best, followers, courses);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private HyperparameterSearch.Outcome search(long seed, int threads, Progress progress) throws InterruptedException {
        var best = new double[] {Double.POSITIVE_INFINITY};
        return HyperparameterSearch.random(searched, seed)
                .range("spectralRadius", 0.5, 1.1)
                .logarithmic("inputScaling", 0.05, 2)
                .range("biasScaling", 0, 1)
                .range("leak", 0.5, 1)
                .logarithmic("lambda", 1e-10, 1e-4)
                .threads(threads)
                .listener((outcome, done, all) -> {
                    best[0] = Math.min(best[0], outcome.error());
                    progress.share((double) done / all, String.format(Locale.ROOT,
                            "search: %d of %d, smallest NMSE %.4f", done, all, best[0]));
                })
                .run(trial -> network(trial.values(), ~seed).nmse) // series and weights of no seed below
                .best();
    }

    private static Driven data(long seed) {
        return Series.narma10(TRAINING + TEST, seed);
    }

    private Course network(Map<String, Double> settings, long seed) {
        Driven data = data(seed);
        Reservoir cell = Reservoir.of(units).seed(seed).leak(settings.get("leak"))
                .spectralRadius(settings.get("spectralRadius")).inputScaling(settings.get("inputScaling"))
                .biasScaling(settings.get("biasScaling"));
        try (var model = EchoStateNetwork.builder(1, 1).reservoir(cell).seed(seed).options(ChaosTrial::exact).build()) {
            model.train(Ridge.of(settings.get("lambda")).washout(WASHOUT),
                    Series.rows(data.inputs(), 0, TRAINING), Series.rows(data.targets(), 0, TRAINING));
            double[][] outputs = model.generate(Series.rows(data.inputs(), TRAINING, TRAINING + TEST));
            return Course.of(Arrays.stream(outputs).mapToDouble(row -> row[0]).toArray(), tested(data));
        }
    }

    private static double[] tested(Driven data) {
        return Arrays.copyOfRange(data.targets(), TRAINING, TRAINING + TEST);
    }

    private static Course linear(int taps, long seed) {
        Driven data = data(seed);
        try (var regression = RidgeRegression.of(taps, 1, 1)) {
            for (int t = WASHOUT; t < TRAINING; t++) {
                regression.add(Arrays.copyOfRange(data.inputs(), t + 1 - taps, t + 1),
                        new double[] {data.targets()[t]});
            }
            var readout = regression.solve(0);
            var outputs = new double[TEST];
            var y = new double[1];
            for (int t = 0; t < TEST; t++) {
                readout.apply(Arrays.copyOfRange(data.inputs(), TRAINING + t + 1 - taps, TRAINING + t + 1), y);
                outputs[t] = y[0];
            }
            return Course.of(outputs, tested(data));
        }
    }

    private Findings findings(long seed, HyperparameterSearch.Outcome best, List<Follower> followers,
            List<List<Future<Course>>> courses) throws InterruptedException {
        var report = new ArrayList<String>();
        report.add(units + " units; found among " + searched + ": " + text(best.trial().values()));
        report.add(String.format(Locale.ROOT, ROW, "", "NMSE", "each seed"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("NARMA of order 10, seed " + seed, "step", "output");
        double[] steps = IntStream.range(0, SHOWN).asDoubleStream().toArray();
        Charts.dots(chart, "target", steps, Arrays.copyOf(tested(data(seed * 1000)), SHOWN));
        for (int f = 0; f < followers.size(); f++) {
            Follower follower = followers.get(f);
            var own = new ArrayList<Course>();
            for (Future<Course> future : courses.get(f)) {
                own.add(Trials.result(future));
            }
            double[] errors = own.stream().mapToDouble(Course::nmse).toArray();
            report.add(String.format(Locale.ROOT, ROW, follower.name,
                    String.format(Locale.ROOT, "%.4f", Trials.mean(errors)), Trials.format("%.4f", errors)));
            figures.add(figures(follower, errors, f == followers.size() - 1 ? best.trial().values() : null));
            if (f % 2 == 1) { // the better one of each kind
                Charts.add(chart, follower.name, true, steps, Arrays.copyOf(own.getFirst().outputs, SHOWN));
            }
        }
        return new Findings(report, figures, chart);
    }

    private static Map<String, Object> figures(Follower follower, double[] errors, Map<String, Double> settings) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("model", follower.name);
        figures.put("nmse_mean", Trials.mean(errors));
        figures.put("nmse", errors);
        figures.put("settings", settings);
        return figures;
    }

    private static String text(Map<String, Double> settings) {
        return settings.entrySet().stream()
                .map(setting -> String.format(Locale.ROOT, "%s %.3g", setting.getKey(), setting.getValue()))
                .collect(Collectors.joining(", "));
    }
}
