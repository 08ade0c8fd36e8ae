package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM with options of its own, for what is decided once in the life of one. */
public final class OtherJvm {
    private OtherJvm() {}

    /** {@return all that {@code main} prints there, and that the JVM does; on the class path of this one} */
    public static String output(List<String> options, Class<?> main) throws IOException, InterruptedException {
        return output(options, System.getProperty("java.class.path"), main);
    }

    /** {@return the same with another class path} */
    public static String output(List<String> options, String classPath, Class<?> main)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
