package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.io.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VocabularyTest {
    /** A treble clef is two chars and one code point. */
    private static final String CLEF = "\uD834\uDD1E";

    private static final String TEXT =
            "To be, or\u00A0not to bé\n\n \tIt is " + CLEF + "\r\n" + CLEF + CLEF + " to be\n";

    /** In which every unit gives back what it was given. */
    private static final List<String> ROUND =
            List.of("", "a", "\n", "be to", "to be\nbe to\n", "\n\nis be", CLEF, CLEF + " to");

    static Stream<Vocabulary> all() {
        return Stream.of(Vocabulary.characters(TEXT + "a"), Vocabulary.bytes(),
                Vocabulary.words(TEXT + "a", WordOptions.defaults()));
    }

    @Test
    void charactersAreCodePointsInAscendingOrder() {
        Vocabulary vocabulary = Vocabulary.characters("ba" + CLEF + "bé\n");
        assertEquals(5, vocabulary.size());
        assertEquals("\nabé" + CLEF, vocabulary.decode(IntStream.range(0, 5).toArray()));
        assertArrayEquals(new int[] {2, 1, 4, 3}, vocabulary.encode("ba" + CLEF + "é"));
        assertEquals(OptionalInt.of(0), vocabulary.lineStart());
        assertEquals(OptionalInt.empty(), Vocabulary.characters("abc").lineStart());
        assertEquals("5 characters", vocabulary.toString());
    }

    @Test
    void oneSetOfCharactersIsOneVocabulary() {
        assertEquals(Vocabulary.characters("abcabc"), Vocabulary.characters("cba"));
        assertEquals(Vocabulary.characters("abcabc").hashCode(), Vocabulary.characters("cba").hashCode());
        assertNotEquals(Vocabulary.characters("abc"), Vocabulary.characters("abd"));
    }

    @Test
    void anUnknownCharacterIsNamedWithItsPositionInCharacters() {
        Vocabulary vocabulary = Vocabulary.characters("ab" + CLEF);
        var e = assertThrows(UnknownCharacterException.class, () -> vocabulary.encode("a" + CLEF + "bx"));
        assertEquals("character 'x' (U+0078) at position 3: the model never saw it", e.getMessage());
        assertEquals('x', e.codePoint());
        assertEquals(3, e.position());
        e = assertThrows(UnknownCharacterException.class, () -> vocabulary.encode("\t"));
        assertEquals("character U+0009 at position 0: the model never saw it", e.getMessage());
        e = assertThrows(UnknownCharacterException.class, () -> vocabulary.encode("a\uD834"));
        assertEquals("character U+D834 at position 1: the model never saw it", e.getMessage());
    }

    @Test
    void emptyOrSenselessVocabulariesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.characters(""));
        assertThrows(IllegalArgumentException.class, () -> CharacterVocabulary.of(new int[] {-1}));
        assertThrows(IllegalArgumentException.class, () -> CharacterVocabulary.of(new int[] {0x110000}));
        WordOptions options = WordOptions.defaults();
        for (String lines : List.of("a\na", "<unk>", "a\n", "a b", "\uD834")) {
            assertThrows(IllegalArgumentException.class, () -> WordVocabulary.parse(options, lines), lines);
        }
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.words("a \uD834", options));
        assertEquals("minimumCount: expected at least 1, got 0",
                assertThrows(IllegalArgumentException.class, () -> options.minimumCount(0)).getMessage());
        assertEquals("maximumSize: expected at least 2, got 1",
                assertThrows(IllegalArgumentException.class, () -> options.maximumSize(1)).getMessage());
    }

    /** Java's own encoder is the witness, over all lengths of UTF-8 and all borders between them. */
    @Test
    void bytesAreUtf8() {
        var text = new StringBuilder(TEXT);
        for (int codePoint : new int[] {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF}) {
            text.appendCodePoint(codePoint);
        }
        byte[] expected = text.toString().getBytes(StandardCharsets.UTF_8);
        int[] tokens = Vocabulary.bytes().encode(text.toString());
        assertArrayEquals(IntStream.range(0, expected.length).map(i -> expected[i] & 0xFF).toArray(), tokens);
        assertEquals(text.toString(), Vocabulary.bytes().decode(tokens));
        assertEquals(256, Vocabulary.bytes().size());
        assertEquals("text: expected Unicode, got U+D834 at position 1, a surrogate without its partner",
                assertThrows(IllegalArgumentException.class, () -> Vocabulary.bytes().encode("a\uD834")).getMessage());
    }

    @Test
    void aCharacterIsHandedOnWhenAllItsBytesAreThere() {
        Vocabulary.Decoder decoder = Vocabulary.bytes().decoder("");
        var pieces = new ArrayList<String>();
        for (int token : Vocabulary.bytes().encode("é" + CLEF + "a")) {
            pieces.add(decoder.next(token));
        }
        assertEquals(List.of("", "é", "", "", "", CLEF, "a"), pieces);
        assertEquals("", decoder.next(0xF0));
        assertEquals("\uFFFDa", decoder.next('a'), "a beginning without its rest");
        assertEquals("\uFFFD", decoder.next(0x80), "a rest without its beginning");
        assertEquals("", decoder.next(0xC3));
        assertEquals("\uFFFD", decoder.finish());
        assertEquals("é", decoder.next(0xC3) + decoder.next(0xA9), "afterwards it begins anew");
    }

    @Test
    void wordsAreOrderedByCountThenText() {
        Vocabulary vocabulary = Vocabulary.words("b c a\nB c  d\td <unk> c\n<eos> x", WordOptions.defaults());
        assertEquals("<unk> c d B a b x", vocabulary.decode(0, 2, 3, 4, 5, 6, 7));
        assertEquals(8, vocabulary.size());
        assertArrayEquals(new int[] {5, 0, 0, 1, 1, 1, 2}, vocabulary.encode(" a y <unk>\n<eos>\n c "));
        assertEquals(OptionalInt.of(1), vocabulary.lineStart());
        assertEquals(OptionalInt.of(0), vocabulary.unknown());
        assertEquals("8 words", vocabulary.toString());
        assertEquals(vocabulary, Vocabulary.words("d c\nb a B x c d c", WordOptions.defaults()), "counts are not kept");
    }

    @Test
    void rareWordsAreUnknownAndLettersLowered() {
        String text = "The the cat THE Cat sat\nÄhre ähre mat";
        assertEquals("<unk> the cat ähre", words(text, WordOptions.defaults().lowerCase(true).minimumCount(2)));
        assertEquals("<unk> the cat", words(text, WordOptions.defaults().lowerCase(true).maximumSize(4)));
        assertEquals("<unk>", words(text, WordOptions.defaults().minimumCount(2)));
        assertEquals("<unk>", words(text, WordOptions.defaults().maximumSize(2)));
        assertEquals("<unk>", words("", WordOptions.defaults()));
        // Of many words as frequent as each other, the first by text; those that the text calls special are not words.
        List<String> twice = IntStream.range(0, 1000).mapToObj(i -> "w%03d w%03d".formatted(999 - i, i)).toList();
        String many = String.join(" ", twice) + " <unk> <unk> <unk> <eos> <eos> <eos>";
        assertEquals("<unk> w000 w001 w002", words(many, WordOptions.defaults().maximumSize(5)));
        Vocabulary lower = Vocabulary.words(text, new WordOptions(2, 3, true));
        assertEquals("3 words, lower case, each at least 2 times, at most 3", lower.toString());
        assertArrayEquals(new int[] {2, 0}, lower.encode("tHe CAT"));
    }

    /** {@return all words but the end of a line} */
    private static String words(String text, WordOptions options) {
        Vocabulary vocabulary = Vocabulary.words(text, options);
        return vocabulary.decode(IntStream.range(0, vocabulary.size()).filter(token -> token != 1).toArray());
    }

    /** So many that table and array grow many times; a map of the JDK is the witness. */
    @Test
    void manyWordsAreFoundAgain() {
        String text = String.join(" ", IntStream.range(0, 30_000).mapToObj(i -> Integer.toString(i * i, 36)).toList());
        Vocabulary vocabulary = Vocabulary.words(text, WordOptions.defaults());
        List<String> sorted = Stream.of(text.split(" ")).distinct().sorted().toList();
        assertEquals(sorted.size() + 2, vocabulary.size());
        for (int i = 0; i < sorted.size(); i++) {
            assertArrayEquals(new int[] {i + 2}, vocabulary.encode(sorted.get(i)), sorted.get(i));
        }
    }

    @Test
    void aWordWithoutEndIsRefused() {
        var e = assertThrows(IllegalArgumentException.class,
                () -> Vocabulary.words("x".repeat((1 << 20) + 1), WordOptions.defaults()));
        assertEquals("text: expected words of at most 1048576 characters, got a longer one", e.getMessage());
        assertEquals(3, Vocabulary.words("x".repeat(1 << 20), WordOptions.defaults()).size());
    }

    @Test
    void wordsGoOnWithASpaceWhereTheTextBeforeHasNone() {
        Vocabulary vocabulary = Vocabulary.words("a b", WordOptions.defaults());
        Function<String, String> after = text -> {
            Vocabulary.Decoder decoder = vocabulary.decoder(text);
            return decoder.next(2) + decoder.next(3) + decoder.next(1) + decoder.next(2);
        };
        assertEquals(" a b\na", after.apply("b"));
        assertEquals("a b\na", after.apply("b "));
        assertEquals("a b\na", after.apply("b\n"));
        assertEquals("a b\na", after.apply(""));
    }

    @ParameterizedTest
    @MethodSource("all")
    void textComesBack(Vocabulary vocabulary) {
        for (String text : ROUND) {
            assertEquals(text, vocabulary.decode(vocabulary.encode(text)), vocabulary + ": " + text);
        }
        assertArrayEquals(vocabulary.encode(TEXT), vocabulary.encode(vocabulary.decode(vocabulary.encode(TEXT))));
    }

    /** Cut between any two chars, also within a pair of surrogates or a word. */
    @ParameterizedTest
    @MethodSource("all")
    void aTextInPartsIsTheText(Vocabulary vocabulary) {
        int[] expected = vocabulary.encode(TEXT);
        char[] text = TEXT.toCharArray();
        for (int cut = 0; cut <= text.length; cut++) {
            var tokens = new TokenList();
            Vocabulary.Encoder encoder = vocabulary.encoder(tokens);
            encoder.accept(text, 0, cut);
            encoder.accept(text, cut, text.length);
            encoder.finish();
            assertArrayEquals(expected, tokens.toArray(), vocabulary + " cut at " + cut);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void itComesBackFromACheckpoint(Vocabulary vocabulary, @TempDir Path directory) throws IOException {
        Path file = directory.resolve("vocabulary.rondo");
        Checkpoint.builder().add(vocabulary::write).write(file);
        assertEquals(vocabulary, Vocabulary.read(Checkpoint.read(file)));
        Vocabulary none = Vocabulary.words("", new WordOptions(7, 9, true));
        Checkpoint.builder().add(none::write).write(file);
        assertEquals(none, Vocabulary.read(Checkpoint.read(file)));
    }

    @ParameterizedTest
    @MethodSource("all")
    void aTokenThatIsNoneIsRefused(Vocabulary vocabulary) {
        for (int token : new int[] {-1, vocabulary.size()}) {
            assertEquals("token: expected 0 to " + (vocabulary.size() - 1) + ", got " + token,
                    assertThrows(IllegalArgumentException.class, () -> vocabulary.decode(0, token)).getMessage());
        }
    }

    @Test
    void unitsNameTheirFigures() {
        assertEquals("bits per character", TextUnit.CHARACTER.measureName());
        assertEquals("bits per byte", TextUnit.BYTE.measureName());
        assertEquals("perplexity per word", TextUnit.WORD.measureName());
        assertEquals(3, TextUnit.BYTE.measure(Math.log(8)), 1e-12);
        assertEquals(8, TextUnit.WORD.measure(Math.log(8)), 1e-12);
        for (TextUnit unit : TextUnit.values()) {
            assertEquals(unit, TextUnit.of(unit.singular()));
        }
        assertThrows(IllegalArgumentException.class, () -> TextUnit.of("glyph"));
    }
}
