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

/** The README's example, taken from the README, compiled and run as its reader would. */
class ReadmeTest {
    private static final Path PROJECT = Path.of(System.getProperty("rondo.home"));

    @TempDir
    private Path directory;

    @Test
    void exampleCompilesAndRuns() throws IOException, InterruptedException {
        String readme = Files.readString(PROJECT.resolve("README.md"));
        Matcher example = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertTrue(example.find(), "README.md has a Java example");
        Path source = Files.writeString(directory.resolve("Example.java"), example.group(1));
        Files.writeString(directory.resolve("README.md"), readme); // what the example reads
        Files.createDirectories(directory.resolve("target"));
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
        Matcher loss = Pattern.compile("([0-9.]+) nats per character").matcher(printed);
        assertTrue(loss.find(), printed);
        // A uniform guess over the README's 70-odd characters costs 4.3 nats; what was learned must be far below it.
        assertTrue(Double.parseDouble(loss.group(1)) < 3.5, printed);
        assertTrue(Files.size(directory.resolve("target/readme.rondo")) > 0, printed);
    }
}
