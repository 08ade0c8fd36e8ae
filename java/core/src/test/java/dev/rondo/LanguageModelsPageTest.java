package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/language-models.md, which learns words of one file and validates with another. */
class LanguageModelsPageTest {
    @TempDir
    private Path directory;

    @Test
    void theProgramLearnsWords() throws IOException, InterruptedException {
        Files.writeString(directory.resolve("train.txt"), "To be or not to be that is the question\n".repeat(200));
        Files.writeString(directory.resolve("valid.txt"), "to be or not to be that is the question\n".repeat(5));
        PageProgram.Outcome outcome = PageProgram.of("language-models.md").run(directory);
        assertEquals(0, outcome.status(), outcome.printed());
        List<String> lines = outcome.printed().lines()
                .filter(line -> line.endsWith(" per word") || line.equals("4 words") || line.startsWith(" or"))
                .toList();
        assertEquals(List.of("4 words", " or not to be that"), lines.subList(1, 3));
        assertTrue(Double.parseDouble(lines.getFirst().split(" ")[0]) < 1.5, lines.getFirst());
    }
}
