package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Stepper;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lines scored side by side, ranked and filled, against one step per token. */
class LineScoringTest {
    private static final Vocabulary CHARACTERS = Vocabulary.characters("\n abcdefg");

    /** 40 words, of which "w0" is the most frequent. */
    private static final Vocabulary WORDS = Vocabulary.words(
            IntStream.range(0, 40).mapToObj(i -> ("w" + i + " ").repeat(41 - i)).collect(Collectors.joining()) + "\n",
            WordOptions.defaults());

    /**
     * A logit is a sum of 8 products with numbers below 1 of weights up to 6; it goes into nats once with the class and
     * once with all: {@code 2 * log2(8) * 6 * eps} for each token, and as much again for the states.
     */
    private static final double PER_TOKEN = 4 * 3 * 6 * Precision.FLOAT32.epsilon();

    /** A model that is sure of something: weights of the head as learning makes them, ten times the first ones. */
    private static LanguageModel model(Vocabulary vocabulary, Backend backend) {
        int size = vocabulary.size();
        Network network = Network.oneHot(size).layer(Lstm.of(8)).classes(size).backend(backend).seed(4).build();
        MemorySegment weight = network.parameters().view("head.weight");
        for (int i = 0; i < size * 8; i++) {
            Precision.FLOAT32.set(weight, i, 10 * Precision.FLOAT32.get(weight, i));
        }
        network.parameters().changed();
        return new LanguageModel(vocabulary, network);
    }

    /** The definition: one step per token, and minus the logarithm of the softmax at the next. */
    private static List<Double> nats(LanguageModel model, String line) {
        var nats = new ArrayList<Double>();
        var logits = new float[model.vocabulary().size()];
        int token = model.vocabulary().lineStart().orElseThrow();
        try (Stepper stepper = model.network().stepper()) {
            for (int next : model.vocabulary().encode(line)) {
                stepper.step(token, logits);
                double total = 0;
                for (float logit : logits) {
                    total += Math.exp(logit);
                }
                nats.add(Math.log(total) - logits[next]);
                token = next;
            }
        }
        return nats;
    }

    private static double total(LanguageModel model, String line) {
        return sum(nats(model, line));
    }

    private static double sum(List<Double> nats) {
        return nats.stream().mapToDouble(Double::doubleValue).sum();
    }

    /** Empty ones, more than are read side by side, longer than a pass, in no order. */
    private static List<String> raggedLines() {
        var random = new SeededRandom(3);
        return IntStream.range(0, LineScorer.MANY + 5)
                .mapToObj(i -> random.ints(i % 7 == 0 ? 0 : random.nextInt(40), 1, CHARACTERS.size())
                        .mapToObj(CHARACTERS::decode).collect(Collectors.joining()))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void manyLinesAreScoredAsOneByOne(Backend backend) {
        Available.assume(backend);
        List<String> lines = raggedLines();
        try (LanguageModel model = model(CHARACTERS, backend)) {
            List<TextScore> scores = model.score(lines);
            List<List<TokenScore>> tokens = model.scoreTokens(lines);
            assertEquals(lines.size(), scores.size());
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                List<Double> expected = nats(model, line);
                double tolerance = PER_TOKEN * Math.max(1, line.length());
                assertEquals(sum(expected), scores.get(i).nats(), tolerance, line);
                assertEquals(model.score(line).nats(), scores.get(i).nats(), tolerance, line);
                assertEquals(line.length(), scores.get(i).predictions());
                assertEquals(line, tokens.get(i).stream().map(TokenScore::text).collect(Collectors.joining()));
                for (int t = 0; t < expected.size(); t++) {
                    assertEquals(expected.get(t), tokens.get(i).get(t).nats(), PER_TOKEN, line + ", token " + t);
                    assertEquals(CHARACTERS.encode(line)[t], tokens.get(i).get(t).token());
                }
            }
            assertEquals(scores, model.score(lines), "scores do not depend on what was scored before");
            assertEquals(List.of(), model.score(List.of()));
            assertEquals(List.of(List.of()), model.scoreTokens(List.of("")));
        }
    }

    /** Of an adaptive softmax the outputs are log-probabilities already, and each position has a loss as well. */
    @Test
    void linesOfAnAdaptiveSoftmaxAreScoredRankedAndFilled() {
        Network network = Network.oneHot(WORDS.size()).layer(Lstm.of(8)).outputs(WORDS.size())
                .loss(Loss.adaptiveSoftmax(5, 12)).backend(Backend.REFERENCE).seed(4).build();
        try (var model = new LanguageModel(WORDS, network)) {
            List<String> lines = List.of("w1 w30 w2", "", "w39", "w8 w9 w10 w11 w0");
            List<TextScore> scores = model.score(lines);
            for (int i = 0; i < lines.size(); i++) {
                assertEquals(total(model, lines.get(i)), scores.get(i).nats(), 5 * PER_TOKEN);
            }
            assertFilled(model, "w1 ___ w30", IntStream.range(2, WORDS.size()).mapToObj(WORDS::decode).toList(), 4);
        }
    }

