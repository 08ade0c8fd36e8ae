package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.check.CellBody;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks whose names match a pattern and prints one table: {@code rondo bench}. First everything that will
 * be timed is verified against the reference, and the peaks of the machine are measured; again after the last
 * benchmark, the greater counts. "best" is the GFLOP/s of the fastest iteration: where it is far above the mean,
 * something else was using the machine.
 */
public final class Bench {
    private static final List<String> OPTIONS = List.of("cells", "bodies", "shapes", "threads", "json");
    private static final String USAGE = """
            rondo bench [PATTERN] [--cells lstm,gru,elman] [--bodies native,vector/avx2] [--shapes S3,S4]
                        [--threads 1,2] [--json FILE] [options of JMH with one dash, -f 3 for example]
            rondo bench startup [--starts 10] [--json FILE]
            rondo bench learners [--cells lstm,elman] [--units 16,32,64,128] [--filters 6,11,19,31] [--rows 1,8]
                        [--threads 1] [--rounds 9] [--json FILE]
            rondo bench generate [--cells lstm] [--units 256,512] [--threads 1,2] [--length 5000] [--rounds 9]
                        [--json FILE]
            rondo bench score [--lines 2000] [--threads 1] [--rounds 3] [--json FILE]
            rondo bench reservoir   (forward --cells reservoir --shapes R1,R2,R3,R4: one stream, and sixteen)
            rondo bench --peers [startup] --help
            Patterns are parts of names: forward backward training streaming packing, activation (Exp Sigmoid Tanh),
            modelStep layerStep softmax optimizer, wordStep adaptiveWordStep, head (and headOpenBlas), twoLayers.
            Shapes are in test-data/shapes.
            Without options: all bodies but the reference.""";

    private final Choices choices;
    private final CommandLineOptions jmh;
    private final SortedSet<BenchmarkListEntry> entries;
    private final List<String> bodies;
    private final List<String> threads;
    private final Map<String, Peak> peaks = new TreeMap<>();

