package dev.rondo.tokenizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.text.Budget;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.Sampling;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextSource;
import dev.rondo.text.TextUnit;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sub-words of byte pairs, from the tokenizer's file to the text that a model makes up. */
class SubWordsTest {
    private static final String CLEF = "\uD834\uDD1E";

    @TempDir
    Path directory;

    private Vocabulary vocabulary() throws IOException {
        return Vocabulary.subWords(Files.writeString(directory.resolve("tokenizer.json"), ByteLevelTokenizer.json()));
    }

    @Test
    void textIsCutAsTheMergesSay() throws IOException {
        Vocabulary vocabulary = vocabulary();
        assertEquals(ByteLevelTokenizer.SIZE, vocabulary.size());
        assertEquals(TextUnit.SUB_WORD, vocabulary.unit());
        assertEquals(OptionalInt.of('\n'), vocabulary.lineStart());
        assertEquals(OptionalInt.empty(), vocabulary.unknown());
        assertArrayEquals(new int[] {ByteLevelTokenizer.THE, ' ', 'c', ByteLevelTokenizer.AT,
                ByteLevelTokenizer.SPACE_THE, '\n', ByteLevelTokenizer.TH, 'a'}, vocabulary.encode("the cat the\ntha"));
        assertEquals("260 sub-words of a tokenizer", vocabulary.toString());
    }

    @Test
    void textComesBackWholeAndInParts() throws IOException {
        Vocabulary vocabulary = vocabulary();
        for (String text : List.of("", "\n", " the  that\r\n\n at", CLEF + "é the" + CLEF, "the\n".repeat(3))) {
            int[] tokens = vocabulary.encode(text);
            assertEquals(text, vocabulary.decode(tokens));
            for (int cut = 0; cut <= text.length(); cut++) {
                var parts = new ArrayList<Integer>();
                Vocabulary.Encoder encoder = vocabulary.encoder(parts::add);
                encoder.accept(text.toCharArray(), 0, cut);
                encoder.accept(text.toCharArray(), cut, text.length());
                encoder.finish();
                assertArrayEquals(tokens, parts.stream().mapToInt(token -> token).toArray());
            }
        }
        Vocabulary.Decoder decoder = vocabulary.decoder("on the");
        var pieces = new ArrayList<String>();
        for (int token : vocabulary.encode(" the" + CLEF)) {
            pieces.add(decoder.next(token));
        }
        assertEquals(List.of(" the", "", "", "", CLEF), pieces);
        assertEquals("", decoder.next(0xF0));
        assertEquals("\uFFFD", decoder.finish());
        assertThrows(IllegalArgumentException.class, () -> vocabulary.decode(ByteLevelTokenizer.SIZE));
    }

    /** A line of a megabyte is cut at spaces; one without any is no text. */
    @Test
    void longLinesAreCut() throws IOException {
        String text = "the cat at ".repeat(100_000);
        assertEquals(text, vocabulary().decode(vocabulary().encode(text)));
        assertThrows(IllegalArgumentException.class, () -> vocabulary().encode("x".repeat((1 << 20) + 1)));
        assertThrows(IllegalArgumentException.class, () -> vocabulary().encode("a\uD834"));
    }

    @Test
    void whatIsNoTokenizerIsRefused() throws IOException {
        for (String text : List.of(
                "", "no", "{}", "[1]", "{\"model\": {\"vocab\": 3}}", "{\"model\": {\"vocab\": {}}}")) {
            Path file = Files.writeString(directory.resolve("other.json"), text);
            String message = assertThrows(IllegalArgumentException.class, () -> Vocabulary.subWords(file)).getMessage();
            assertTrue(message.startsWith("tokenizer: expected a tokenizer.json, got another text"), message);
        }
        Path file = directory.resolve("model.rondo");
        Checkpoint.builder().text("vocabulary.unit", "sub-word").text("vocabulary.tokenizer", "no").write(file);
        assertThrows(CheckpointException.class, () -> Vocabulary.read(Checkpoint.read(file)));
    }

    /** Without the tokenizer's file, which the checkpoint holds. */
    @Test
    void aModelOfSubWordsIsTrainedResumedAndUsed() throws IOException {
        String text = "the cat sat at the hat that\n".repeat(60);
        Path run = directory.resolve("run");
        TextCorpus corpus =
                TextCorpus.builder(TextSource.of(text)).vocabulary(vocabulary()).directory(run).build();
        assertEquals(text.length() / 28 * vocabulary().encode("the cat sat at the hat that\n").length,
                corpus.training().length() + corpus.validation().length());
        Files.delete(directory.resolve("tokenizer.json"));
        try (var training = LanguageModelTrainer.builder(corpus).cell(Lstm.of(8)).batchSize(2).timeSteps(10)
                .backend(Backend.REFERENCE).directory(run).build()) {
            assertEquals(TextUnit.SUB_WORD, training.run(Budget.steps(20)).last().unit());
        }
        try (var training = LanguageModelTrainer.resume(run, TextCorpus.open(run)).build()) {
            training.run(Budget.steps(100));
        }
        try (var model = LanguageModel.load(run)) {
            assertEquals(vocabulary(), model.vocabulary());
            assertTrue(model.score("the cat sat at the hat that").perplexity() < 10);
            var made = new StringBuilder();
            model.generate("the cat", Sampling.defaults().temperature(0), 20, made::append);
            assertEquals(20, model.vocabulary().encode(made.toString()).length, made.toString());
        }
    }
}
