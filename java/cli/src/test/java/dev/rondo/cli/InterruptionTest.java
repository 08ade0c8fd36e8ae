package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What ends a training at once, and what it leaves; signals need a process of their own. */
class InterruptionTest {
    private static final int KILLS = 20;

    @TempDir
    private Path directory;

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "ends processes without a signal")
    void sigtermSavesAndSaysHowToGoOn() throws Exception {
        Process process = start(SmallText.train(directory, "--minutes", 5, "--report", directory.resolve("report")));
        Path run = directory.resolve("run");
        List<String> lines;
        try (BufferedReader out = process.inputReader()) {
            awaitEvaluation(out);
            process.toHandle().destroy(); // unlike destroy() of the process, this leaves its output open
            lines = out.lines().toList();
        }
        assertEquals(128 + 15, process.waitFor());
        assertEquals("  rondo train --resume " + run + " --report " + directory.resolve("report"), lines.getLast());

        long step = Long.parseLong(lines.get(lines.size() - 2).replaceAll("[^0-9]", ""));
        assertTrue(Files.readString(directory.resolve("report/index.html")).contains("Gradient by lag"),
                "the page is that of the end");
        double stopped = new Journal(new RunDirectory(run)).seconds();
        Outcome.of("train", "--resume", run, "--steps", step + 5).succeeded();
        List<Evaluation> log = new EvaluationLog(run.resolve("evaluations.jsonl")).read();
        assertEquals(step + 5, log.getLast().step());
        assertTrue(stopped > log.get(log.size() - 2).seconds() && stopped < log.getLast().seconds(),
                stopped + " in " + log);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "ends processes without a signal")
    void sigtermSaysHowToGoOnWithSeveralSeeds() throws Exception {
        Process process = start(SmallText.train(directory, "--minutes", 5, "--seeds", 3));
        List<String> lines;
        try (BufferedReader out = process.inputReader()) {
            awaitEvaluation(out);
            process.toHandle().destroy();
            lines = out.lines().toList();
        }
        assertEquals(128 + 15, process.waitFor());
        Path run = directory.resolve("run");
        assertEquals(List.of("  rondo train --resume " + run.resolve("seed-1"), "",
                "2 seeds not begun; to go on with all of them:", "  rondo train --resume " + run),
                lines.subList(lines.size() - 4, lines.size()));
    }

    /**
     * Every evaluation, after each step, writes both checkpoints and a line. Whatever a kill comes upon, there is a
     * whole checkpoint, the training goes on from it, and ends where one that was left in peace does.
     */
    @Test
    void afterAKillAtAnyMomentATrainingGoesOn() throws Exception {
        Outcome.of(SmallText.train(directory, "--evaluate-every", 1, "--steps", 1)).succeeded();
        Path run = directory.resolve("run");
        long seed = System.nanoTime();
        var random = new Random(seed);
        long step = 1;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start("train", "--resume", run, "--minutes", 5);
            try (BufferedReader out = process.inputReader()) {
                awaitEvaluation(out);
                Thread.sleep(random.nextInt(300));
                process.toHandle().destroyForcibly();
                process.waitFor();
            }
            LanguageModel.load(run.resolve("best.rondo")).close();
            try (var training = LanguageModelTrainer.resume(run, TextCorpus.open(run)).build()) {
                assertTrue(training.steps() >= step,
                        training.steps() + " steps after " + step + ", kill " + kill + " of seed " + seed);
                step = training.steps();
            }
        }
        assertTrue(step > KILLS, "it came further: " + step);
        Outcome.of("train", "--resume", run, "--steps", step + 1).succeeded();
        List<Evaluation> log = new EvaluationLog(run.resolve("evaluations.jsonl")).read();
        for (int i = 1; i < log.size(); i++) {
            assertTrue(log.get(i).step() > log.get(i - 1).step(), "each once, in order: " + log.get(i));
        }
        try (var files = Files.list(run)) {
            assertEquals(List.of(), files.filter(file -> file.toString().endsWith(".tmp")).toList());
        }

        Files.move(run, directory.resolve("killed"));
        Outcome.of(SmallText.train(directory, "--steps", step + 1)).succeeded();
        assertEquals(new EvaluationLog(run.resolve("evaluations.jsonl")).read().getLast().validationLoss(),
                log.getLast().validationLoss());
    }

    /** A limit on the length of files stands for a disk that is full: the same writes fail, after a part of them. */
    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "limits the length of files by ulimit")
    void aDiskThatFillsUpLeavesTheCheckpointsAsTheyAre() throws Exception {
        Outcome.of(SmallText.train(directory, "--layers", 3, "--evaluate-every", 2, "--steps", 4)).succeeded();
        Path run = directory.resolve("run");
        byte[] last = Files.readAllBytes(run.resolve("last.rondo"));
        byte[] best = Files.readAllBytes(run.resolve("best.rondo"));
        List<String> command = command("train", "--resume", run, "--steps", 40);
        command.addAll(0, List.of("sh", "-c", "ulimit -f " + best.length / 512 / 2 + "; exec \"$@\"", "sh"));
        command.add(5, "-XX:-UsePerfData"); // a file of its own
        Process process = start(command);
        process.inputReader().lines().forEach(_ -> {});
        assertEquals(1, process.waitFor());
        assertTrue(err().contains("rondo: " + run) && err().contains(".rondo: "), err());
        assertArrayEquals(last, Files.readAllBytes(run.resolve("last.rondo")));
        assertArrayEquals(best, Files.readAllBytes(run.resolve("best.rondo")));
        Outcome.of("train", "--resume", run, "--steps", 6).succeeded();
    }

    private Process start(Object... args) throws IOException {
        return start(command(args));
    }

    private Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectError(directory.resolve("err.txt").toFile()).start();
    }

    private static List<String> command(Object... args) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), Rondo.class.getName()));
        Arrays.stream(args).map(Object::toString).forEach(command::add);
        return command;
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
