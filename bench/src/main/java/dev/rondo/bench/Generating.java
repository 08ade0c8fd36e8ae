package dev.rondo.bench;

import dev.rondo.network.Cells;
import dev.rondo.network.Network;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Sampling;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Characters per second of {@code LanguageModel.generate}, of one text at a time: {@code rondo bench generate}. A
 * character model of one layer and {@value #CHARACTERS} characters, as tinyshakespeare has; its weights are random,
 * which costs what learned ones do. All are timed in the same rounds, in alternating order, what runs on one thread by
 * its processor time, see {@link Rounds}. What is timed is all that a program waits for: the step, the head, the
 * drawing, the text.
 */
final class Generating {
    static final List<String> OPTIONS = List.of("cells", "units", "threads", "length", "rounds", "json");
    private static final int CHARACTERS = 65;
    private static final String ROW = "%-10s %5s %7s %12s %12s%n";

    private final Choices choices;
    private final int length;
    private final int rounds;

    private Generating(Choices choices) {
        this.choices = choices;
        this.length = choices.number("length", 1, 5000);
        this.rounds = choices.number("rounds", 1, 9);
    }

    /** Runs what the command line says. */
    static void main(Choices choices) throws IOException {
        choices.writeJson(List.of());
        new Generating(choices).run();
    }

    /** One model, and the characters per second of each round. */
    private record Case(String cell, int units, int threads, LanguageModel model, double[] rates) {}

    private void run() throws IOException {
        var cases = new ArrayList<Case>();
        try {
            for (String cell : choices.get("cells", "lstm")) {
                for (int units : choices.numbers("units", "256", "512")) {
                    for (String threads : choices.get("threads", "1", "2")) {
                        cases.add(of(cell, units, Integer.parseInt(threads)));
                    }
                }
            }
            time(cases);
            report(cases);
        } finally {
            cases.forEach(each -> each.model.close());
        }
    }

    private Case of(String cell, int units, int threads) {
        String characters = IntStream.range(0, CHARACTERS).mapToObj(c -> Character.toString(' ' + c))
                .collect(Collectors.joining());
        Network network = Network.oneHot(CHARACTERS).layer(Cells.parse(cell, units)).classes(CHARACTERS)
                .threads(threads).seed(1).build();
        var model = new LanguageModel(Vocabulary.characters(characters), network);
        generate(model, 0); // for the JVM to compile
        return new Case(cell, units, threads, model, new double[rounds]);
    }

    private void generate(LanguageModel model, long seed) {
        model.generate(" ", Sampling.defaults().temperature(0.8).seed(seed), length, _ -> { });
    }

    private void time(List<Case> cases) {
        List<Case> order = new ArrayList<>(cases);
        for (int round = 0; round < rounds; round++) {
            for (Case each : order) {
                LongSupplier clock = each.threads == 1
                        ? ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime
                        : System::nanoTime;
                long start = clock.getAsLong();
                generate(each.model, round);
                each.rates[round] = length / ((clock.getAsLong() - start) / 1e9);
            }
            Collections.reverse(order);
        }
    }

    private void report(List<Case> cases) throws IOException {
        var figures = new ArrayList<Map<String, Object>>();
        System.out.printf(ROW, "cell", "H", "threads", "chars/s best", "median");
        for (Case each : cases) {
            var figure = new LinkedHashMap<String, Object>();
            figure.put("cell", each.cell);
            figure.put("units", each.units);
            figure.put("threads", each.threads);
            figure.put("characters_per_second", Arrays.stream(each.rates).max().orElseThrow());
            figure.put("median", Ratios.median(each.rates));
            figures.add(figure);
            System.out.printf(ROW, figure.values().stream()
                    .map(value -> value instanceof Double rate ? String.format("%,.0f", rate) : value).toArray());
        }
        choices.writeJson(figures);
    }
}
