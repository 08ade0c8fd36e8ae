package dev.rondo.bench;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.check.CellBody;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.Collection;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the benchmarks whose names match a pattern and prints one table. Takes JMH's options; without {@code -p
 * cell=...} and {@code -p body=...} every cell and every body that runs here is timed, a quarter of an hour for each
 * cell. "best" is the GFLOP/s of the fastest iteration: where it is far above the mean, something else was using the
 * machine.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -jar bench/target/benchmarks.jar \
 *     training -p cell=gru -p shape=timed:S3 -p body=NATIVE/AVX512
 * </pre>
 */
public final class Bench {
    private static final String ROW = "%-10s %-24s %-18s %3s  %-9s %4s %4s %5s %5s  %12s %10s %9s %9s%n";

    private Bench() {}

    /** Runs the benchmarks that {@code arguments}, which are JMH's, choose. */
    public static void main(String[] arguments) throws Exception {
        var options = new CommandLineOptions(arguments);
        if (asksJmh(options)) {
            Main.main(arguments);
            return;
        }
        System.out.println("Java " + Runtime.version() + "; "
                + Backends.describe(Backends.available().getLast(), Execution.threads(1)));
        var chosen = new OptionsBuilder().parent(options);
        if (!options.getParameter("cell").hasValue()) {
            chosen.param("cell", Cells.variants().toArray(String[]::new));
        }
        if (!options.getParameter("body").hasValue()) {
            chosen.param("body", bodies());
        }
        print(new Runner(chosen.build()).run());
    }

    private static boolean asksJmh(CommandLineOptions options) {
        return options.shouldHelp() || options.shouldList() || options.shouldListWithParams()
                || options.shouldListProfilers() || options.shouldListResultFormats();
    }

    private static String[] bodies() {
        return CellBody.present(units -> CellBenchmark.cell("lstm", units)).stream()
                .filter(body -> body.precision() == Precision.FLOAT32)
                .map(CellBenchmark::name)
                .toArray(String[]::new);
    }

    private static void print(Collection<RunResult> results) {
        System.out.println();
        System.out.printf(
                ROW, "benchmark", "cell", "body", "thr", "shape", "T", "B", "I", "H", "us", "+-", "GFLOP/s", "best");
        for (RunResult result : results) {
            BenchmarkParams params = result.getParams();
            String benchmark = params.getBenchmark().substring(params.getBenchmark().lastIndexOf('.') + 1);
            CellShape shape = CellBenchmark.shape(params.getParam("shape"));
            Cell cell = CellBenchmark.cell(params.getParam("cell"), shape.hiddenSize());
            Result<?> micros = result.getPrimaryResult();
            double kiloflops = flops(benchmark, cell, shape) / 1e3;
            System.out.printf(ROW, benchmark,
                    params.getParam("cell"), params.getParam("body"), params.getParam("threads"),
                    params.getParam("shape"), shape.timeSteps(), shape.batchSize(), shape.inputSize(),
                    shape.hiddenSize(), round(micros.getScore()), round(micros.getScoreError()),
                    round(kiloflops / micros.getScore()), round(kiloflops / micros.getStatistics().getMin()));
        }
    }

    private static String round(double value) {
        return "%.1f".formatted(value);
    }

    /** Floating-point operations of the products, as they are usually counted: backward has twice those of forward. */
    private static double flops(String benchmark, Cell cell, CellShape shape) {
        double step = CellWork.stepFlops(cell, shape.inputSize());
        return switch (benchmark) {
            case "forward" -> shape.rows() * step;
            case "training" -> 3 * shape.rows() * step;
            case "streaming" -> step;
            default -> throw new IllegalArgumentException(
                    "benchmark: expected forward, training or streaming, got " + benchmark);
        };
    }
}
