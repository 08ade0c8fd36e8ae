package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCorpusTest {
    private static final String TEXT = "the cat and the dog\nand the €€€ end of it\n".repeat(3);

    @TempDir
    Path directory;

    private static String text(Vocabulary vocabulary, Tokens tokens) {
        return vocabulary.decode(LongStream.range(0, tokens.length()).mapToInt(tokens::at).toArray());
    }

    @Test
    void theLastTenthOfTheCharactersIsForValidation() {
        TextCorpus corpus = TextCorpus.of(TEXT);
        int split = TEXT.length() - TEXT.length() / 10;
        assertEquals(TEXT.substring(0, split), text(corpus.vocabulary(), corpus.training()));
        assertEquals(TEXT.substring(split), text(corpus.vocabulary(), corpus.validation()));
        assertEquals(Vocabulary.characters(TEXT), corpus.vocabulary());
        assertThrows(IndexOutOfBoundsException.class, () -> corpus.training().at(split));
        assertThrows(IllegalArgumentException.class, () -> TextCorpus.of(""));
    }

    /** Wherever a tenth begins, its first byte begins a character. */
    @Test
    void ofBytesNoCharacterIsCut() throws IOException {
        for (int count = 7; count < 40; count++) {
            String text = "€".repeat(count);
            TextCorpus corpus = TextCorpus.builder(TextSource.of(text)).vocabulary(Vocabulary.bytes()).build();
            long validation = corpus.validation().length();
            assertEquals(3 * count, corpus.training().length() + validation);
            assertTrue(validation % 3 == 0 && validation <= 3 * count / 10 && validation > 3 * count / 10 - 3);
            corpus.writeValidation(directory.resolve("validation.txt"));
            assertEquals("€".repeat((int) validation / 3), Files.readString(directory.resolve("validation.txt")));
        }
    }

    /** That the words of the validation text are known would be known from it. */
    @Test
    void wordsAreThoseOfTheTextToLearnFrom() throws IOException {
        String text = "a b c\n".repeat(9) + "a b d\n";
        TextCorpus corpus = TextCorpus.builder(TextSource.of(text)).words(WordOptions.defaults()).build();
        assertEquals(36, corpus.training().length());
        assertEquals("a b <unk>\n", text(corpus.vocabulary(), corpus.validation()));
        corpus.writeValidation(directory.resolve("validation.txt"));
        assertEquals("a b <unk>\n", Files.readString(directory.resolve("validation.txt")));
        assertThrows(IllegalArgumentException.class,
                () -> TextCorpus.builder(TextSource.of(" \t")).words(WordOptions.defaults()).build());
    }

    @Test
    void anotherTextIsForValidation() throws IOException {
        TextCorpus.Builder builder = TextCorpus.builder(TextSource.of("a b c")).validation(TextSource.of("d a\n"));
        TextCorpus words = builder.words(WordOptions.defaults()).build();
        assertEquals("a b c", text(words.vocabulary(), words.training()));
        assertEquals("<unk> a\n", text(words.vocabulary(), words.validation()));
        TextCorpus bytes = builder.vocabulary(Vocabulary.bytes()).build();
        assertEquals("a b c", text(bytes.vocabulary(), bytes.training()));
        TextCorpus characters =
                TextCorpus.builder(TextSource.of("abc")).validation(TextSource.of("da")).build();
        assertEquals(Vocabulary.characters("abcd"), characters.vocabulary(), "no character is unknown");
        assertEquals("da", text(characters.vocabulary(), characters.validation()));
    }

    @Test
    void anotherTextHasAnotherFingerprint() throws IOException {
        TextSource text = TextSource.of("abcd");
        String fingerprint = TextCorpus.builder(text).build().fingerprint();
        assertEquals(fingerprint, TextCorpus.builder(text).vocabulary(Vocabulary.bytes()).build().fingerprint());
        assertNotEquals(fingerprint, TextCorpus.of("abce").fingerprint());
        String split = TextCorpus.builder(TextSource.of("abc")).validation(TextSource.of("d")).build().fingerprint();
        assertNotEquals(fingerprint, split);
        TextCorpus.Builder another = TextCorpus.builder(TextSource.of("ab")).validation(TextSource.of("cd"));
        assertNotEquals(split, another.build().fingerprint());
    }

    /** In one, two and four bytes: 200 words, 300, 70,000. */
    @Test
    void inADirectoryItIsTheSame() throws IOException {
        for (int count : new int[] {200, 300, 70_000}) {
            String text = String.join(" ", IntStream.range(0, 2 * count).mapToObj(i -> "w" + i % count).toList());
            TextCorpus.Builder builder = TextCorpus.builder(TextSource.of(text)).words(WordOptions.defaults());
            TextCorpus memory = builder.build();
            TextCorpus built = builder.directory(directory.resolve("corpus")).build();
            int width = count == 200 ? 1 : count == 300 ? 2 : 4;
            assertEquals(2L * count * width, Files.size(directory.resolve("corpus").resolve(TextCorpus.TOKENS)));
            for (TextCorpus corpus : List.of(built, TextCorpus.open(directory.resolve("corpus")))) {
                assertEquals(memory.vocabulary(), corpus.vocabulary());
                assertEquals(memory.fingerprint(), corpus.fingerprint());
                assertEquals(memory.training().length(), corpus.training().length());
                assertEquals(text, text(corpus.vocabulary(), corpus.training()) + " "
                        + text(corpus.vocabulary(), corpus.validation()));
                assertThrows(IndexOutOfBoundsException.class, () -> corpus.validation().at(-1));
            }
        }
    }

    @Test
    void aDamagedCorpusIsRefused() throws IOException {
        TextCorpus.builder(TextSource.of(TEXT)).directory(directory).build();
        Path tokens = directory.resolve(TextCorpus.TOKENS);
        byte[] bytes = Files.readAllBytes(tokens);
        bytes[7] ^= 1;
        for (byte[] damaged : new byte[][] {bytes, Arrays.copyOf(bytes, 9), {}}) {
            Files.delete(tokens);
            Files.write(tokens, damaged);
            String message = assertThrows(IOException.class, () -> TextCorpus.open(directory)).getMessage();
            assertTrue(message.startsWith(tokens + ": damaged or truncated"), message);
        }
        Files.delete(tokens);
        assertThrows(IOException.class, () -> TextCorpus.open(directory));
    }

    @Test
    void aTextThatCannotBeReadLeavesNoPartBehind() throws IOException {
        Vocabulary ab = Vocabulary.characters("ab");
        assertThrows(UnknownCharacterException.class,
                () -> TextCorpus.builder(TextSource.of("abc")).vocabulary(ab).directory(directory).build());
        try (var files = Files.list(directory)) {
            assertFalse(files.findAny().isPresent());
        }
    }
}
