package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.IsaTier;
import dev.rondo.check.CellBody;
import dev.rondo.kernel.Backends;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs, at a small shape and once, and what it measured can be told. */
class BenchmarksTest {
    private static final String SHAPE = "units:half-lane";
    private static final double FLOPS = 100e3; // per microsecond, as if the machine had that peak
    private static final double BYTES = 50e3;
    private static final String BODY = Bench.bodies(List.of()).getLast();

    @Test
    void everyBenchmarkRunsAndHasFigures() throws RunnerException {
        String peakOf = Figures.peakOf(BODY, 1);
        JsonArray figures = JsonParser.parseString(
                Json.array(Figures.of(run(), Map.of(peakOf, new Peak(FLOPS / 1e3, BYTES / 1e3))))).getAsJsonArray();
        Set<String> ran = figures.asList().stream()
                .map(figure -> figure.getAsJsonObject().get("benchmark").getAsString())
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(benchmarks(), ran);
        assertEquals(ran.size(), figures.size());
        for (var figure : figures) {
            JsonObject fields = figure.getAsJsonObject();
            String name = fields.get("benchmark").getAsString();
            assertEquals(name.equals("headOpenBlas") ? Figures.OPENBLAS : BODY, fields.get("body").getAsString());
            assertTrue(fields.get("us").getAsDouble() > 0, name);
            boolean counts = !Set.of("packing", "softmax", "adaptiveWordStep", "optimizer", "activationExp",
                    "activationSigmoid", "activationTanh").contains(name);
            assertEquals(!counts, fields.get("gflops").isJsonNull(), name);
            assertEquals(!counts, fields.get("percent").isJsonNull(), name);
            assertEquals(!name.equals("twoLayers"), fields.get("p99_us").isJsonNull(), name);
            switch (name) { // a GRU of I=5, H=8 has 24 rows of 13 weights; T=3, B=2
                case "forward" -> percent(100 * (2 * 6 * 24 * 13) / FLOPS, fields);
                case "backward" -> percent(100 * (2 * 2 * 6 * 24 * 13) / FLOPS, fields);
                case "head", "headOpenBlas" -> percent(100 * (3 * 2 * 6 * 5 * 8) / FLOPS, fields);
                case "training" -> percent(100 * (3 * 2 * 6 * 24 * 13) / FLOPS, fields);
                case "streaming" -> percent(100 * (4 * 24 * 13) / BYTES, fields);
                default -> {}
            }
        }
    }

    private static void percent(double microsAtPeak, JsonObject fields) {
        double percent = fields.get("percent").getAsDouble();
        assertEquals(microsAtPeak / fields.get("us").getAsDouble(), percent, 1e-6 * percent);
    }

    private static Set<String> benchmarks() {
        return Stream.of(ActivationBenchmark.class, BackwardBenchmark.class, CellBenchmark.class, HeadBenchmark.class,
                        ModelBenchmark.class, OpenBlasBenchmark.class, StackBenchmark.class, WordModelBenchmark.class)
                .flatMap(benchmarks -> Arrays.stream(benchmarks.getMethods()))
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .map(method -> method.getName()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Collection<RunResult> run() throws RunnerException {
        System.setProperty("jmh.ignoreLock", "true"); // nothing is measured here that another run would disturb
        return new Runner(new OptionsBuilder().forks(0).warmupIterations(0).measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1)).shouldFailOnError(true).verbosity(VerboseMode.SILENT)
                .param("cell", "gru").param("shape", SHAPE).param("body", BODY).param("threads", "1").build()).run();
    }

    @Test
    void verificationPassesAndCanFail() {
        CellShape shape = CellBenchmark.shape(SHAPE);
        var verification = new Verification(Bench.bodies(List.of()), List.of(1, 2));
        verification.kernels("lstm", shape);
        verification.network("lstm", shape, NetworkWork::characters);
        verification.network("gru", shape, NetworkWork::words);
        verification.network("gru", shape, NetworkWork::adaptiveWords);
        verification.head(shape);
        verification.activations();
        CellBody body = CellBody.reference(units -> CellBenchmark.cell("lstm", units));
        try (var reference = new CellWork(body, shape, 3, 1); var work = new CellWork(body, shape, 3, 1)) {
            reference.once();
            work.once();
            work.compare(reference);
            work.train(); // gradients add up
            assertThrows(IllegalStateException.class, () -> work.compare(reference));
        }
    }

    @Test
    void verificationOfHeadAndActivationsCanFail() {
        CellShape shape = CellBenchmark.shape(SHAPE);
        CellBody body = CellBody.reference(units -> CellBenchmark.cell("lstm", units));
        try (var reference = HeadWork.of(body, shape, 1); var work = HeadWork.of(body, shape, 1)) {
            reference.products();
            assertThrows(IllegalStateException.class, () -> work.compare(reference, "nobody")); // has done nothing yet
            work.products();
            work.compare(reference, "REFERENCE");
        }
        assumeTrue(Backends.missing(Backend.VECTOR).isEmpty(), "no vectors here");
        try (var work = new ActivationWork(CellBenchmark.body("lstm", "VECTOR/BASELINE"))) {
            work.verify("VECTOR");
            assertThrows(IllegalStateException.class, () -> work.verify("VECTOR")); // activated twice, in place
        }
    }

    @Test
    void peaksAreMeasured() {
        assumeTrue(Backends.missing(Backend.VECTOR).isEmpty(), "no vectors here");
        Peak peak = Peak.measure(IsaTier.AVX2, 1);
        assertTrue(peak.gigaflops() > 0 && peak.gigabytes() > 0, peak.toString());
        assertEquals(new Peak(3, 4), new Peak(3, 2).or(new Peak(1, 4)));
    }
}
