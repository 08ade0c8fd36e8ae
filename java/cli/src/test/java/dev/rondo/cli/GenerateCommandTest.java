package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.text.BeamSearch;
import dev.rondo.text.Continuation;
import dev.rondo.text.Ending;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of {@code rondo generate}, of a model that learned nothing. */
class GenerateCommandTest {
    private static final String END = System.lineSeparator();

    @TempDir
    private static Path directory;

    private static Path model;

    @BeforeAll
    static void make() throws IOException {
        Vocabulary vocabulary = Vocabulary.characters("\n abcdef🦊");
        model = directory.resolve("model.rondo");
        Network network = Network.oneHot(vocabulary.size()).layer(Lstm.of(4)).classes(vocabulary.size()).seed(1).build();
        try (var made = new LanguageModel(vocabulary, network)) {
            made.save(model);
        }
    }

    private static String generate(Object... options) {
        return Outcome.of(SmallText.with(new Object[] {"generate", "--model", model, "--prompt", "abc"}, options))
                .succeeded().out();
    }

    @Test
    void samplesAreTheTextsOfTheSeedsThatAreShown() {
        String three = generate("--samples", 3, "--seed", 7, "--length", 30);
        Matcher sample = Pattern.compile("=== sample (\\d), seed (-?\\d+) ===\\R(abc[^=]*)").matcher(three);
        for (int i = 1; i <= 3; i++) {
            assertTrue(sample.find(), three);
            assertEquals(String.valueOf(i), sample.group(1));
            assertEquals(generate("--seed", sample.group(2), "--length", 30), sample.group(3));
        }
        assertEquals(sample.end(), three.length());
        assertTrue(three.contains("sample 1, seed 7 "), three);
    }

    @Test
    void nothingOfAStopIsShown() {
        String whole = generate("--seed", 3, "--length", 200);
        String made = whole.substring(3, whole.length() - END.length());
        String stop = made.substring(100, 103);
        assertEquals("abc" + made.substring(0, made.indexOf(stop)) + END,
                generate("--seed", 3, "--length", 200, "--stop", "none", "--stop", stop));
        assertEquals("abc" + made.substring(0, made.indexOf('\n')) + END,
                generate("--seed", 3, "--length", 200, "--stop", "\\n"));
    }

    /** Of nine characters; what fits into an array but not into this machine is its memory's to refuse. */
    @Test
    void moreStreamsThanThereIsRoomForAreRefused() {
        for (String option : new String[] {"--beam", "--samples"}) {
            Outcome.of("generate", "--model", model, "--prompt", "a", option, 300_000_000)
                    .failed(1, option + ": expected at most 238609294 for a vocabulary of 9, got 300000000");
        }
    }

    @Test
    void theLikeliestIsDrawnOrSearchedFor() throws IOException {
        String likeliest = generate("--temperature", 0, "--length", 30);
        assertEquals(likeliest, generate("--top-k", 1, "--length", 30, "--threads", 1));
        assertEquals(likeliest, generate("--beam", 1, "--length", 30));
        try (var loaded = LanguageModel.load(model)) {
            List<Continuation> best = loaded.search("abc", BeamSearch.of(4).lengthPenalty(1),
                    Ending.after(12).orBefore("\n"));
            assertEquals("abc" + best.getFirst().text() + END,
                    generate("--beam", 4, "--length-penalty", 1, "--length", 12, "--stop", "\\n"));
            String two = generate("--beam", 4, "--length-penalty", 1, "--length", 12, "--stop", "\\n", "--n-best", 2);
            for (int i = 0; i < 2; i++) {
                assertTrue(two.contains(Figures.format("=== %d, log-probability %.4f ===%sabc%s%s", i + 1,
                        best.get(i).logProbability(), END, best.get(i).text(), END)), two);
            }
        }
    }
}
