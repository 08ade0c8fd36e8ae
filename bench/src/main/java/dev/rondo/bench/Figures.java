package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.SparsePattern;
import dev.rondo.check.CellBody;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/**
 * What JMH measured, beside what the machine can do.
 *
 * <p>Operations are counted as usual, those of the products alone: 2 T B (weights of a step) forward, twice that
 * backward. Work on one sequence reads all weights at every step and does little with them; it is compared with reading
 * from the second-level cache: the recurrent weights once per step forward, and once backward. Of sparse weights that
 * is their values, the columns in 16 bits (32 above 65,536 units), and the state. Many streams side by side read values
 * and columns of 32 bits once for as many streams as a vector has lanes, and the states of these for each connection.
 * What does not fit the second-level cache is compared with reading from beyond.
 */
final class Figures {
    private static final String ROW = "%-17s %-18s %-7s %-16s %3s  %11s %9s %9s %9s %9s %11s %9s  %-9s %9s %9s %9s%n";

    private static final List<String> COLUMNS = List.of("benchmark", "cell", "shape", "body", "threads", "us",
            "error_us", "step_us", "gflops", "best_gflops", "read_bytes", "percent", "of", "p50_us", "p99_us",
            "bytes_per_op");

    /** What stands for the body where OpenBLAS alone is timed. */
    static final String OPENBLAS = "OpenBLAS";

    private Figures() {}

    /**
     * What one call does.
     *
     * @param flops floating-point operations; NaN where they tell nothing
     * @param bytes of weights that one sequence reads; NaN for batches
     * @param far whether they come from beyond the second-level cache
     */
    private record Amount(double flops, double bytes, boolean far) {
        Amount(double flops, double bytes) {
            this(flops, bytes, false);
        }
    }

    /** {@return the figures of {@code results}; {@code peaks} are those of the machine by {@link #peakOf}} */
    static List<Map<String, Object>> of(Collection<RunResult> results, Map<String, Peak> peaks) {
        return results.stream().map(result -> of(result, peaks)).toList();
    }

    /** {@return what the peak depends on: tier and threads, as in {@code AVX2 1}} */
    static String peakOf(String body, int threads) {
        if (body.equals(OPENBLAS)) { // which takes what the CPU has
            return CellBenchmark.body("lstm", Bench.bodies(List.of()).getLast()).tier() + " " + threads;
        }
        CellBody parsed = CellBenchmark.body("lstm", body);
        return parsed.tier() + " " + (parsed.backend() == Backend.NATIVE ? threads : 1);
    }

