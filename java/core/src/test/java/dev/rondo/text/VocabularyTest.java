package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class VocabularyTest {
    /** A treble clef is two chars and one code point. */
    private static final String CLEF = "\uD834\uDD1E";

    @Test
    void tokensAreCodePointsInAscendingOrder() {
        Vocabulary vocabulary = Vocabulary.of("ba" + CLEF + "bé\n");
        assertArrayEquals(new int[] {'\n', 'a', 'b', 'é', 0x1D11E}, vocabulary.codePoints());
        assertEquals(5, vocabulary.size());
        assertArrayEquals(new int[] {2, 1, 4, 3}, vocabulary.encode("ba" + CLEF + "é"));
        assertEquals("ba" + CLEF + "é", vocabulary.decode(2, 1, 4, 3));
        assertEquals(0x1D11E, vocabulary.codePoint(4));
        assertTrue(vocabulary.has('é'));
        assertFalse(vocabulary.has(0xD834));
    }

    @Test
    void oneSetOfCharactersIsOneVocabulary() {
        assertEquals(Vocabulary.of("abcabc"), Vocabulary.of("cba"));
        assertEquals(Vocabulary.of("abcabc").hashCode(), Vocabulary.of("cba").hashCode());
        assertEquals(Vocabulary.of("cba"), Vocabulary.of(Vocabulary.of("abc").codePoints()));
    }

    @Test
    void anUnknownCharacterIsNamedWithItsPositionInCharacters() {
        Vocabulary vocabulary = Vocabulary.of("ab" + CLEF);
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
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(""));
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(new int[] {-1}));
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(new int[] {0x110000}));
    }

    @Test
    void aTokenThatIsNoneIsRefused() {
        Vocabulary vocabulary = Vocabulary.of("abc");
        for (int token : new int[] {-1, 3}) {
            assertEquals("token: expected 0 to 2, got " + token, assertThrows(IllegalArgumentException.class,
                    () -> vocabulary.codePoint(token)).getMessage());
            assertThrows(IllegalArgumentException.class, () -> vocabulary.decode(0, token));
            assertThrows(IllegalArgumentException.class,
                    () -> new TextCorpus(vocabulary, new int[] {0}, new int[] {token}, ""));
        }
    }
}