    @Test
    void tokensSayWhatTheyStandFor() {
        try (LanguageModel words = model(WORDS, Backend.REFERENCE);
                LanguageModel bytes = model(Vocabulary.bytes(), Backend.REFERENCE);
                LanguageModel noLineEnd = model(Vocabulary.characters("abc"), Backend.REFERENCE)) {
            assertEquals(List.of("w3", "<unk>", "w0"),
                    words.scoreTokens(List.of("w3 what w0")).getFirst().stream().map(TokenScore::text).toList());
            assertEquals(1, words.score(List.of("w3 what w0")).getFirst().unknown());
            assertEquals(List.of("a", "<0xC3>", "<0xA9>"),
                    bytes.scoreTokens(List.of("aé")).getFirst().stream().map(TokenScore::text).toList());
            assertEquals(List.of("b", "c"), noLineEnd.scoreTokens(List.of("abc", "a")).getFirst().stream()
                    .map(TokenScore::text).toList(), "the first is not predicted");
        }
    }

    @Test
    void candidatesAreRankedByWhatWasAskedFor() {
        List<String> candidates = raggedLines();
        try (LanguageModel model = model(CHARACTERS, Backend.REFERENCE)) {
            List<TextScore> scores = model.score(candidates);
            for (Ranking ranking : Ranking.values()) {
                boolean whole = ranking == Ranking.PROBABILITY;
                List<RankedText> ranked = model.rank(candidates, ranking);
                assertEquals(candidates.size(), ranked.size());
                assertEquals(candidates.size(), ranked.stream().map(RankedText::index).distinct().count());
                for (int i = 0; i < ranked.size(); i++) {
                    RankedText here = ranked.get(i);
                    assertEquals(candidates.get(here.index()), here.text());
                    assertEquals(scores.get(here.index()), here.score());
                    if (i > 0) {
                        RankedText before = ranked.get(i - 1);
                        double gain = whole
                                ? here.score().nats() - before.score().nats()
                                : here.score().predictions() == 0
                                        ? Double.POSITIVE_INFINITY
                                        : here.score().natsPerUnit() - before.score().natsPerUnit();
                        assertTrue(gain > 0 || before.index() < here.index(), ranking + " " + i);
                        assertTrue(!(gain < 0), ranking + " " + i);
                    }
                }
                assertEquals("", (whole ? ranked.getFirst() : ranked.getLast()).text(), "nothing is certain");
            }
        }
    }

    /** Every candidate as a whole line, by single steps, sorted. The random model's likelihoods lie apart. */
    private static void assertFilled(LanguageModel model, String line, List<String> candidates, int most) {
        Map<String, Double> totals = candidates.stream().collect(Collectors.toMap(
                candidate -> candidate, candidate -> total(model, line.replace("___", candidate))));
        List<String> expected = candidates.stream().sorted(Comparator.comparing(totals::get)).limit(most).toList();
        List<RankedText> best = model.fill(line, candidates, most);
        assertEquals(expected, best.stream().map(RankedText::text).toList(), line);
        for (RankedText each : best) {
            assertEquals(candidates.get(each.index()), each.text());
            assertEquals(totals.get(each.text()), each.score().nats(), PER_TOKEN * (line.length() + 1));
        }
    }

    @Test
    void theBestFillingsAreThoseOfAllCandidatesTried() {
        try (LanguageModel words = model(WORDS, Backend.REFERENCE);
                LanguageModel characters = model(CHARACTERS, Backend.REFERENCE)) {
            List<String> allWords = IntStream.range(2, WORDS.size()).mapToObj(WORDS::decode).toList();
            for (String line : List.of("w1 w2 ___ w3", "___ w5", "w7 w8 ___", "___")) {
                assertFilled(words, line, allWords, 1);
                assertFilled(words, line, allWords, 7);
                assertEquals(words.fill(line, allWords, 5), words.fill(line, 5), "all words are the candidates");
            }
            assertFilled(words, "w1 ___ w3", List.of("w9 w4", "", "w2", "w2 w2 w2"), 9);
            assertFilled(characters, "ab___cd", List.of("", "a", "gg", "efg", "b"), 3);
            assertEquals(CHARACTERS.size() - 1, characters.fill("ab___", 100).size(), "all but the newline");
        }
    }

