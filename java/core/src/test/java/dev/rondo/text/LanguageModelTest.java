package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import dev.rondo.network.Stepper;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelTest {
    private static final String CLEF = "\uD834\uDD1E";
    private static final Vocabulary VOCABULARY = Vocabulary.characters("\n abcdé" + CLEF);

    @TempDir
    Path directory;

    private static LanguageModel model(Vocabulary vocabulary) {
        int size = vocabulary.size();
        Network.Builder network = Network.oneHot(size).layer(Lstm.of(6)).classes(size).seed(4);
        return new LanguageModel(vocabulary, network.backend(Backend.REFERENCE).build());
    }

    /** The definition: one step per character, and minus the logarithm of the softmax at the next. */
    private static double nats(LanguageModel model, int[] tokens) {
        double nats = 0;
        var logits = new float[model.vocabulary().size()];
        try (Stepper stepper = model.network().stepper()) {
            for (int i = 0; i + 1 < tokens.length; i++) {
                stepper.step(tokens[i], logits);
                double total = 0;
                for (float logit : logits) {
                    total += Math.exp(logit);
                }
                nats += Math.log(total) - logits[tokens[i + 1]];
            }
        }
        return nats;
    }

    @Test
    void aLineIsScoredFromANewline() {
        try (LanguageModel model = model(VOCABULARY)) {
            TextScore score = model.score("abé" + CLEF);
            assertEquals(4, score.predictions());
            double nats = nats(model, VOCABULARY.encode("\nabé" + CLEF));
            assertEquals(nats, score.nats(), 1e-5);
            assertEquals(nats / 4 / Math.log(2), score.bitsPerUnit(), 1e-5);
            assertEquals(Math.exp(nats / 4), score.perplexity(), 1e-4);
            assertEquals(new TextScore(TextUnit.CHARACTER, 0, 0, 0), model.score(""));
            assertEquals(score, model.score("abé" + CLEF), "scores do not depend on what was scored before");
        }
    }

    @Test
    void withoutANewlineTheFirstCharacterIsNotPredicted() {
        Vocabulary vocabulary = Vocabulary.characters("abc");
        try (LanguageModel model = model(vocabulary)) {
            assertEquals(2, model.score("abc").predictions());
            assertEquals(nats(model, vocabulary.encode("abc")), model.score("abc").nats(), 1e-5);
        }
    }

    /** Longer than several chunks of the scorer, and no multiple of one. */
    @Test
    void aStreamIsScoredAsOnePass() {
        String text = ("ab" + CLEF + "cd é\n").repeat(100);
        int[] tokens = VOCABULARY.encode(text);
        int steps = tokens.length - 1;
        var inputs = new int[steps];
        var targets = new int[steps];
        System.arraycopy(tokens, 0, inputs, 0, steps);
        System.arraycopy(tokens, 1, targets, 0, steps);
        try (LanguageModel model = model(VOCABULARY); var pass = model.network().inference(steps, 1)) {
            pass.forward(SequenceBatch.tokens(inputs, steps, 1).targets(targets));
            TextScore score = model.scoreStream(text);
            assertEquals(steps, score.predictions());
            assertEquals(pass.loss(), score.natsPerUnit(), 1e-6);
        }
    }

    /**
     * The definition, step by step: of two pieces the first begins with the zero state, the second is warmed by the 256
     * tokens before what counts of it. Every prediction counts once.
     */
    @Test
    void aLongTextIsScoredInPiecesSideBySide() {
        int[] tokens = new Random(5).ints(9000, 0, VOCABULARY.size()).toArray();
        int predictions = tokens.length - 1;
        int first = (predictions - 256 + 1) / 2 + 256; // predictions of the first piece
        try (LanguageModel model = model(VOCABULARY)) {
            double warmUp = nats(model, Arrays.copyOfRange(tokens, first - 256, first + 1));
            double expected = nats(model, Arrays.copyOf(tokens, first + 1))
                    + nats(model, Arrays.copyOfRange(tokens, first - 256, tokens.length)) - warmUp;
            TextScore score = model.scoreStream(VOCABULARY.decode(tokens));
            assertEquals(predictions, score.predictions());
            assertEquals(expected, score.nats(), 1e-6 * expected); // float32 logits, summed over thousands of steps
            double whole = nats(model, tokens);
            assertEquals(whole, score.nats(), 1e-4 * whole, "nearly that of one piece");
            assertEquals(score, model.scoreStream(VOCABULARY.decode(tokens)));
            assertEquals(5, model.scoreStream("abcdab").predictions(), "a short one afterwards");
        }
    }

    @Test
    void aTextFromASourceIsScoredAsOneInMemory() throws IOException {
        String text = ("ab" + CLEF + "cd é\n").repeat(2000);
        try (LanguageModel model = model(VOCABULARY)) {
            assertEquals(model.scoreStream(text), model.scoreStream(TextSource.of(text)));
            assertThrows(UnknownCharacterException.class, () -> model.scoreStream(TextSource.of(text + "x")));
        }
    }

    /** A line begins behind the end of one; unknown words are counted; only scores of one unit are added. */
    @Test
    void wordsAndBytesAreScored() {
        Vocabulary words = Vocabulary.words("a b a b a\n", WordOptions.defaults());
        try (LanguageModel model = model(words); LanguageModel bytes = model(Vocabulary.bytes())) {
            TextScore score = model.score("a x <unk> b");
            assertEquals(nats(model, new int[] {1, 2, 0, 0, 3}), score.nats(), 1e-5);
            assertEquals(List.of(TextUnit.WORD, 4L, 2L), List.of(score.unit(), score.predictions(), score.unknown()));
            assertEquals(2, model.scoreStream("x a y z").unknown(), "what is not predicted does not count");
            assertEquals(new TextScore(TextUnit.WORD, 2 * score.nats(), 8, 4), score.plus(score));
            TextScore other = bytes.score("é");
            assertEquals(2, other.predictions());
            assertEquals("other: expected a score of words, got one of bytes",
                    assertThrows(IllegalArgumentException.class, () -> score.plus(other)).getMessage());
        }
    }

    @Test
    void wordsAndBytesAreStreamedWhole() {
        try (LanguageModel words = model(Vocabulary.words("ring rose\n", WordOptions.defaults()));
                LanguageModel bytes = model(Vocabulary.bytes())) {
            assertTrue(String.join("", generate(words, "ring", 1)).startsWith(" ")
                    || generate(words, "ring", 1).getFirst().equals("\n"));
            String text = "ring" + String.join("", generate(words, "ring", 1));
            assertEquals(301, words.vocabulary().encode(text).length);
            String made = String.join("", generate(bytes, "é", 1));
            assertEquals(made, new String(made.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
            assertTrue(made.contains("\uFFFD"), "what is no UTF-8 is replaced");
        }
    }

    @Test
    void lessThanNoCharactersAreRefused() {
        try (LanguageModel model = model(VOCABULARY)) {
            assertThrows(IllegalArgumentException.class,
                    () -> model.generate("a", Sampling.defaults(), -1, _ -> { }));
        }
    }

    @Test
    void charactersAreStreamedWhole() {
        try (LanguageModel model = model(VOCABULARY)) {
            var pieces = new ArrayList<String>();
            model.generate("a" + CLEF, Sampling.defaults().seed(1), 300, pieces::add);
            assertEquals(300, pieces.size());
            assertTrue(pieces.contains(CLEF), "among 300 of 8 characters");
            for (String piece : pieces) {
                assertEquals(1, piece.codePointCount(0, piece.length()));
                assertEquals(1, VOCABULARY.encode(piece).length);
            }
            assertEquals(pieces, generate(model, "a" + CLEF, 1));
            assertNotEquals(pieces, generate(model, "a" + CLEF, 2));
            assertEquals(generate(model, "\n", 3), generate(model, "", 3), "an empty prompt starts as a line does");
            assertThrows(UnknownCharacterException.class, () -> generate(model, "xyz", 1));
        }
        try (LanguageModel model = model(Vocabulary.characters("abc"))) {
            assertEquals(300, generate(model, "", 3).size());
        }
    }

    private static List<String> generate(LanguageModel model, String prompt, long seed) {
        var pieces = new ArrayList<String>();
        model.generate(prompt, Sampling.defaults().seed(seed), 300, pieces::add);
        return pieces;
    }

    @Test
    void afterItIsClosedAModelDoesNotWork() {
        for (boolean used : new boolean[] {false, true}) {
            LanguageModel model = model(VOCABULARY);
            if (used) {
                model.score("a");
                model.scoreStream("ab");
            }
            model.close();
            model.close();
            assertThrows(IllegalStateException.class, () -> model.score("a"));
            assertThrows(IllegalStateException.class, () -> model.scoreStream("ab"));
            assertThrows(IllegalStateException.class, () -> generate(model, "a", 1));
            assertThrows(IllegalStateException.class, () -> model.save(directory.resolve("closed.rondo")));
            assertFalse(Files.exists(directory.resolve("closed.rondo")));
        }
    }

    @Test
    void aModelComesBackFromItsFile() throws IOException {
        Path file = directory.resolve("model.rondo");
        try (LanguageModel model = model(VOCABULARY)) {
            model.save(file);
            try (LanguageModel loaded = LanguageModel.load(file, network -> network.backend(Backend.REFERENCE))) {
                assertEquals(VOCABULARY, loaded.vocabulary());
                assertEquals(Precision.FLOAT32, loaded.network().precision());
                assertArrayEquals(model.network().parameters().slab().toArray(ValueLayout.JAVA_BYTE),
                        loaded.network().parameters().slab().toArray(ValueLayout.JAVA_BYTE));
                assertEquals(model.score("abcd"), loaded.score("abcd"));
            }
        }
    }

    @Test
    void aFileWithoutAFittingVocabularyIsRefused() throws IOException {
        Path file = directory.resolve("model.rondo");
        try (LanguageModel model = model(VOCABULARY)) {
            Checkpoint.builder().add(model.network()::write).write(file);
            assertThrows(CheckpointException.class, () -> LanguageModel.load(file));
            Checkpoint.builder().add(model.network()::write).text("vocabulary.unit", "syllable").write(file);
            assertEquals(file + ": section vocabulary.unit: unit: expected character, byte, word or sub-word, got"
                    + " syllable",
                    assertThrows(CheckpointException.class, () -> LanguageModel.load(file)).getMessage());
            Checkpoint.builder().add(model.network()::write).text("vocabulary.unit", "sub-word")
                    .text("vocabulary.tokenizer", "{}").write(file);
            String missing = assertThrows(CheckpointException.class, () -> LanguageModel.load(file)).getMessage();
            assertTrue(missing.endsWith("add dev.rondo:rondo-tokenizers to the program's dependencies"), missing);
            for (int[] codePoints : new int[][] {{'a'}, {}, {-1, 2, 3, 4, 5, 6, 7, 8}}) {
                Checkpoint.builder().add(model.network()::write).ints("vocabulary", codePoints).write(file);
                String message = assertThrows(CheckpointException.class, () -> LanguageModel.load(file)).getMessage();
                assertTrue(message.startsWith(file + ": section vocabulary: "), message);
            }
        }
    }

    @Test
    void aNetworkThatReadsWhatItPredictsIsRefused() {
        int size = VOCABULARY.size();
        try (Network both = Network.oneHot(size).layer(Layer.of(Lstm.of(2)).bidirectional()).classes(size).build()) {
            assertEquals("network: expected layers that run forwards, got a bidirectional one, which knows what is to"
                    + " be predicted", assertThrows(
                            IllegalArgumentException.class, () -> new LanguageModel(VOCABULARY, both)).getMessage());
        }
    }

    @Test
    void aNetworkThatDoesNotPredictEachStepIsRefused() {
        int size = VOCABULARY.size();
        try (Network last = Network.oneHot(size).layer(Lstm.of(2)).lastStep().classes(size).build();
                Network numbers = Network.oneHot(size).layer(Lstm.of(2)).outputs(size).build()) {
            for (Network network : new Network[] {last, numbers}) {
                String message = assertThrows(
                        IllegalArgumentException.class, () -> new LanguageModel(VOCABULARY, network)).getMessage();
                assertTrue(message.startsWith("network: expected classes at each step, got "), message);
            }
        }
    }
}
