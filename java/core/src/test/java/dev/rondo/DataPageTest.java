package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/data.md, taken from there, compiled and run as its reader would. */
class DataPageTest {
    private static final Path PAGE = Path.of(System.getProperty("rondo.home"), "docs", "data.md");

    @TempDir
    private Path directory;

    @Test
    void theProgramLearnsAndSaysSo() throws IOException, InterruptedException {
        Matcher example = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
        assertTrue(example.find(), PAGE + " has a Java example");
        Path source = Files.writeString(directory.resolve("Example.java"), example.group(1));
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path output = directory.resolve("output.txt");
        int status = new ProcessBuilder(List.of(java.toString(), "-cp", System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED", source.toString()))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        String printed = Files.readString(output);
        assertEquals(0, status, printed);
        Matcher accuracy =
                Pattern.compile("held out: loss [\\d.e-]+, accuracy ([\\d.]+) %, 500 counted").matcher(printed);
        assertTrue(accuracy.find(), printed);
        assertTrue(Double.parseDouble(accuracy.group(1)) > 95, printed);
        assertTrue(printed.contains("actual | predicted"), printed);
        assertTrue(Files.size(directory.resolve("model.rondo")) > 0, printed);
    }
}
