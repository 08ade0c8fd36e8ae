package dev.rondo.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Milliseconds from the start of a JVM to the first output of an LSTM, as who started it sees them, files in the
 * system's cache and native libraries extracted: one start goes before those that count.
 */
final class Startup {
    private static final String ROW = "%-22s %9s %9s %9s%n";

    private Startup() {}

    /** Prints Rondo's backends, beside a JVM that does nothing. */
    static void ofRondo(Choices choices) throws IOException {
        var programs = new LinkedHashMap<String, ProcessBuilder>();
        programs.put("java alone", java(FirstOutput.class.getName(), "nothing"));
        programs.put("rondo", java(FirstOutput.class.getName(), "native"));
        programs.put("rondo-vector", java(FirstOutput.class.getName(), "vector"));
        print(programs, choices);
    }

    /** Starts each program as often as {@code choices} say; each prints a line that begins with "ready". */
    static void print(Map<String, ProcessBuilder> programs, Choices choices) throws IOException {
        int starts = choices.number("starts", 1, 10);
        var figures = new ArrayList<Map<String, Object>>();
        System.out.printf(ROW, "ms to the first output", "median", "least", "most");
        programs.forEach((system, program) -> {
            millis(program);
            program.redirectError(Redirect.DISCARD); // once is enough
            var millis = new double[starts];
            Arrays.setAll(millis, _ -> millis(program));
            Arrays.sort(millis);
            var row = new LinkedHashMap<String, Object>();
            row.put("system", system);
            row.put("median_ms", Ratios.median(millis));
            row.put("min_ms", millis[0]);
            row.put("max_ms", millis[starts - 1]);
            figures.add(row);
            System.out.printf(ROW, row.values().stream()
                    .map(value -> value instanceof Double n ? String.format(Locale.ROOT, "%.0f", n) : value).toArray());
        });
        choices.writeJson(figures);
    }

    private static double millis(ProcessBuilder program) {
        long start = System.nanoTime();
        try {
            Process process = program.start();
            process.getOutputStream().close();
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                boolean ready = lines.lines().anyMatch(line -> line.startsWith("ready"));
                double millis = (System.nanoTime() - start) / 1e6;
                if (!ready) {
                    throw new IllegalStateException(program.command() + ": ended without an output");
                }
                process.waitFor();
                return millis;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("startup: interrupted", e);
        }
    }

    /** {@return a JVM like this one, on the same classes} */
    static ProcessBuilder java(String program, String... arguments) {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                "-cp", System.getProperty("java.class.path")));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        command.add(program);
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(Redirect.INHERIT);
    }
}