    private static Map<String, Object> of(RunResult result, Map<String, Peak> peaks) {
        BenchmarkParams params = result.getParams();
        String benchmark = params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1);
        String body = param(params, "body", OPENBLAS);
        int threads = Integer.parseInt(param(params, "threads", "1"));
        Result<?> micros = result.getPrimaryResult();
        Statistics statistics = micros.getStatistics();
        Amount amount = amount(benchmark, params);
        int steps = steps(benchmark, params);
        var figures = new LinkedHashMap<String, Object>();
        figures.put("benchmark", benchmark);
        figures.put("cell", param(params, "cell", "-"));
        figures.put("shape", param(params, "shape", benchmark.equals("twoLayers") ? "S9" : "-"));
        figures.put("body", body);
        figures.put("threads", threads);
        figures.put("us", micros.getScore());
        figures.put("error_us", micros.getScoreError());
        figures.put("step_us", micros.getScore() / steps);
        figures.put("gflops", amount.flops / micros.getScore() / 1e3);
        figures.put("best_gflops", amount.flops / statistics.getMin() / 1e3);
        figures.put("read_bytes", amount.bytes / steps);
        addPeak(figures, amount, micros.getScore(), peaks.getOrDefault(peakOf(body, threads), Peak.UNKNOWN));
        boolean sampled = params.getMode() == Mode.SampleTime;
        figures.put("p50_us", sampled ? statistics.getPercentile(50) : Double.NaN);
        figures.put("p99_us", sampled ? statistics.getPercentile(99) : Double.NaN);
        Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
        figures.put("bytes_per_op", allocated == null ? Double.NaN : allocated.getScore());
        return figures;
    }

    private static String param(BenchmarkParams params, String name, String otherwise) {
        return params.getParam(name) == null ? otherwise : params.getParam(name);
    }

    /** {@return how many steps in time one call makes; 1 of what knows no time} */
    private static int steps(String benchmark, BenchmarkParams params) {
        String name = params.getParam("shape");
        return switch (benchmark) {
            case "forward", "backward", "training", "layerStep", "modelStep", "wordStep", "adaptiveWordStep" ->
                    CellBenchmark.shape(name).timeSteps();
            case "twoLayers" -> StackBenchmark.SHAPE.timeSteps();
            default -> 1;
        };
    }

    private static void addPeak(Map<String, Object> figures, Amount amount, double micros, Peak peak) {
        boolean reads = !Double.isNaN(amount.bytes);
        boolean compared = reads || !Double.isNaN(amount.flops);
        double rate = (reads ? amount.bytes : amount.flops) / micros / 1e3;
        double reading = amount.far ? peak.farGigabytes() : peak.gigabytes();
        figures.put("percent", 100 * rate / (reads ? reading : peak.gigaflops()));
        figures.put("of", !compared ? "-" : !reads ? "FMA peak" : amount.far ? "L3 read" : "L2 read");
    }

    private static Amount amount(String benchmark, BenchmarkParams params) {
        String name = params.getParam("shape");
        CellShape shape = name == null ? StackBenchmark.SHAPE : CellBenchmark.shape(name);
        Cell cell = CellBenchmark.cell(param(params, "cell", "lstm"), shape.hiddenSize());
        double all = CellWork.weights(cell, shape.inputSize(), true);
        double recurrent = CellWork.weights(cell, shape.inputSize(), false);
        double head = (double) cell.outputSize() * shape.inputSize();
        double rows = shape.rows();
        double read = shape.batchSize() > 1 ? Double.NaN : shape.timeSteps() * recurrent * Float.BYTES;
        SparsePattern pattern = cell.recurrentPattern();
        if (pattern != null && benchmark.equals("forward")) {
            int bits = CellBenchmark.body("reservoir", param(params, "body", OPENBLAS)).tier().bits();
            return sparse(pattern, shape, bits / Float.SIZE, 2 * rows * all);
        }
        return switch (benchmark) {
            case "forward" -> new Amount(2 * rows * all, read);
            case "backward" -> new Amount(4 * rows * all, read);
            case "training" -> new Amount(6 * rows * all, 2 * read);
            case "streaming" -> new Amount(2 * all, all * Float.BYTES);
            case "layerStep" -> new Amount(6 * rows * recurrent, 2 * read); // tokens: rows of weights are copied
            case "modelStep" -> new Amount(6 * rows * (recurrent + head), Double.NaN);
            case "wordStep" -> new Amount(
                    new WordModel(shape).flops(CellWork.weights(cell, shape.hiddenSize(), true)), Double.NaN);
            case "head", "headOpenBlas" -> new Amount(6 * rows * head, Double.NaN);
            case "twoLayers" -> {
                double upper = CellWork.weights(cell, cell.outputSize(), true);
                yield new Amount(2 * rows * (all + upper), StackBenchmark.LAYERS * read);
            }
            default -> new Amount(Double.NaN, Double.NaN);
        };
    }

    private static Amount sparse(SparsePattern pattern, CellShape shape, int lanes, double flops) {
        double connections = pattern.count();
        double states = (double) pattern.size() * Float.BYTES;
        if (shape.batchSize() == 1) {
            int column = pattern.size() <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
            double step = connections * (Float.BYTES + column) + states;
            return new Amount(flops, shape.timeSteps() * step, step > Peak.cacheBytes());
        }
        double weights = connections * (Float.BYTES + Integer.BYTES);
        double step = Math.ceilDiv(shape.batchSize(), lanes) * (weights + connections * lanes * Float.BYTES);
        return new Amount(flops, shape.timeSteps() * step, weights + 2 * lanes * states > Peak.cacheBytes());
    }

    /** Prints one table, and the peaks under it. */
    static void print(List<Map<String, Object>> figures, Map<String, Peak> peaks) {
        System.out.println();
        System.out.printf(ROW, "benchmark", "cell", "shape", "body", "thr", "us", "+-", "us/step", "GFLOP/s", "best",
                "read B/step", "per cent", "of", "p50", "p99", "B/op");
        for (Map<String, Object> row : figures) {
            System.out.printf(ROW, COLUMNS.stream().map(column -> round(row.get(column))).toArray());
        }
        peaks.forEach((what, peak) -> System.out.printf(Locale.ROOT, "peak of %s thread(s): %.1f GFLOP/s of FMA, "
                + "%.1f GB/s read from L2, %.1f from beyond%n", what, peak.gigaflops(), peak.gigabytes(),
                peak.farGigabytes()));
    }

    private static String round(Object value) {
        return value instanceof Double number
                ? Double.isNaN(number) ? "-" : String.format(Locale.ROOT, "%.1f", number) : String.valueOf(value);
    }
}
