package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/data.md, as a {@link PageProgram}. */
class DataPageTest {
    @TempDir
    private Path directory;

    @Test
    void theProgramLearnsAndSaysSo() throws IOException, InterruptedException {
        PageProgram.Outcome outcome = PageProgram.of("data.md").run(directory);
        String printed = outcome.printed();
        assertEquals(0, outcome.status(), printed);
        Matcher accuracy =
                Pattern.compile("held out: loss [\\d.e-]+, accuracy ([\\d.]+) %, 500 counted").matcher(printed);
        assertTrue(accuracy.find(), printed);
        assertTrue(Double.parseDouble(accuracy.group(1)) > 95, printed);
        assertTrue(printed.contains("actual | predicted"), printed);
        assertTrue(Files.size(directory.resolve("model.rondo")) > 0, printed);
    }
}
