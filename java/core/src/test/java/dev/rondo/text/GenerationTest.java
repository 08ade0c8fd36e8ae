package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Stepper;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that models make up: what is drawn how often, many at once, what stops them, and searches. */
class GenerationTest {
    private static final Vocabulary ABC = Vocabulary.characters("\nab");
    private static final Vocabulary LETTERS = Vocabulary.characters("\n abcdefgh🦊");

    private static LanguageModel model(Vocabulary vocabulary) {
        return model(vocabulary, Backend.REFERENCE, 10);
    }

    /** A model as sure of something as learning makes it, if weights of the head are ten times the first ones. */
    private static LanguageModel model(Vocabulary vocabulary, Backend backend, int times) {
        int size = vocabulary.size();
        Network network = Network.oneHot(size).layer(Lstm.of(8)).classes(size).backend(backend).seed(4).build();
        MemorySegment weight = network.parameters().view("head.weight");
        for (int i = 0; i < size * 8; i++) {
            Precision.FLOAT32.set(weight, i, times * Precision.FLOAT32.get(weight, i));
        }
        network.parameters().changed();
        return new LanguageModel(vocabulary, network);
    }

    private static String text(LanguageModel model, String prompt, Sampling sampling, Ending ending) {
        var text = new StringBuilder();
        model.generate(prompt, sampling, ending, text::append);
        return text.toString();
    }

    /**
     * All 27 texts of three tokens, as often as their probabilities say; tokens have unequal ones. Chi-square of 26
     * degrees of freedom is above 61.7 once in ten thousand: the seeds are fixed, so this holds or does not.
     */
    @Test
    void wholeTextsAreDrawnByTheirProbability() {
        int draws = 20_000;
        int atOnce = 500;
        try (LanguageModel model = model(ABC, Backend.REFERENCE, 2)) {
            var counts = new HashMap<String, Integer>();
            for (int seed = 0; seed < draws / atOnce; seed++) {
                for (String text : model.generate("a", Sampling.defaults().seed(seed), Ending.after(3), atOnce)) {
                    counts.merge(text, 1, Integer::sum);
                }
            }
            double chiSquare = 0;
            double total = 0;
            for (int[] tokens : sequences(ABC.size(), 3)) {
                String text = ABC.decode(tokens);
                double p = Math.exp(logProbability(model, "a", tokens));
                chiSquare += Math.pow(counts.getOrDefault(text, 0) - draws * p, 2) / (draws * p);
                total += p;
                assertTrue(draws * p > 5, "often enough for chi-square: " + p);
            }
            assertEquals(1, total, 1e-6);
            assertTrue(chiSquare < 61.7, "chi-square " + chiSquare);
        }
    }

    /** The definition, of tokens that follow a prompt: one step each, and the logarithm of the softmax at the next. */
    private static double logProbability(LanguageModel model, String prompt, int... tokens) {
        var logits = new float[model.vocabulary().size()];
        double sum = 0;
        try (Stepper stepper = model.network().stepper()) {
            for (int token : model.vocabulary().encode(prompt)) {
                stepper.step(token, logits);
            }
            for (int token : tokens) {
                double total = 0;
                for (float logit : logits) {
                    total += Math.exp(logit);
                }
                sum += logits[token] - Math.log(total);
                stepper.step(token, logits);
            }
        }
        return sum;
    }

    private static List<int[]> sequences(int size, int length) {
        var all = new ArrayList<int[]>();
        for (int number = 0; number < Math.pow(size, length); number++) {
            var tokens = new int[length];
            for (int i = 0, rest = number; i < length; i++, rest /= size) {
                tokens[i] = rest % size;
            }
            all.add(tokens);
        }
        return all;
    }

    @Test
    void ofOneTokenToDrawFromItIsTheLikeliest() {
        try (LanguageModel model = model(LETTERS)) {
            String likeliest = text(model, "ab", Sampling.defaults().temperature(0), Ending.after(80));
            assertEquals(likeliest, text(model, "ab", Sampling.defaults().topK(1).seed(5), Ending.after(80)));
            assertEquals(likeliest, text(model, "ab", Sampling.defaults().topP(1e-9).seed(6), Ending.after(80)));
            assertNotEquals(likeliest, text(model, "ab", Sampling.defaults().topK(2).seed(5), Ending.after(80)));
        }
    }

