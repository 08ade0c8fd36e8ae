package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Cells;
import dev.rondo.train.KalmanWork;
import dev.rondo.train.ParameterGroups;
import dev.rondo.train.RtrlWork;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Steps of exact RTRL beside the matrix product that they are made of, and updates of Kalman filters beside the
 * symmetric update of their covariance that bounds them: {@code rondo bench learners}. What is compared is timed in the
 * same rounds, see {@link Rounds}, after it was verified.
 */
final class Learners {
    static final List<String> OPTIONS = List.of("cells", "units", "filters", "rows", "threads", "rounds", "json");
    private static final Map<String, ParameterGroups> GROUPS = groups();
    private static final double SECONDS = 0.1;
    private static final int LARGEST_VERIFIED = 2000; // weights of a filter: plain products take seconds beyond
    private static final String STEP = "%-6s %4s %8s %3s  %10s %10s %10s %10s %10s %10s %8s  %s%n";
    private static final String UPDATE = "%-9s %6s %6s %4s %3s  %10s %10s %10s  %s%n";

    private final Choices choices;
    private final List<String> cells;
    private final int[] units;
    private final int[] filters;
    private final int[] rows;
    private final Rounds rounds;
    private final IsaTier tier = Execution.threads(1).maxIsa();
    private final List<Map<String, Object>> figures = new ArrayList<>();

    Learners(Choices choices, double seconds) {
        this.choices = choices;
        this.cells = choices.get("cells", "lstm", "elman");
        cells.forEach(cell -> Cells.parse(cell, 1));
        this.units = choices.numbers("units", "16", "32", "64", "128");
        this.filters = choices.numbers("filters", "6", "11", "19", "31");
        this.rows = choices.numbers("rows", "1", "8");
        this.rounds = new Rounds(choices.number("rounds", Ratios.LEAST_ROUNDS, 9), seconds);
    }

    private static Map<String, ParameterGroups> groups() {
        var groups = new LinkedHashMap<String, ParameterGroups>();
        groups.put("gate row", ParameterGroups.perGateRow());
        groups.put("unit", ParameterGroups.perUnit());
        groups.put("layer", ParameterGroups.perLayer());
        groups.put("global", network -> new int[Math.toIntExact(network.parameters().count())]);
        return groups;
    }

    /** Runs what the command line says. */
    static void main(Choices choices) throws IOException {
        choices.writeJson(List.of());
        new Learners(choices, SECONDS).run();
    }

    /** {@return the figures, which are printed too} */
    List<Map<String, Object>> run() throws IOException {
        System.out.printf(STEP, "cell", "H", "weights", "thr", "us a step", "linear", "J M + I", "v M", "sgemm", "ours",
                "GFLOP/s", "per cent of sgemm's rate, and its 95 % interval; of J M + I alone");
        for (String cell : cells) {
            for (int count : units) {
                for (String threads : choices.threads()) {
                    step(cell, count, Integer.parseInt(threads));
                }
            }
        }
        System.out.printf(UPDATE, "groups", "W", "W_g", "m", "thr", "us", "updates/s", "dsyrk us",
                "times as long as dsyrk, and its 95 % interval");
        for (int count : filters) {
            for (int measured : rows) {
                for (String threads : choices.threads()) {
                    for (String groups : GROUPS.keySet()) {
                        update(groups, count, measured, Integer.parseInt(threads));
                    }
                }
            }
        }
        choices.writeJson(figures);
        return figures;
    }

    private void step(String cell, int units, int threads) {
        try (var work = new RtrlWork(Cells.parse(cell, units), tier, threads)) {
            work.verify();
            OpenBlasProduct.setThreads(threads);
            List<Matrix> matrices = work.matrices();
            var calls = new LinkedHashMap<String, Runnable>();
            calls.put("step", work::step);
            calls.put("linearize", work::linearize);
            calls.put("advance", work::advance);
            calls.put("gradient", work::gradient);
            calls.put("product", work::multiply);
            calls.put("sgemm", () -> OpenBlasProduct.multiply(matrices.get(0), matrices.get(1), matrices.get(2)));
            Map<String, double[]> micros = rounds.time(calls, threads);
            double[] influence = IntStream.range(0, micros.get("step").length)
                    .mapToDouble(round -> micros.get("advance")[round] - micros.get("linearize")[round]).toArray();
            Ratios share = Ratios.of(micros.get("sgemm"), micros.get("step"));
            var figure = new LinkedHashMap<String, Object>();
            figure.put("cell", cell);
            figure.put("units", units);
            figure.put("weights", matrices.get(1).columns());
            figure.put("threads", threads);
            figure.put("step_us", Ratios.median(micros.get("step")));
            figure.put("linearize_us", Ratios.median(micros.get("linearize")));
            figure.put("influence_us", Ratios.median(influence));
            figure.put("gradient_us", Ratios.median(micros.get("gradient")));
            figure.put("sgemm_us", Ratios.median(micros.get("sgemm")));
            figure.put("product_us", Ratios.median(micros.get("product")));
            figure.put("gflops", work.operations() / Ratios.median(micros.get("step")) / 1e3);
            figure.put("percent", 100 * share.median());
            figure.put("percent_low", 100 * share.low());
            figure.put("percent_high", 100 * share.high());
            figure.put("influence_percent", 100 * Ratios.of(micros.get("sgemm"), influence).median());
            print(STEP, figure, List.of("cell", "units", "weights", "threads", "step_us", "linearize_us",
                    "influence_us", "gradient_us", "sgemm_us", "product_us", "gflops"),
                    "%.1f (%.1f to %.1f); %.1f", "percent", "percent_low", "percent_high", "influence_percent");
        }
    }

