package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCell;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Times Rondo beside other systems, float32, one layer (two at S9), one direction, all sequences of full length: {@code
 * rondo bench --peers}. Each system runs in a process of its own, for their pools of threads get in each other's way;
 * rounds go through the systems in alternating order, so that what slows the machine down hits all. Figures are printed
 * only of systems that compute the same number.
 *
 * <p>A round's time is the median of its calls. "us" is the median of all rounds, "least" the fastest call, "p99" the
 * median of the rounds' 99th percentiles. Under "ratio" stands for a peer the median, over the rounds, of its time to
 * Rondo's in the same round, above 1 Rondo is faster, with its 95 % interval (see {@link Ratios}); for Rondo that of
 * the best peer, the one of the least "us".
 */
public final class Comparison {
    private static final List<String> SYSTEMS = List.of("rondo", "rondo-vector", "onednn", PeerFigures.PREPACKED,
            "libtorch", "djl", "onnxruntime");
    /** Compared only when asked for: its classes, and what it is made of, come with a profile of their own. */
    private static final String DEEPLEARNING4J = "deeplearning4j";
    private static final List<String> OPTIONS =
            List.of("cells", "shapes", "modes", "threads", "systems", "rounds", "json");
    private static final String USAGE = """
            rondo bench --peers [--cells lstm,gru,elman] [--shapes S2,S3,S4,S7,S8] [--modes train,infer]
                        [--threads 1,2] [--systems %s]
                        [--rounds 9] [--json FILE]
            rondo bench --peers startup [--systems ...] [--starts 10] [--json FILE]
            rondo bench --peers curves TEXT UPDATES      a language model of characters trained by Rondo and libtorch
            There are also the shape S9, two layers, in inference; W1, W2 and W3, whole steps of word models, with
            --cells lstm --modes train --systems rondo,libtorch; and the system %s, its LSTM.
            The first time some 500 MB are downloaded, for %2$s 200 MB more."""
            .formatted(String.join(",", SYSTEMS), DEEPLEARNING4J);
    private static final double SAME = 1e-3; // of sums whose terms cancel, in float32
    private static final String ROW = "%-16s %-6s %-5s %3s  %-16s %11s %11s %11s %9s %7s  %s%n";

    private final Choices choices;
    private final List<String> systems;
    private final List<String> modes;
    private final int rounds;
    private final Set<String> versions = new LinkedHashSet<>();
    private final List<Map<String, Object>> figures = new ArrayList<>();

    private Comparison(Choices choices) {
        this.choices = choices;
        this.systems = systems(choices);
        this.modes = choices.oneOf("modes", List.of("train", "infer"), "train", "infer");
        this.rounds = choices.number("rounds", Ratios.LEAST_ROUNDS, 9);
        choices.cells().forEach(GoldenCell::of);
        shapes();
        choices.threads();
        if (!choices.words().isEmpty()) {
            throw new IllegalArgumentException(
                    "argument: expected options, or startup first, got " + String.join(" ", choices.words()));
        }
    }

    private List<String> shapes() {
        List<String> shapes = choices.get("shapes", "S2", "S3", "S4", "S7", "S8");
        shapes.forEach(Stacks::shapes);
        return shapes;
    }

    private static List<String> systems(Choices choices) {
        var allowed = new ArrayList<>(SYSTEMS);
        allowed.add(DEEPLEARNING4J);
        return choices.oneOf("systems", allowed, SYSTEMS.toArray(String[]::new));
    }

