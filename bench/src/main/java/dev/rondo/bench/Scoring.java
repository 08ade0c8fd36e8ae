package dev.rondo.bench;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.TextScore;
import dev.rondo.text.Vocabulary;
import dev.rondo.text.WordOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Lines per second of {@code LanguageModel.score}, one by one and side by side: {@code rondo bench score}. Of a
 * character model of 1 x 512 units and a word model of 2 x 200 units and 10,000 words, with random weights; lines have
 * 10 to 110 characters, or 3 to 40 words. On one thread by its processor time, see {@link Rounds}; the best of the
 * rounds, in which both take turns.
 */
final class Scoring {
    static final List<String> OPTIONS = List.of("lines", "threads", "rounds", "json");
    private static final String ROW = "%-12s %7s %12s %12s %7s%n";

    /** How far the figures of a line may be apart, in parts of them: sums of thousands of float32 numbers. */
    private static final double ROUNDING = 1e-5;

    private final Choices choices;
    private final int lines;
    private final int rounds;
    private final List<Map<String, Object>> figures = new ArrayList<>();

    private Scoring(Choices choices) {
        this.choices = choices;
        this.lines = choices.number("lines", 1, 2000);
        this.rounds = choices.number("rounds", 1, 3);
    }

    /** Runs what the command line says. */
    static void main(Choices choices) throws IOException {
        choices.writeJson(List.of());
        new Scoring(choices).run();
    }

    private void run() throws IOException {
        System.out.printf(ROW, "model", "threads", "one by one", "side by side", "ratio");
        for (String text : choices.threads()) {
            int threads = Integer.parseInt(text);
            try (LanguageModel characters = characters(threads); LanguageModel words = words(threads)) {
                time("characters", characters, 10, 110, "", threads);
                time("words", words, 3, 40, " ", threads);
            }
        }
        choices.writeJson(figures);
    }

    private static LanguageModel characters(int threads) {
        Vocabulary vocabulary = Vocabulary.characters(IntStream.range('!', '!' + 64)
                .mapToObj(Character::toString).collect(Collectors.joining("", "\n", "")));
        return new LanguageModel(vocabulary, Network.oneHot(vocabulary.size()).layer(Lstm.of(512))
                .classes(vocabulary.size()).threads(threads).seed(1).build());
    }

    private static LanguageModel words(int threads) {
        Vocabulary vocabulary = Vocabulary.words(IntStream.range(0, 9998).mapToObj(word -> "w" + word)
                .collect(Collectors.joining(" ")), WordOptions.defaults());
        return new LanguageModel(vocabulary, Network.embedding(vocabulary.size(), 200).layer(Lstm.of(200))
                .layer(Lstm.of(200)).classes(vocabulary.size()).threads(threads).seed(1).build());
    }

    private void time(String name, LanguageModel model, int least, int most, String between, int threads) {
        List<String> texts = texts(model.vocabulary(), least, most, between);
        verify(model, texts.subList(0, Math.min(50, lines)));
        LongSupplier clock = threads == 1
                ? ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime
                : System::nanoTime;
        double alone = 0;
        double together = 0;
        for (int round = 0; round < rounds; round++) {
            long start = clock.getAsLong();
            texts.forEach(model::score);
            long middle = clock.getAsLong();
            model.score(texts);
            alone = Math.max(alone, lines * 1e9 / (middle - start));
            together = Math.max(together, lines * 1e9 / (clock.getAsLong() - middle));
        }
        var figure = new LinkedHashMap<String, Object>();
        figure.put("model", name);
        figure.put("threads", threads);
        figure.put("alone_per_second", alone);
        figure.put("together_per_second", together);
        figures.add(figure);
        System.out.printf(ROW, name, threads, String.format("%,.0f", alone), String.format("%,.0f", together),
                String.format("%.1f", together / alone));
    }

    /** Random ones, of tokens that are texts. */
    private List<String> texts(Vocabulary vocabulary, int least, int most, String between) {
        var random = new SplittableRandom(1);
        return IntStream.range(0, lines).mapToObj(_ -> random.ints(random.nextInt(least, most + 1), 2,
                vocabulary.size()).mapToObj(vocabulary::decode).collect(Collectors.joining(between))).toList();
    }

    private static void verify(LanguageModel model, List<String> texts) {
        List<TextScore> together = model.score(texts);
        for (int i = 0; i < texts.size(); i++) {
            double nats = model.score(texts.get(i)).nats();
            if (!(Math.abs(together.get(i).nats() - nats) <= ROUNDING * nats)) {
                throw new IllegalStateException("line " + i + ": expected " + nats + ", got " + together.get(i));
            }
        }
    }
}