    private void update(String name, int units, int rows, int threads) {
        ParameterGroups groups = GROUPS.get(name);
        try (var work = new KalmanWork(units, groups, rows, Backend.NATIVE, tier, threads)) {
            if (work.weights() <= LARGEST_VERIFIED) {
                try (var reference = new KalmanWork(units, groups, rows, Backend.REFERENCE, tier, threads)) {
                    work.verify(reference);
                }
            }
            time(name, work, rows, threads);
        }
    }

    private void time(String groups, KalmanWork work, int rows, int threads) {
        try (var memory = new Workspace("symmetric update")) {
            OpenBlasProduct.setThreads(threads);
            var calls = new LinkedHashMap<String, Runnable>();
            calls.put("update", work::update);
            calls.put("dsyrk", symmetricUpdates(work.groups(), rows, memory));
            Map<String, double[]> micros = rounds.time(calls, threads);
            Ratios ratio = Ratios.of(micros.get("update"), micros.get("dsyrk"));
            var figure = new LinkedHashMap<String, Object>();
            figure.put("groups", groups);
            figure.put("weights", work.weights());
            figure.put("largest_group", Arrays.stream(work.groups()).max().orElseThrow());
            figure.put("rows", rows);
            figure.put("threads", threads);
            figure.put("update_us", Ratios.median(micros.get("update")));
            figure.put("updates_per_second", 1e6 / Ratios.median(micros.get("update")));
            figure.put("dsyrk_us", Ratios.median(micros.get("dsyrk")));
            figure.put("ratio", ratio.median());
            figure.put("ratio_low", ratio.low());
            figure.put("ratio_high", ratio.high());
            print(UPDATE, figure, List.of("groups", "weights", "largest_group", "rows", "threads", "update_us",
                    "updates_per_second", "dsyrk_us"),
                    "%.2f (%.2f to %.2f)", "ratio", "ratio_low", "ratio_high");
        }
    }

    /** {@return P - V^T V of each group, the lower half, by OpenBLAS} */
    private static Runnable symmetricUpdates(int[] groups, int rows, Workspace memory) {
        int largest = Arrays.stream(groups).max().orElseThrow();
        MemorySegment vectors = memory.allocate(Precision.FLOAT64, (long) rows * largest);
        var random = new SplittableRandom(1);
        for (long i = 0; i < vectors.byteSize() / Double.BYTES; i++) {
            Precision.FLOAT64.set(vectors, i, random.nextDouble(-1e-3, 1e-3));
        }
        MemorySegment[] matrices = Arrays.stream(groups)
                .mapToObj(size -> memory.allocate(Precision.FLOAT64, (long) size * size))
                .toArray(MemorySegment[]::new);
        return () -> {
            for (int group = 0; group < groups.length; group++) {
                OpenBlasProduct.subtractSquare(vectors, rows, matrices[group], groups[group]);
            }
        };
    }

    /** Keeps a figure and prints a line of it: {@code columns}, then the {@code last} one of several numbers. */
    private void print(String line, Map<String, Object> figure, List<String> columns, String last, String... numbers) {
        figures.add(figure);
        Stream<Object> texts = columns.stream().map(figure::get).map(value ->
                value instanceof Double number ? String.format(Locale.ROOT, "%.1f", number) : value);
        String interval = String.format(Locale.ROOT, last, Arrays.stream(numbers).map(figure::get).toArray());
        System.out.printf(line, Stream.concat(texts, Stream.of(interval)).toArray());
    }
}
