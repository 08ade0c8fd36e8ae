package dev.rondo.bench;

import dev.rondo.bench.golden.GoldenCell;
import dev.rondo.check.NamedShape;
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
import java.util.Map;
import java.util.Set;

/**
 * Times Rondo beside other systems, float32, one layer, one direction, all sequences of full length. Each system runs
 * in a process of its own, for their pools of threads get in each other's way; rounds go through the systems in
 * alternating order, so that what slows the machine down hits all. Figures are printed only of systems that compute
 * the same number.
 *
 * <p>Arguments, each as {@code name=a,b,c}: {@code systems}, {@code cells}, {@code shapes} (of the group timed),
 * {@code modes}, {@code threads} and {@code rounds}.
 *
 * <p>"us" is the median of the quietest round; "ratio" the median, over the rounds, of the system's time in a round to
 * that of the first system in the same round: above 1 the first system is faster.
 */
public final class Comparison {
    private static final Map<String, String> DEFAULTS = Map.of("systems", "native,vector,onednn,libtorch,onnxruntime",
            "cells", "lstm,gru,elman", "shapes", "S3,S4,S7", "modes", "inference,training", "threads", "1",
            "rounds", "5");
    private static final double SAME = 1e-3; // of sums whose terms cancel, in float32
    private static final String ROW = "%-16s %-6s %-10s %3s  %-12s %12s %9s %7s%n";

    private final Map<String, String> choices = new LinkedHashMap<>(DEFAULTS);
    private final Set<String> versions = new LinkedHashSet<>();

    private Comparison(String[] arguments) {
        for (String argument : arguments) {
            String[] words = argument.split("=", 2);
            if (words.length < 2 || choices.put(words[0], words[1]) == null) {
                throw new IllegalArgumentException(
                        "argument: expected one of " + DEFAULTS.keySet() + " as name=a,b,c, got " + argument);
            }
        }
    }

    /** Takes the arguments that the class describes. */
    public static void main(String[] arguments) {
        new Comparison(arguments).run();
    }

    private List<String> chosen(String name) {
        return List.of(choices.get(name).split(","));
    }

    private void run() {
        System.out.printf(ROW, "cell", "shape", "mode", "thr", "system", "us", "GFLOP/s", "ratio");
        for (String cell : chosen("cells")) {
            for (String shape : chosen("shapes")) {
                for (String mode : chosen("modes")) {
                    for (String threads : chosen("threads")) {
                        compare(cell, shape, mode, threads);
                    }
                }
            }
        }
        versions.forEach(System.out::println);
    }

    private void compare(String cell, String shape, String mode, String threads) {
        var workers = new ArrayList<Worker>();
        try {
            for (String system : chosen("systems")) {
                workers.add(new Worker(system, List.of(cell, shape, mode, threads)));
            }
            List<Worker> present = workers.stream().filter(worker -> worker.absent == null).toList();
            for (int round = 0; round < Integer.parseInt(choices.get("rounds")); round++) {
                var order = new ArrayList<>(present);
                if (round % 2 == 1) {
                    Collections.reverse(order);
                }
                order.forEach(Worker::round);
            }
            present.forEach(worker -> versions.add(worker.name + ": " + worker.system));
            for (Worker worker : workers) {
                if (worker.absent == null) {
                    print(cell, shape, mode, threads, worker, present.getFirst());
                } else {
                    System.out.printf(ROW, cell, shape, mode, threads, worker.name, "-", "-", worker.absent);
                }
            }
        } finally {
            workers.forEach(Worker::close);
        }
    }

    private static void print(
            String cell, String shape, String mode, String threads, Worker worker, Worker first) {
        if (!(Math.abs(worker.check - first.check) <= SAME * Math.max(1, Math.abs(first.check)))) {
            throw new IllegalStateException(worker.system + ", " + cell + " " + shape + " " + mode + ": expected "
                    + first.check + ", as from " + first.system + ", got " + worker.check);
        }
        double micros = Collections.min(worker.micros);
        var ratios = new double[worker.micros.size()];
        Arrays.setAll(ratios, round -> worker.micros.get(round) / first.micros.get(round));
        Arrays.sort(ratios);
        System.out.printf(ROW, cell, shape, mode, threads, worker.name, "%.1f".formatted(micros),
                "%.1f".formatted(flops(cell, shape, mode) / micros / 1e3), "%.2f".formatted(ratios[ratios.length / 2]));
    }

    /** Of the products, as they are usually counted: backward has twice those of forward. */
    private static double flops(String cell, String name, String mode) {
        NamedShape shape = NamedShape.of("timed:" + name);
        double step = 2.0 * GoldenCell.of(cell).gates * shape.hiddenSize() * (shape.inputSize() + shape.hiddenSize());
        return step * shape.timeSteps() * shape.batchSize() * (mode.equals("training") ? 3 : 1);
    }

    /** The process of one system. */
    private static final class Worker {
        private final String name;
        private final Process process;
        private final BufferedReader answers;
        private final PrintWriter orders;
        private final List<Double> micros = new ArrayList<>();
        private String absent;
        private String system;
        private double check;

        Worker(String name, List<String> work) {
            this.name = name;
            var command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                    "-cp", System.getProperty("java.class.path")));
            if (name.equals("vector")) {
                command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
            }
            command.addAll(List.of(ComparisonWorker.class.getName(), name));
            command.addAll(work);
            var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().put("OMP_NUM_THREADS", work.getLast());
            // Its threads and those of libtorch would take turns waiting for each other.
            builder.environment().put("OPENBLAS_NUM_THREADS", "1");
            try {
                this.process = builder.start();
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

        void round() {
            orders.println();
            micros.add(Double.parseDouble(answer()[1]));
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
