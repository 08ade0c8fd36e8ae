package dev.rondo.cli.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;

/** Echo state networks learn a chaotic series and go on by themselves, in two set-ups that were published. */
final class MackeyGlass implements Experiment {
    private static final String ROW = "%-32s %6s %5s %15s %15s %10s %10s %10s";

    private final int minimalUnits;
    private final int jaegerUnits;
    private final int series;
    private final int reservoirs;

    /** A set-up, how it is judged, and how often it is tried. */
    private record Model(String name, String error, String published, int units, List<Callable<ChaosTrial>> trials) {}

    MackeyGlass() {
        this(1000, 400, 3, 10);
    }

    /** Tries the minimal network on so many series, each with so many reservoirs, and Jaeger's with as many. */
    MackeyGlass(int minimalUnits, int jaegerUnits, int series, int reservoirs) {
        this.minimalUnits = minimalUnits;
        this.jaegerUnits = jaegerUnits;
        this.series = series;
        this.reservoirs = reservoirs;
    }

    @Override
    public String name() {
        return "mackey-glass";
    }

    @Override
    public String summary() {
        return "echo state networks go on with a chaotic series (Jaeger 2001, Lukosevicius 2012)";
    }

    private List<Model> models(long seed) {
        var minimal = new ArrayList<Callable<ChaosTrial>>();
        for (int s = 0; s < series; s++) {
            double[] values = Series.mackeyGlass(ChaosTrial.minimalLength(), seed * 1000 + s);
            for (int r = 0; r < reservoirs; r++) {
                long own = seed * 1000 + r;
                minimal.add(() -> ChaosTrial.minimal(minimalUnits, values, own));
            }
        }
        List<Callable<ChaosTrial>> jaeger = IntStream.range(0, reservoirs)
                .<Callable<ChaosTrial>>mapToObj(r -> () -> ChaosTrial.jaeger(jaegerUnits, seed * 1000 + r)).toList();
        return List.of(new Model("minimal (Lukosevicius 2012)", "MSE, 100 steps", "-", minimalUnits, minimal),
                new Model("output feedback (Jaeger 2001)", "NRMSE, step 84", "2.8e-04", jaegerUnits, jaeger));
    }

    @Override
    public Findings run(long seed, int threads, Progress progress) throws InterruptedException {
        try (var pool = Executors.newFixedThreadPool(threads)) {
            var futures = new LinkedHashMap<Model, List<Future<ChaosTrial>>>();
            for (Model model : models(seed)) {
                futures.put(model, model.trials.stream().map(pool::submit).toList());
            }
            try {
                return findings(futures, progress);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    private static Findings findings(Map<Model, List<Future<ChaosTrial>>> futures, Progress progress)
            throws InterruptedException {
        var report = new ArrayList<String>();
        report.add(String.format(Locale.ROOT, ROW,
                "network", "units", "runs", "error", "published", "median", "best", "worst"));
        var figures = new ArrayList<Map<String, Object>>();
        XYChart chart = Charts.lines("Error of networks that go on by themselves", "steps since",
                "median of the error, in deviations of the series");
        chart.getStyler().setYAxisLogarithmic(true);
        for (var entry : futures.entrySet()) {
            Model model = entry.getKey();
            var trials = new ArrayList<ChaosTrial>();
            for (Future<ChaosTrial> future : entry.getValue()) {
                trials.add(Trials.result(future));
                progress.line(String.format(Locale.ROOT, "%s: %d of %d, %s %.2e", model.name, trials.size(),
                        entry.getValue().size(), model.error, trials.getLast().error()));
            }
            double[] errors = trials.stream().mapToDouble(ChaosTrial::error).sorted().toArray();
            report.add(String.format(Locale.ROOT, ROW, model.name, model.units, errors.length, model.error,
                    model.published, scientific(Series.median(errors)), scientific(errors[0]),
                    scientific(errors[errors.length - 1])));
            figures.add(figures(model, errors));
            draw(chart, model, trials);
        }
        return new Findings(report, figures, chart);
    }

    static String scientific(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }

    private static Map<String, Object> figures(Model model, double[] errors) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("network", model.name);
        figures.put("units", model.units);
        figures.put("error", model.error);
        figures.put("published", model.published);
        figures.put("median", Series.median(errors));
        figures.put("errors", errors);
        return figures;
    }

    private static void draw(XYChart chart, Model model, List<ChaosTrial> trials) {
        double[] steps = IntStream.rangeClosed(1, ChaosTrial.FREE).asDoubleStream().toArray();
        double[] medians = IntStream.range(0, ChaosTrial.FREE)
                .mapToDouble(t -> Series.median(trials.stream().mapToDouble(trial -> trial.growth()[t]).toArray()))
                .map(error -> Math.max(error, 1e-9)) // a logarithmic axis has no zero
                .toArray();
        Charts.add(chart, model.name, true, steps, medians);
    }
}