    /** Shorter and longer than a pass: by single steps, too. What stands behind it goes on from there in each lane. */
    @ParameterizedTest
    @EnumSource
    void aPrefixGivesWhatComesNext(Backend backend) {
        Available.assume(backend);
        var random = new SeededRandom(6);
        try (LanguageModel model = model(CHARACTERS, backend); var scorer = LineScorer.ofMany(model.network());
                Stepper stepper = model.network().stepper()) {
            for (int length : new int[] {1, 15, 16, 17, 40}) {
                int[] tokens = random.ints(length, 0, CHARACTERS.size()).toArray();
                LinePrefix prefix = scorer.readPrefix(tokens);
                var logits = new float[CHARACTERS.size()];
                stepper.reset();
                for (int i = 0; i < length; i++) {
                    stepper.step(tokens[i], logits);
                    if (i + 1 < length) {
                        double nats = LogSoftmax.normalizer(logits) - logits[tokens[i + 1]];
                        assertEquals(nats, prefix.nats()[i], PER_TOKEN);
                    }
                }
                assertEquals(length, prefix.length());
                assertArrayEquals(logits, prefix.logits(), (float) PER_TOKEN);
                List<int[]> rests = IntStream.range(0, LineScorer.MANY + 3).mapToObj(i -> new int[] {i % 7, 2})
                        .toList();
                double[][] nats = scorer.scoreBehindPrefix(rests);
                for (int i = 0; i < rests.size(); i++) {
                    int[] line = IntStream.concat(IntStream.of(tokens), IntStream.of(rests.get(i))).toArray();
                    double[] whole = scorer.score(List.of(line))[0];
                    assertEquals(whole[length], nats[i][0], PER_TOKEN);
                    assertEquals(whole[length - 1], prefix.natsOf(line)[length - 1], PER_TOKEN);
                }
            }
            assertEquals(LinePrefix.NONE, scorer.readPrefix(new int[0]));
        }
    }

    /** What lines have in common is read once: states that were learned and clocks go on from there. */
    @Test
    void fillingsOfACellWithAClockAndALearnedState() {
        Network network = Network.oneHot(WORDS.size()).layer(Layer.of(Cells.parse("clockwork", 8)).learnedInitialState())
                .layer(Lstm.of(5)).classes(WORDS.size()).backend(Backend.REFERENCE).seed(4).build();
        MemorySegment slab = network.parameters().slab();
        for (long i = 0; i < network.parameters().count(); i++) {
            Precision.FLOAT32.set(slab, i, Precision.FLOAT32.get(slab, i) + 0.5 * Math.sin(i));
        }
        network.parameters().changed();
        try (var model = new LanguageModel(WORDS, network)) {
            List<String> all = IntStream.range(2, WORDS.size()).mapToObj(WORDS::decode).toList();
            assertFilled(model, "w1 w2 w3 ___ w4 w5", all, 38);
            assertFilled(model, "___ w4", all, 3);
        }
    }

    /** Without an end of a line nothing is known of the first character: all have to be tried. */
    @Test
    void aGapThatBeginsALineThatNothingStandsBefore() {
        Vocabulary vocabulary = Vocabulary.characters("abcdef");
        try (LanguageModel model = model(vocabulary, Backend.REFERENCE)) {
            List<RankedText> best = model.fill("___ad", 6);
            double least = IntStream.range(0, 6).mapToDouble(c -> model.score(vocabulary.decode(c) + "ad").nats()).min()
                    .orElseThrow();
            assertEquals(least, best.getFirst().score().nats(), 3 * PER_TOKEN);
        }
    }

    @Test
    void gapsThatCannotBeFilledAreRefused() {
        try (LanguageModel model = model(CHARACTERS, Backend.REFERENCE);
                LanguageModel bytes = model(Vocabulary.bytes(), Backend.REFERENCE)) {
            assertEquals("line: expected one gap, ___, got none in \"abc\"", refused(() -> model.fill("abc", 1)));
            assertEquals("line: expected one gap, ___, got several in \"a___b___\"",
                    refused(() -> model.fill("a___b___", List.of("c"), 1)));
            assertEquals("candidates: expected at least one, got none",
                    refused(() -> model.fill("a___", List.of(), 1)));
            assertEquals("most: expected at least 1, got 0", refused(() -> model.fill("a___", 0)));
            assertEquals("candidates: expected some, since bytes are no texts of their own; got none",
                    refused(() -> bytes.fill("a___", 1)));
            assertTrue(refused(() -> model.fill("a___", List.of("x"), 1)).startsWith("character 'x'"));
            assertEquals("Ω", bytes.fill("a___", List.of("Ω"), 1).getFirst().text());
        }
    }

    private static String refused(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }
}
