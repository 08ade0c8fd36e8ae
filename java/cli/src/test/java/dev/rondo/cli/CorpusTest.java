package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
    @TempDir
    private Path directory;

    @Test
    void filesOfADirectoryComeInTheOrderOfTheirPaths() throws IOException {
        write("b.txt", "4");
        write("a/z.txt", "2");
        write("a-1.txt", "3"); // '-' comes before '/', but a directory's name ends with it
        write("B.md", "1\n");
        Corpus corpus = Corpus.of(List.of(directory));
        assertEquals("1\n2\n3\n4", text(corpus));
        assertEquals(4, corpus.files().size());
    }

    @Test
    void namedFilesComeInTheOrderInWhichTheyAreNamed() throws IOException {
        Path one = write("one", "1");
        Path two = write("two", "2");
        assertEquals("2\n1", text(Corpus.of(List.of(two, one))));
        assertEquals(one.toString(), Corpus.of(List.of(one)).describe());
    }

    @Test
    void whatIsHiddenGeneratedOrNoTextIsLeftOut() throws IOException {
        write(".hidden", "x");
        write(".git/config", "x");
        write("target/made.txt", "x");
        Files.write(directory.resolve("image.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G'});
        write("text.txt", "text");
        Corpus corpus = Corpus.of(List.of(directory));
        assertEquals("text", text(corpus));
        assertEquals(directory + " (1 other left out, not being text)", corpus.describe());
    }

    @Test
    void aNamedFileIsReadWhereverItLies() throws IOException {
        assertEquals("x", text(Corpus.of(List.of(write("target/.hidden", "x")))));
    }

    @Test
    void theProjectIsItsSourcesAndDocumentsAndNothingElse() throws IOException {
        write("README.md", "readme");
        write("java/core/pom.xml", "pom");
        write("java/core/src/Main.java", "java");
        write("native/CMakeLists.txt", "cmake");
        write("native/src/kernel.cpp", "cpp");
        write("native/build/generated.cpp", "no");
        write("java/core/target/classes/Main.java", "no");
        write("runs/first/text.txt", "no");
        write("data.csv", "no");
        Corpus corpus = Corpus.ofProject(directory);
        assertEquals(5, corpus.files().size());
        assertEquals(List.of("cmake", "cpp", "java", "pom", "readme"), text(corpus).lines().sorted().toList());
        assertEquals(corpus, Corpus.ofProject(directory));
    }

    @Test
    void thisProjectHasEnoughText() throws IOException {
        Corpus corpus = Corpus.ofProject(Path.of(System.getProperty("rondo.home")));
        int length = text(corpus).length();
        assertTrue(length > 200_000, length + " characters");
        assertEquals(0, corpus.leftOut());
    }

    private static String text(Corpus corpus) throws IOException {
        var text = new StringWriter();
        try (Reader in = corpus.text().open()) {
            in.transferTo(text);
        }
        return text.toString();
    }

    private Path write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }
}
