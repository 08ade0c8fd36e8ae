package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A signal saves and says how to go on; signals need a process of their own. */
class InterruptionTest {
    @TempDir
    private Path directory;

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "ends processes without a signal")
    void sigtermSavesAndSaysHowToGoOn() throws Exception {
        Process process = start(SmallText.train(directory, "--minutes", 5));
        Path run = directory.resolve("run");
        List<String> lines;
        try (BufferedReader out = process.inputReader()) {
            awaitEvaluation(out);
            process.toHandle().destroy(); // unlike destroy() of the process, this leaves its output open
            lines = out.lines().toList();
        }
        assertEquals(128 + 15, process.waitFor());
        assertEquals("  rondo train --resume " + run, lines.getLast());

        long step = Long.parseLong(lines.get(lines.size() - 2).replaceAll("[^0-9]", ""));
        Outcome.of("train", "--resume", run, "--steps", step + 5).succeeded();
        assertEquals(step + 5, new EvaluationLog(run.resolve("evaluations.jsonl")).read().getLast().step());
    }

    private Process start(Object[] args) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Rondo.class.getName()));
        Arrays.stream(args).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command).redirectError(directory.resolve("err.txt").toFile()).start();
    }

    /** Its signal handlers are in place then. */
    private void awaitEvaluation(BufferedReader out) throws IOException {
        String line;
        do {
            line = out.readLine();
            assertTrue(line != null, () -> "the training ended: " + err());
        } while (!line.strip().startsWith("step"));
    }

    private String err() {
        try {
            return Files.readString(directory.resolve("err.txt"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