    /**
     * On the reference a stream is computed alone, so texts are the same to the last bit; the others sum in another
     * order for several streams, and 60 random numbers do not fall between two tokens' sums.
     */
    @ParameterizedTest
    @EnumSource
    void samplesAreThoseOfTheirSeedsAlone(Backend backend) {
        Available.assume(backend);
        Sampling sampling = Sampling.defaults().temperature(1.3).topK(6).seed(11);
        Ending ending = Ending.after(60).orBefore("a\n", "🦊b");
        try (LanguageModel model = model(LETTERS, backend, 10)) {
            List<String> texts = model.generate("ab", sampling, ending, 7);
            for (int i = 0; i < texts.size(); i++) {
                assertEquals(text(model, "ab", sampling.sample(i), ending), texts.get(i), "sample " + i);
            }
            assertEquals(7, texts.stream().distinct().count());
            assertEquals(texts.subList(0, 3), model.generate("ab", sampling, ending, 3), "of fewer the first");
            assertEquals(List.of("", ""), model.generate("ab", sampling, Ending.after(0), 2));
        }
    }

    @Test
    void streamsWithoutALineEndBeginAnywhere() {
        try (LanguageModel model = model(Vocabulary.characters("abcdef"))) {
            List<String> texts = model.generate("", Sampling.defaults().seed(2), Ending.after(9), 4);
            for (int i = 0; i < texts.size(); i++) {
                assertEquals(text(model, "", Sampling.defaults().seed(2).sample(i), Ending.after(9)), texts.get(i));
            }
        }
    }

    /** Every part of a text that a model makes up is a stop once; what comes is what stands before its first place. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void aStopEndsTheTextBeforeItAcrossTokens(int length) {
        for (Vocabulary vocabulary : List.of(LETTERS, Vocabulary.bytes())) {
            try (LanguageModel model = model(vocabulary)) {
                Sampling sampling = Sampling.defaults().seed(8);
                String whole = text(model, "ab", sampling, Ending.after(40));
                for (int at = 0; at + length <= whole.length(); at++) {
                    String stop = whole.substring(at, at + length);
                    String expected = whole.substring(0, whole.indexOf(stop));
                    Ending ending = Ending.after(40).orBefore("none of it", stop);
                    assertEquals(expected, text(model, "ab", sampling, ending), stop);
                    assertEquals(expected, model.generate("ab", sampling, ending, 2).getFirst(), stop);
                }
            }
        }
    }

    /** Parts of any length of texts over few letters, where stops begin again and again without being there. */
    @Test
    void stopsAreFoundHoweverATextIsCut() {
        var random = new SeededRandom(1);
        for (int trial = 0; trial < 3000; trial++) {
            String text = letters(random, random.nextInt(15));
            String[] stops = IntStream.rangeClosed(0, random.nextInt(3))
                    .mapToObj(_ -> letters(random, 1 + random.nextInt(4))).toArray(String[]::new);
            int first = stop(text, stops)[0];
            var taken = new StringBuilder();
            Consumer<String> sink = part -> {
                assertTrue(!part.isEmpty());
                taken.append(part);
            };
            var ended = new EndedText(Ending.after(0).orBefore(stops), sink);
            boolean stopped = false;
            int most = 0;
            for (int at = 0; at < text.length() && !stopped;) {
                int next = Math.min(text.length(), at + random.nextInt(4));
                stopped = ended.accept(text.substring(at, next));
                at = next;
                most = at;
                int unknown = List.of(stops).stream().mapToInt(String::length).max().orElseThrow() - 1;
                assertTrue(stopped || taken.length() >= most - unknown, "no more is held back than may be a stop");
            }
            if (!stopped) {
                ended.finish();
            }
            assertEquals(text.substring(0, first), taken.toString(), text + " " + List.of(stops));
            assertEquals(first < text.length(), stopped);
        }
    }

    /** Where a text ends, and what ended it: letter by letter, at the first behind which a stop is complete. */
    private static int[] stop(String text, String... stops) {
        for (int end = 1; end <= text.length(); end++) {
            String before = text.substring(0, end);
            int longest = List.of(stops).stream().filter(before::endsWith).mapToInt(String::length).max().orElse(0);
            if (longest > 0) {
                return new int[] {end - longest, end};
            }
        }
        return new int[] {text.length(), text.length()};
    }

    private static String letters(SeededRandom random, int count) {
        return random.ints(count, 'a', 'c').collect(StringBuilder::new, StringBuilder::appendCodePoint,
                StringBuilder::append).toString();
    }