    private Bench(Choices choices) throws CommandLineOptionException {
        this.choices = choices;
        this.jmh = new CommandLineOptions(choices.words().toArray(String[]::new));
        this.entries = BenchmarkList.defaultList().find(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                jmh.getIncludes(), jmh.getExcludes());
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("pattern: expected a part of a benchmark's name, as in forward, got "
                    + String.join(" ", jmh.getIncludes()));
        }
        this.bodies = bodies(choices.get("bodies"));
        this.threads = choices.threads();
        choices.cells();
        choices.shapes();
    }

    /** Runs what {@code arguments} say, see {@code rondo bench --help}. */
    public static void main(String[] arguments) throws Exception {
        try {
            if (Arrays.asList(arguments).contains("--help")) {
                System.out.println(USAGE);
            } else if (arguments.length > 0 && arguments[0].equals("startup")) {
                Startup.ofRondo(new Choices(arguments, List.of("starts", "json")));
            } else if (arguments.length > 0 && arguments[0].equals("learners")) {
                Learners.main(new Choices(arguments, Learners.OPTIONS));
            } else if (arguments.length > 0 && arguments[0].equals("generate")) {
                Generating.main(new Choices(arguments, Generating.OPTIONS));
            } else if (arguments.length > 0 && arguments[0].equals("score")) {
                Scoring.main(new Choices(arguments, Scoring.OPTIONS));
            } else {
                new Bench(new Choices(spelledOut(arguments), OPTIONS)).run();
            }
        } catch (IllegalArgumentException | CommandLineOptionException e) {
            System.err.println("rondo: " + e.getMessage() + " (see rondo bench --help)");
            System.exit(2);
        }
    }

    /** {@return {@code arguments}, with the word reservoir spelled out; other options than these may follow it} */
    private static String[] spelledOut(String... arguments) {
        if (arguments.length == 0 || !arguments[0].equals("reservoir")) {
            return arguments;
        }
        var all = new ArrayList<>(List.of("CellBenchmark.forward"));
        List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
        Map.of("--cells", "reservoir", "--shapes", "R1,R2,R3,R4").forEach((option, value) -> {
            if (rest.stream().noneMatch(word -> word.startsWith(option))) {
                all.addAll(List.of(option, value));
            }
        });
        all.addAll(rest);
        return all.toArray(String[]::new);
    }

    private void run() throws Exception {
        System.out.println("Java " + Runtime.version() + "; "
                + Backends.describe(Backends.available().getLast(), Execution.threads(1)));
        choices.writeJson(List.of()); // a file that cannot be written is known now, not after half an hour
        verify();
        measurePeaks();
        ChainedOptionsBuilder options = new OptionsBuilder().parent(jmh).addProfiler(GCProfiler.class)
                .param("cell", choices.cells().toArray(String[]::new))
                .param("body", bodies.toArray(String[]::new))
                .param("threads", threads.toArray(String[]::new));
        if (!choices.shapes().isEmpty()) {
            options.param("shape", choices.shapes().toArray(String[]::new));
        }
        var results = new Runner(options.build()).run();
        measurePeaks();
        List<Map<String, Object>> figures = Figures.of(results, peaks);
        Figures.print(figures, peaks);
        choices.writeJson(figures);
    }

    private void verify() {
        var verification = new Verification(bodies, threads.stream().map(Integer::valueOf).toList());
        for (String cell : choices.cells()) {
            for (String shape : shapes(CellBenchmark.class, BackwardBenchmark.class)) {
                verification.kernels(cell, CellBenchmark.shape(shape));
            }
            for (String shape : shapes(ModelBenchmark.class)) {
                verification.network(cell, CellBenchmark.shape(shape), NetworkWork::characters);
            }
            for (String shape : shapes(WordModelBenchmark.class)) {
                verification.network(cell, CellBenchmark.shape(shape), NetworkWork::words);
                verification.network(cell, CellBenchmark.shape(shape), NetworkWork::adaptiveWords);
            }
            if (willRun(StackBenchmark.class)) {
                verification.network(cell, StackBenchmark.SHAPE, NetworkWork::stack);
            }
        }
        for (String shape : shapes(HeadBenchmark.class, OpenBlasBenchmark.class)) {
            verification.head(CellBenchmark.shape(shape));
        }
        if (willRun(ActivationBenchmark.class)) {
            verification.activations();
        }
    }

    /** {@return whether a benchmark of one of these classes will run} */
    private boolean willRun(Class<?>... benchmarks) {
        return entries(benchmarks).findAny().isPresent();
    }

    /** {@return the shapes at which benchmarks of some classes will run} */
    private Set<String> shapes(Class<?>... benchmarks) {
        return entries(benchmarks).flatMap(entry -> choices.shapes(entry.getParams().get().get("shape")).stream())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private Stream<BenchmarkListEntry> entries(Class<?>... benchmarks) {
        Set<String> names = Arrays.stream(benchmarks).map(Class::getName).collect(Collectors.toSet());
        return entries.stream().filter(entry -> names.contains(entry.getUserClassQName()));
    }

    private void measurePeaks() {
        var bodies = new ArrayList<>(this.bodies);
        if (willRun(OpenBlasBenchmark.class)) {
            bodies.add(Figures.OPENBLAS);
        }
        Set<String> needed = bodies.stream()
                .flatMap(body -> threads.stream().map(count -> Figures.peakOf(body, Integer.parseInt(count))))
                .collect(Collectors.toCollection(TreeSet::new));
        for (String what : needed) {
            String[] words = what.split(" ");
            Peak measured = Peak.measure(IsaTier.valueOf(words[0]), Integer.parseInt(words[1]));
            peaks.merge(what, measured, Peak::or);
        }
    }

    /** {@return bodies as benchmarks take them: a backend alone stands for its highest tier} */
    static List<String> bodies(List<String> chosen) {
        List<String> present = CellBody.present(units -> CellBenchmark.cell("lstm", units)).stream()
                .filter(body -> body.precision() == Precision.FLOAT32)
                .map(CellBenchmark::name).toList();
        if (chosen.isEmpty()) {
            return present.stream().filter(body -> !body.startsWith(Backend.REFERENCE.name())).toList();
        }
        return chosen.stream().map(text -> {
            String wanted = text.toUpperCase(Locale.ROOT);
            return present.stream()
                    .filter(body -> body.equals(wanted) || body.startsWith(wanted + "/"))
                    .reduce((_, higher) -> higher)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "--bodies: expected some of " + String.join(", ", present) + ", got " + text));
        }).toList();
    }
}
