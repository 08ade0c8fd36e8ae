package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program of a page in docs, taken from there, compiled and run as its reader would, outside Rondo's packages. */
record PageProgram(String text) {
    record Outcome(int status, String printed) {}

    /** {@return the first example of a page that is a whole program} */
    static PageProgram of(String page) throws IOException {
        Path file = Path.of(System.getProperty("rondo.home"), "docs", page);
        Matcher example = Pattern.compile("```java\n((?:(?!```).)*?void main\\(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(file));
        assertTrue(example.find(), file + " has a program");
        return new PageProgram(example.group(1));
    }

    Outcome run(Path directory, String... arguments) throws IOException, InterruptedException {
        Path source = Files.writeString(directory.resolve("Example.java"), text);
        Path output = directory.resolve("output.txt");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "--enable-native-access=ALL-UNNAMED",
                source.toString()));
        command.addAll(List.of(arguments));
        int status = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)
                .redirectOutput(output.toFile()).start().waitFor();
        return new Outcome(status, Files.readString(output));
    }
}