    @Test
    void aBeamOfOneIsTheLikeliestTokenAtEachStep() {
        try (LanguageModel model = model(LETTERS)) {
            String likeliest = text(model, "ab", Sampling.defaults().temperature(0), Ending.after(50));
            Continuation found = model.search("ab", BeamSearch.of(1), Ending.after(50)).getFirst();
            assertEquals(likeliest, found.text());
            assertEquals(50, found.tokens());
            assertEquals(logProbability(model, "ab", LETTERS.encode(likeliest)), found.logProbability(), 1e-4);
        }
    }

    /**
     * A beam that holds every continuation finds the best of all, of those that end at a stop too, however they are
     * compared. All are enumerated; their worths lie further apart than they are rounded.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.7, 1, 2})
    void aBeamThatIsWideEnoughFindsTheBest(double lengthPenalty) {
        int length = 4;
        int width = (int) Math.pow(ABC.size(), length);
        BeamSearch search = BeamSearch.of(width).lengthPenalty(lengthPenalty);
        try (LanguageModel model = model(ABC)) {
            for (String[] stops : new String[][] {{}, {"ba"}, {"\n", "aab"}}) {
                Ending ending = Ending.after(length).orBefore(stops);
                List<Continuation> expected = enumerate(model, ending).values().stream()
                        .sorted(Comparator.comparingDouble(found -> -found.logProbability()
                                / Math.pow(found.tokens(), lengthPenalty)))
                        .toList();
                List<Continuation> found = model.search("ab", search, ending);
                assertEquals(expected.size(), found.size());
                for (int i = 0; i < expected.size(); i++) {
                    assertEquals(expected.get(i).text(), found.get(i).text(), i + " of " + List.of(stops));
                    assertEquals(expected.get(i).tokens(), found.get(i).tokens());
                    assertEquals(expected.get(i).logProbability(), found.get(i).logProbability(), 1e-5);
                }
                assertEquals(found, model.search("ab", search, ending));
            }
        }
    }

    /** By their tokens, as text with what ended it. */
    private static Map<String, Continuation> enumerate(LanguageModel model, Ending ending) {
        var all = new HashMap<String, Continuation>();
        for (int[] tokens : sequences(ABC.size(), ending.length())) {
            String text = ABC.decode(tokens);
            int[] stop = stop(text, ending.stops().toArray(String[]::new));
            String shown = text.substring(0, stop[0]);
            String whole = text.substring(0, stop[1]);
            all.computeIfAbsent(whole, _ -> new Continuation(shown,
                    logProbability(model, "ab", ABC.encode(whole)), whole.length()));
        }
        return all;
    }

    /** What is kept never has a lower probability than what a narrower beam found. */
    @Test
    void aWiderBeamFindsWhatIsLikelierThanTheGreedyText() {
        try (LanguageModel model = model(LETTERS)) {
            double greedy = model.search("ab", BeamSearch.of(1), Ending.after(12)).getFirst().logProbability();
            List<Continuation> eight = model.search("ab", BeamSearch.of(8), Ending.after(12));
            assertEquals(8, eight.stream().map(Continuation::text).distinct().count());
            assertTrue(eight.getFirst().logProbability() > greedy);
            for (Continuation each : eight) {
                assertEquals(logProbability(model, "ab", LETTERS.encode(each.text())), each.logProbability(), 1e-4);
            }
        }
    }

    @Test
    void whatCannotBeSearchedIsRefused() {
        try (LanguageModel model = model(Vocabulary.characters("abc")); LanguageModel letters = model(LETTERS)) {
            assertTrue(refused(() -> model.search("", BeamSearch.of(2), Ending.after(3))).startsWith("prompt: "));
            assertEquals(letters.search("\n", BeamSearch.of(2), Ending.after(3)),
                    letters.search("", BeamSearch.of(2), Ending.after(3)));
            assertEquals(List.of(new Continuation("", 0, 0)), model.search("a", BeamSearch.of(2), Ending.after(0)));
            assertEquals("width: expected at least 1, got 0", refused(() -> BeamSearch.of(0)));
            assertEquals("lengthPenalty: expected a number from 0 on, got -1.0",
                    refused(() -> BeamSearch.of(1).lengthPenalty(-1)));
            assertEquals("length: expected at least 0, got -1", refused(() -> Ending.after(-1)));
            assertEquals("stops[0]: expected a text, got an empty one", refused(() -> Ending.after(1).orBefore("")));
            assertEquals("count: expected at least 1, got 0",
                    refused(() -> model.generate("a", Sampling.defaults(), Ending.after(1), 0)));
        }
    }

    private static String refused(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }
}