    /** Runs what {@code arguments} say, see {@code rondo bench --peers --help}. */
    public static void main(String[] arguments) throws IOException {
        try {
            if (Arrays.asList(arguments).contains("--help")) {
                System.out.println(USAGE);
            } else if (arguments.length > 0 && arguments[0].equals("startup")) {
                startup(new Choices(arguments, List.of("systems", "starts", "json")));
            } else if (arguments.length == 3 && arguments[0].equals("curves")) {
                LearningCurves.run(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
            } else {
                new Comparison(new Choices(arguments, OPTIONS)).run();
            }
        } catch (IllegalArgumentException e) {
            System.err.println("rondo: " + e.getMessage() + " (see rondo bench --peers --help)");
            System.exit(2);
        }
    }

    private static void startup(Choices choices) throws IOException {
        var programs = new LinkedHashMap<String, ProcessBuilder>();
        for (String system : systems(choices)) {
            if (!system.equals(PeerFigures.PREPACKED)) { // has no inference
                programs.put(system, Worker.program(system, new PeerFigures.Work("lstm", "S1", "infer", 1, 0)));
            }
        }
        Startup.print(programs, choices);
    }

    private void run() throws IOException {
        choices.writeJson(figures);
        System.out.printf(ROW, "cell", "shape", "mode", "thr", "system", "us", "least", "p99", "GFLOP/s", "ratio",
                "95 % interval");
        for (String cell : choices.cells()) {
            for (String shape : shapes()) {
                for (String mode : modes) {
                    for (String threads : choices.threads()) {
                        double flops = Stacks.flops(GoldenCell.of(cell), shape, mode.equals("train"));
                        compare(new PeerFigures.Work(cell, shape, mode, Integer.parseInt(threads), flops));
                        choices.writeJson(figures);
                    }
                }
            }
        }
        PeerFigures.geometricMeans(figures).forEach((what, mean) ->
                System.out.printf(Locale.ROOT, "geometric mean of ratios to the best peer: %s: %.2f%n", what, mean));
        versions.forEach(System.out::println);
    }

    private void compare(PeerFigures.Work work) {
        var workers = new ArrayList<Worker>();
        try {
            for (String system : systems) {
                workers.add(new Worker(system, work));
            }
            List<Worker> present = workers.stream().filter(worker -> worker.absent == null).toList();
            present.forEach(worker -> worker.checkLike(present.getFirst()));
            for (int round = 0; round < rounds; round++) {
                var order = new ArrayList<>(present);
                if (round % 2 == 1) {
                    Collections.reverse(order);
                }
                order.forEach(Worker::round);
            }
            var times = new LinkedHashMap<String, PeerFigures.Times>();
            present.forEach(worker -> times.put(worker.name, worker.times()));
            List<Map<String, Object>> these = PeerFigures.of(work, times);
            these.forEach(figure -> print(figure, times));
            figures.addAll(these);
            present.forEach(worker -> versions.add(worker.name + ": " + worker.system));
            workers.stream().filter(worker -> worker.absent != null)
                    .forEach(worker -> versions.add(worker.name + ", " + work.mode() + ": " + worker.absent));
        } finally {
            workers.forEach(Worker::close);
        }
    }

    private static void print(Map<String, Object> figure, Map<String, PeerFigures.Times> times) {
        String system = (String) figure.get("system");
        PeerFigures.Times ours = times.get(PeerFigures.OURS);
        String ratio = "-";
        String interval = "";
        if (figure.containsKey("best_peer")) {
            ratio = "%.2f".formatted(figure.get("ratio_best_peer"));
            interval = "%.2f to %.2f, best peer %s".formatted(
                    figure.get("ratio_low"), figure.get("ratio_high"), figure.get("best_peer"));
        } else if (ours != null) {
            Ratios ratios = Ratios.of(times.get(system).micros(), ours.micros());
            ratio = "%.2f".formatted(ratios.median());
            interval = "%.2f to %.2f".formatted(ratios.low(), ratios.high());
        }
        System.out.printf(ROW, figure.get("cell"), figure.get("shape"), figure.get("mode"), figure.get("threads"),
                system, "%.1f".formatted(figure.get("median_us")), "%.1f".formatted(figure.get("min_us")),
                "%.1f".formatted(figure.get("p99_us")), "%.1f".formatted(figure.get("gflops")), ratio, interval);
    }

    /** The process of one system. */
    private static final class Worker {
        private final String name;
        private final Process process;
        private final BufferedReader answers;
        private final PrintWriter orders;
        private final List<Double> micros = new ArrayList<>();
        private final List<Double> high = new ArrayList<>();
        private double least = Double.POSITIVE_INFINITY;
        private String absent;
        private String system;
        private double check;

        Worker(String name, PeerFigures.Work work) {
            this.name = name;
            try {
                this.process = program(name, work).start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            this.answers = process.inputReader(StandardCharsets.UTF_8);
            this.orders = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
            String[] answer = answer();
            if (answer[0].equals("ready")) {
                this.system = answer[1];
                this.check = Double.parseDouble(answer[2]);
            } else {
                this.absent = answer[1];
            }
        }

        static ProcessBuilder program(String system, PeerFigures.Work work) {
            String worker = system.equals(DEEPLEARNING4J)
                    ? "dev.rondo.bench.Deeplearning4jPeer" : ComparisonWorker.class.getName();
            ProcessBuilder program = Startup.java(worker,
                    system, work.cell(), work.shape(), work.mode(), Integer.toString(work.threads()));
            program.environment().put("OMP_NUM_THREADS", Integer.toString(work.threads()));
            // Its threads and those of libtorch would take turns waiting for each other. But the products of a word
            // model's head are large, and libtorch leaves them to it: there it is several times faster with as many.
            program.environment().put("OPENBLAS_NUM_THREADS",
                    WordModel.SHAPES.contains(work.shape()) ? Integer.toString(work.threads()) : "1");
            program.environment().put("OPT_OUT_TRACKING", "true"); // DJL
            // ONNX Runtime's; starting that has also ended the process, by recursion without end.
            program.environment().put("ORT_DISABLE_TELEMETRY", "1");
            return program;
        }

        /** Lines that the system itself prints are passed over. */
        private String[] answer() {
            try {
                for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                    if (line.matches("(ready|absent|round)\t.*")) {
                        return line.split("\t");
                    }
                }
                throw new IllegalStateException(name + ": ended without an answer");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void checkLike(Worker first) {
            if (!(Math.abs(check - first.check) <= SAME * Math.max(1, Math.abs(first.check)))) {
                throw new IllegalStateException(
                        system + ": expected " + first.check + ", as from " + first.system + ", got " + check);
            }
        }

        void round() {
            orders.println();
            String[] answer = answer();
            micros.add(Double.parseDouble(answer[1]));
            least = Math.min(least, Double.parseDouble(answer[2]));
            high.add(Double.parseDouble(answer[3]));
        }

        PeerFigures.Times times() {
            return new PeerFigures.Times(array(micros), least, array(high));
        }

        private static double[] array(List<Double> values) {
            return values.stream().mapToDouble(Double::doubleValue).toArray();
        }

        void close() {
            orders.close();
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                process.destroy();
                Thread.currentThread().interrupt();
            }
        }
    }
}
