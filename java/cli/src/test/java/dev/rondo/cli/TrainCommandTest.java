package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Backends;
import dev.rondo.network.Cells;
import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrainCommandTest {
    private static final Pattern JSON = Pattern.compile("\\{\"step\": \\d+, \"seconds\": [\\d.]+, "
            + "\"train_loss\": [\\d.]+, \"validation_loss\": [\\d.]+, \"characters_per_second\": [\\d.]+}");

    @TempDir
    private Path directory;

    static Stream<Backend> backends() {
        return Backends.available().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("backends")
    void leavesModelFiguresAndCurve(Backend backend) throws IOException {
        Path json = directory.resolve("figures.jsonl");
        Outcome outcome = Outcome.of(SmallText.train(directory, "--steps", 20, "--backend", backend, "--json", json));
        outcome.succeeded();

        Path run = directory.resolve("run");
        assertTrue(outcome.out().startsWith("backend " + backend), outcome.out());
        assertTrue(outcome.out().contains("generate --model " + run), outcome.out());
        boolean control = outcome.out().chars().anyMatch(c -> c != '\n' && Character.isISOControl(c));
        assertFalse(control, "no terminal, no control characters");
        assertEquals(SmallText.TEXT, Files.readString(run.resolve("text.txt")));
        assertTrue(SmallText.TEXT.endsWith(Files.readString(run.resolve("validation.txt"))));
        assertTrue(Files.exists(run.resolve("best.rondo")));
        assertEquals(1000, ImageIO.read(run.resolve("loss.png").toFile()).getWidth());

        List<String> lines = Files.readAllLines(json);
        assertTrue(lines.stream().allMatch(line -> JSON.matcher(line).matches()), lines.toString());
        assertEquals(20, last(json).step());
        assertEquals(lines, Files.readAllLines(run.resolve("evaluations.jsonl")));
    }

    @Test
    void aResumedTrainingGoesOnAsIfItHadNeverStopped() throws IOException {
        Path whole = directory.resolve("whole.jsonl");
        Outcome.of(SmallText.train(directory, "--steps", 30, "--json", whole)).succeeded();
        Path run = directory.resolve("run");
        Files.move(run, directory.resolve("first"));

        Path parts = directory.resolve("parts.jsonl");
        Outcome.of(SmallText.train(directory, "--steps", 20, "--json", parts)).succeeded();
        Outcome.of("train", "--resume", run, "--steps", 30, "--json", parts).succeeded();

        assertEquals(30, last(parts).step());
        assertEquals(last(whole).validationLoss(), last(parts).validationLoss());
        assertTrue(last(parts).seconds() > new EvaluationLog(parts).read().getFirst().seconds(), "seconds go on, too");
    }

    /** The masks go on where they were; another training would have others. */
    @Test
    void aTrainingWithDropoutGoesOn() throws IOException {
        Path run = directory.resolve("run");
        var losses = new double[2];
        for (int steps : new int[] {20, 30}) {
            String out = Outcome.of(SmallText.train(directory, "--layers", 2, "--dropout", 0.3, "--steps", steps))
                    .succeeded().out();
            assertTrue(out.contains(", dropout 0.3"), out);
            if (steps == 20) {
                Outcome.of("train", "--resume", run, "--steps", 30).succeeded();
            }
            losses[steps / 10 - 2] = last(run.resolve("evaluations.jsonl")).validationLoss();
            Files.move(run, directory.resolve("after" + steps));
        }
        assertEquals(losses[0], losses[1]);
        Outcome.of(SmallText.train(directory, "--layers", 2, "--steps", 30)).succeeded();
        assertNotEquals(losses[0], last(run.resolve("evaluations.jsonl")).validationLoss(), "without dropout");
    }

    /** The end of the cosine is the end of the training, wherever it was interrupted. */
    @Test
    void optimiserAndScheduleAreKept() throws IOException {
        Object[] rules = {
            "--optimizer", "nesterov:learningRate=1,momentum=0.9", "--schedule", "cosine:steps=25,warmUp=5"};
        var losses = new double[2];
        for (int steps : new int[] {20, 30}) {
            Path run = directory.resolve("run");
            Outcome.of(SmallText.train(directory, SmallText.with(rules, "--steps", steps))).succeeded();
            Outcome.of("train", "--resume", run, "--steps", 30 + (steps - 20)).succeeded();
            losses[steps / 10 - 2] = last(run.resolve("evaluations.jsonl")).validationLoss();
            Files.move(run, directory.resolve("after" + steps));
        }
        assertEquals(losses[0], losses[1], "a rate of 0 after the 30th step changes nothing");
        Outcome.of(SmallText.train(directory, "--steps", 30)).succeeded();
        assertNotEquals(losses[0], last(directory.resolve("run/evaluations.jsonl")).validationLoss(), "Adam's");
    }

    static Stream<String> cells() {
        return Cells.variants().stream();
    }

    /** Its checkpoint is one of that cell, and goes on as one. */
    @ParameterizedTest
    @MethodSource("cells")
    void anyCellIsTrainedResumedAndGenerates(String cell) throws IOException {
        String out = Outcome.of(SmallText.train(directory, "--cell", cell, "--layers", 2, "--steps", 8))
                .succeeded().out();
        assertTrue(out.contains("model: " + cell + ", 2 layers of 16 units"), out);
        Path run = directory.resolve("run");
        String resumed = Outcome.of("train", "--resume", run, "--steps", 12).succeeded().out();
        assertTrue(resumed.contains("model: " + cell + ", 2 layers"), resumed);
        assertEquals(12, last(run.resolve("evaluations.jsonl")).step());
        Outcome.of("generate", "--model", run, "--length", 5).succeeded();
        try (var model = LanguageModel.load(run)) {
            assertEquals(Cells.parse(cell, 16), model.network().description().layers().getLast().cell());
        }
    }

    @Test
    void aFinishedTrainingIsNotResumedWithoutANewLength() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 3)).succeeded();
        Outcome again = Outcome.of("train", "--resume", directory.resolve("run"));
        again.failed(1, "nothing left of its 3 steps");
    }

    @Test
    void aNewLengthIsKeptLikeTheFirst() throws IOException {
        Path run = directory.resolve("run");
        Outcome.of(SmallText.train(directory, "--steps", 5)).succeeded();
        Outcome.of("train", "--resume", run, "--epochs", 1).succeeded();
        Outcome.of("train", "--resume", run).failed(1, "nothing left of its 1 epoch");
        Outcome.of("train", "--resume", run, "--steps", 3).failed(1, "nothing left of its 3 steps");
        Outcome.of("train", "--resume", run, "--minutes", 1e-6).failed(1, "nothing left of its 1.0E-6 minutes");
    }

    @Test
    void aTrainingIsNeverOverwritten() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2)).succeeded();
        Outcome.of(SmallText.train(directory, "--steps", 2)).failed(1, "holds a training already");
    }

    @Test
    void filesThatAreNoTrainingAreNotReplaced() throws IOException {
        Path own = Files.createDirectories(directory.resolve("run")).resolve("text.txt");
        Files.writeString(own, "the user's");
        Outcome.of(SmallText.train(directory, "--steps", 2)).failed(1, own + ": exists, and is no part of a training");
        assertEquals("the user's", Files.readString(own));
    }

    @Test
    void trainsForAGivenTimeAndNumberOfEpochs() throws IOException {
        Outcome.of(SmallText.train(directory, "--minutes", 0.01)).succeeded();
        Files.move(directory.resolve("run"), directory.resolve("first"));
        Outcome.of(SmallText.train(directory, "--epochs", 2)).succeeded();
        // 3,420 characters in 4 streams of 64 per step make 12 steps of an epoch.
        int characters = SmallText.TEXT.codePointCount(0, SmallText.TEXT.length());
        int training = characters - characters / 10;
        assertEquals(2 * (training / 4 / 64), last(directory.resolve("run/evaluations.jsonl")).step());
    }

    @Test
    void withoutTextItLearnsTheProject() throws IOException {
        Path home = Files.createDirectories(directory.resolve("home"));
        Files.writeString(home.resolve("README.md"), SmallText.TEXT);
        Files.createDirectories(home.resolve("target"));
        Files.writeString(home.resolve("target/Generated.java"), "not learned");
        String before = System.getProperty("rondo.home");
        System.setProperty("rondo.home", home.toString());
        try {
            Path run = directory.resolve("run");
            Outcome.of("train", "--hidden", 8, "--batch", 2, "--steps", 2, "--out", run).succeeded();
        } finally {
            if (before == null) {
                System.clearProperty("rondo.home");
            } else {
                System.setProperty("rondo.home", before);
            }
        }
        assertEquals(SmallText.TEXT, Files.readString(directory.resolve("run/text.txt")));
    }

    private static Evaluation last(Path json) throws IOException {
        return new EvaluationLog(json).read().getLast();
    }
}
