package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.network.Network;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class WordVectorsTest {
    private static final Vocabulary VOCABULARY =
            Vocabulary.words("to be or not to be 10 ünï", WordOptions.defaults().lowerCase(true));

    /** In powers of two, so that text and float32 are the same numbers. */
    private static final Map<String, float[]> WORDS = new TreeMap<>(Map.of(
            "</s>", new float[] {9, 9, 9},
            "To", new float[] {1, -2, 0.5f},
            "ünï", new float[] {-0.125f, 1e-3f, 3},
            "10", new float[] {1, 10, 100},
            "other", new float[] {7, 7, 7},
            "to", new float[] {5, 5, 5})); // in its order "To" comes first

    @TempDir
    Path directory;

    /** As the tools write them. */
    private enum Format {
        GLOVE, WORD2VEC_TEXT, WORD2VEC_BINARY, WORD2VEC_BINARY_WITH_NEWLINES;

        byte[] write() {
            var out = new ByteArrayOutputStream();
            if (this != GLOVE) {
                text(out, WORDS.size() + " 3\n");
            }
            WORDS.forEach((word, vector) -> {
                text(out, word + " ");
                if (this == GLOVE || this == WORD2VEC_TEXT) {
                    text(out, vector[0] + " " + vector[1] + " " + vector[2] + (this == GLOVE ? "\n" : " \n"));
                } else {
                    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(vector);
                    out.writeBytes(bytes.array());
                    text(out, this == WORD2VEC_BINARY ? "" : "\n");
                }
            });
            return out.toByteArray();
        }

        private static void text(ByteArrayOutputStream out, String text) {
            out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachFormatGivesTheVectorsOfTheVocabulary(Format format) throws IOException {
        Path file = Files.write(directory.resolve("vectors"), format.write());
        assertVectors(WordVectors.read(file, VOCABULARY));
        Path zipped = directory.resolve("vectors.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
            out.write(format.write());
        }
        assertVectors(WordVectors.read(zipped, VOCABULARY));
    }

    private static void assertVectors(WordVectors vectors) {
        assertEquals(3, vectors.width());
        assertEquals(4, vectors.found());
        for (Precision precision : Precision.values()) {
            try (Network network = Network.embedding(VOCABULARY.size(), 3).layer(Lstm.of(2)).classes(VOCABULARY.size())
                    .precision(precision).backend(Backend.REFERENCE).seed(5).build()) {
                double[] before = row(network, "not");
                vectors.writeTo(network);
                assertArrayEquals(new double[] {1, -2, 0.5}, row(network, "to")); // the first of the file
                assertArrayEquals(new double[] {-0.125, 1e-3f, 3}, row(network, "ünï"));
                assertArrayEquals(new double[] {1, 10, 100}, row(network, "10"));
                assertArrayEquals(new double[] {9, 9, 9}, row(network, "<eos>"));
                assertArrayEquals(before, row(network, "not")); // which the file lacks
            }
        }
    }

    private static double[] row(Network network, String word) {
        var numbers = new double[3];
        network.precision().read(network.parameters().view("embedding.weight"), VOCABULARY.encode(word)[0] * 3L,
                numbers, 3);
        return numbers;
    }

    @Test
    void wordsWithSpacesAreLeftOut() throws IOException {
        Path file = write("10 1 2\nto be 5 6\nbe 3 4\n\n");
        WordVectors vectors = WordVectors.read(file, VOCABULARY);
        assertEquals(2, vectors.width());
        assertEquals(2, vectors.found());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "to 1 2;be 1 | , line 2: expected a word and 2 numbers, got 1 after be",
        "to 1 2;be 1 two | , line 2: expected a finite number, got two",
        "to 1 NaN | , line 1: expected a finite number, got NaN",
        "3 2;to 1 2 | : expected 3 words, as it says, got 1",
        "3 0;to | : expected vectors of 1 to 65536 numbers, got 0",
        "to | : expected vectors of 1 to 65536 numbers, got 0",
        "5 999999999;to 1 | : expected vectors of 1 to 65536 numbers, got 999999999",
        ";to 1 | : expected word vectors, got an empty line",
        "5 2;to abcdefghto ab | : expected 5 words, as it says, got 1 and a part of one"})
    void aDamagedFileIsRefused(String lines, String message) throws IOException {
        Path file = write(lines.replace(';', '\n'));
        assertEquals(file + message,
                assertThrows(IOException.class, () -> WordVectors.read(file, VOCABULARY)).getMessage());
    }

    @Test
    void whatIsNoFileOfVectorsIsRefused() throws IOException {
        Path empty = write("");
        assertEquals(empty + ": expected word vectors, got an empty file",
                assertThrows(IOException.class, () -> WordVectors.read(empty, VOCABULARY)).getMessage());
        Path binary = Files.write(directory.resolve("zeros"), new byte[3_000_000]);
        assertThrows(IOException.class, () -> WordVectors.read(binary, VOCABULARY));
        Path long1 = write("9 2\n" + "x".repeat(10_000) + "\u0001");
        assertEquals(long1 + ", word 1: expected at most 4096 bytes and a space, got more: no file of word vectors, or"
                        + " a damaged one",
                assertThrows(IOException.class, () -> WordVectors.read(long1, VOCABULARY)).getMessage());
    }

    @Test
    void aDamagedGzipIsNamed() throws IOException {
        var whole = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(whole)) {
            out.write(Format.GLOVE.write());
        }
        for (int length : new int[] {5, 40}) {
            Path file = Files.write(directory.resolve("cut.gz"), Arrays.copyOf(whole.toByteArray(), length));
            assertEquals(file + ": expected a file that gzip compressed, got a damaged one",
                    assertThrows(IOException.class, () -> WordVectors.read(file, VOCABULARY)).getMessage());
        }
    }

    @Test
    void vectorsAreOfWordsAndOfTheirNetwork() throws IOException {
        Path file = write("to 1 2");
        assertEquals("vocabulary: expected one of words, got 256 bytes", assertThrows(IllegalArgumentException.class,
                () -> WordVectors.read(file, Vocabulary.bytes())).getMessage());
        try (Network network = Network.oneHot(3).layer(Lstm.of(2)).classes(3).build()) {
            assertEquals("network: expected one that reads " + VOCABULARY.size() + " tokens as vectors of 2 numbers,"
                            + " got OneHot[size=3]",
                    assertThrows(IllegalArgumentException.class,
                            () -> WordVectors.read(file, VOCABULARY).writeTo(network)).getMessage());
        }
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("vectors.txt"), text);
    }
}
