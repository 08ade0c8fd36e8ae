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

/** The README's examples, taken from the README, compiled and run as its reader would. */
class ReadmeTest {
    private static final Path PROJECT = Path.of(System.getProperty("rondo.home"));

    @TempDir
    private Path directory;

    @Test
    void examplesCompileAndRun() throws IOException, InterruptedException {
        String readme = Files.readString(PROJECT.resolve("README.md"));
        Files.writeString(directory.resolve("README.md"), readme); // what an example reads
        List<String> examples = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme).results()
                .map(match -> match.group(1)).toList();
        assertEquals(2, examples.size(), "examples of README.md");
        String printed = run(examples.getFirst());
        // A uniform guess over the README's 70-odd characters costs 4.3 nats; what was learned must be far below it.
        assertTrue(number("([0-9.]+) nats per character", printed) < 3.5, printed);
        assertTrue(Files.size(directory.resolve("readme.rondo")) > 0, printed);
        printed = run(examples.getLast());
        assertTrue(number("accuracy ([0-9.]+)", printed) > 0.9, printed); // of three classes
    }

    private static double number(String pattern, String printed) {
        Matcher found = Pattern.compile(pattern).matcher(printed);
        assertTrue(found.find(), printed);
        return Double.parseDouble(found.group(1));
    }

    /** Returns what {@code example} prints. */
    private String run(String example) throws IOException, InterruptedException {
        Path source = Files.writeString(directory.resolve("Example.java"), example);
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
        return printed;
    }
}
