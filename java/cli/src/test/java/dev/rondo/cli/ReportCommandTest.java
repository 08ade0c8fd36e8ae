package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cli.report.Report;
import dev.rondo.cli.report.Run;
import dev.rondo.cli.report.Run.Sample;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a training leaves for reports, and what is made of it. */
class ReportCommandTest {
    @TempDir
    private Path directory;

    private Run run(String name) throws IOException {
        return new Journal(new RunDirectory(directory.resolve(name))).read(name).orElseThrow();
    }

    private static int count(String text, String part) {
        return text.split(part, -1).length - 1;
    }

    @Test
    void aPageIsWholeAfterATrainingWentOn() throws IOException {
        Path report = directory.resolve("report/of it");
        Path events = directory.resolve("events");
        String out = Outcome.of(SmallText.train(directory, "--steps", 8, "--layers", 2, "--seed", 3,
                "--report", report, "--tensorboard", events)).succeeded().out();
        assertTrue(out.contains("report: " + report.resolve("index.html")), out);
        Path run = directory.resolve("run");
        Outcome.of("train", "--resume", run, "--steps", 12, "--report", report, "--tensorboard", events).succeeded();

        Run read = run("run");
        assertEquals(List.of(8L, 12L), read.evaluations().stream().map(Evaluation::step).toList());
        assertEquals(List.of(8L, 12L), read.samples().stream().map(Sample::step).toList());
        assertEquals("3", read.settings().get("seed"));
        assertEquals(directory.resolve("small.txt").toString(), read.settings().get("text"), "as it was begun");
        assertEquals("steps 12", read.settings().get("length"));
        assertTrue(read.settings().get("model").contains("2 layers"), read.settings().toString());
        assertEquals(Set.of("version", "JDK", "platform", "CPU", "memory", "OpenBLAS", "backend"),
                read.machine().keySet());
        assertEquals(2, read.gradientByLag().size());
        assertTrue(Arrays.stream(read.gradientByLag().getFirst()).allMatch(norm -> norm > 0));

        try (var files = Files.list(report)) {
            assertEquals(List.of(report.resolve("index.html")), files.toList());
        }
        String page = Files.readString(report.resolve("index.html"));
        assertEquals(6, count(page, "<figure class=\"chart\">"));
        for (int step : new int[] {8, 12}) {
            assertTrue(page.contains("<th scope=\"row\">" + step + "</th>"), "figures of step " + step);
        }
        try (var files = Files.list(events)) {
            assertEquals(2, files.count(), "each run has its own");
        }
        Path made = directory.resolve("made.html");
        Outcome.of("report", run, "--out", made).succeeded();
        assertEquals(withoutTime(page), withoutTime(Files.readString(made)), "rondo report makes the same");
    }

    private static String withoutTime(String page) {
        return page.replaceFirst("Written by Rondo.*", "");
    }

    @Test
    void trainingsOfOneUnitAreCompared() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 3)).succeeded();
        Files.move(directory.resolve("run"), directory.resolve("first"));
        Outcome.of(SmallText.train(directory, "--steps", 3, "--cell", "gru")).succeeded();
        Path page = directory.resolve("page.html");
        Outcome.of("report", directory.resolve("first"), directory.resolve("run"), "--out", page).succeeded();
        String text = Files.readString(page);
        assertTrue(text.contains("<h1>2 trainings, of characters</h1>") && text.contains("Settings that differ"), text);
        assertTrue(text.contains("gru") && text.contains("lstm"));
        assertFalse(text.contains("<th scope=\"row\">optimizer</th>"), "that is the same");
        assertFalse(text.contains("cannot be compared as they are") || text.contains("Their texts differ"), "one text");

        Files.move(directory.resolve("run"), directory.resolve("second"));
        Outcome.of(SmallText.train(directory, "--steps", 3, "--unit", "word")).succeeded();
        Outcome.of("report", directory.resolve("first"), directory.resolve("run"), "--out", page)
                .failed(1, "expected all of one unit, whose figures can be compared, got first of characters and run "
                        + "of words");
        assertEquals(text, Files.readString(page), "the page stays as it was");
    }

    @Test
    void textsOfOneLengthAreTold() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2)).succeeded();
        Path small = directory.resolve("small.txt");
        Path other = Files.writeString(directory.resolve("other.txt"),
                Files.readString(small).replace("and then", "then and"));
        Path second = directory.resolve("second");
        Outcome.of("train", "--text", other, "--hidden", 16, "--batch", 4, "--out", second, "--steps", 2).succeeded();
        assertEquals(run("run").settings().get(Run.VALIDATION), run("second").settings().get(Run.VALIDATION));
        assertEquals(run("run").settings().get(Run.VOCABULARY), run("second").settings().get(Run.VOCABULARY));
        Path page = directory.resolve("page.html");
        Outcome.of("report", directory.resolve("run"), second, "--out", page).succeeded();
        assertTrue(Files.readString(page).contains("Their texts differ"));
    }

    @Test
    void severalSeedsAreComparedByTheirDirectory() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2, "--seed", 9, "--seeds", 2)).succeeded();
        Path page = directory.resolve("page.html");
        Outcome.of("report", directory.resolve("run"), "--out", page).succeeded();
        String text = Files.readString(page);
        assertTrue(text.contains("<h1>2 trainings") && text.indexOf("seed-9") < text.indexOf("seed-10"), text);
    }

    /** The page that was to be written is named, and nothing is left beside it. */
    @Test
    void aPageThatCannotBeWrittenLeavesNothing() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2)).succeeded();
        Path page = Files.createDirectories(directory.resolve("page/in it")).getParent();
        IOException refused = assertThrows(IOException.class, () -> Report.write(page, List.of(run("run"))));
        assertEquals(page.toString(), assertInstanceOf(FileSystemException.class, refused).getFile());
        assertFalse(Files.exists(directory.resolve("page.new")));
    }

    @Test
    void whatIsNoTrainingIsNamed() throws IOException {
        Outcome.of("report").failed(2, "Missing required parameter: 'RUN'");
        Outcome.of("report", directory.resolve("none"))
                .failed(1, "none: expected the directory of a training, got nothing");
        Path file = Files.writeString(directory.resolve("file"), "");
        Outcome.of("report", file).failed(1, "file: expected the directory of a training, got a file");
        Outcome.of("report", directory).failed(1, "no training with evaluations or a journal in it");
        Outcome.of(SmallText.train(directory, "--steps", 3, "--report", file)).failed(1, file.toString());
        assertFalse(Files.exists(directory.resolve("run")), "it is said before the training");
        Path site = Files.createDirectories(directory.resolve("site"));
        Path own = Files.writeString(site.resolve("index.html"), "the user's");
        Outcome.of(SmallText.train(directory, "--steps", 3, "--report", site))
                .failed(1, own + ": exists, and is no report");
        assertEquals("the user's", Files.readString(own));
    }

    /** As they were before there were journals, or a process that was killed while it wrote. */
    @Test
    void whatIsMissingIsLeftOut() throws IOException {
        Path run = Files.createDirectories(directory.resolve("run"));
        Files.writeString(run.resolve("evaluations.jsonl"), "{\"step\": 4, \"seconds\": 1.500, \"train_loss\": 3.25, "
                + "\"validation_loss\": 3.5, \"characters_per_second\": 1234.5}\n");
        assertEquals(TextUnit.CHARACTER, run("run").unit());
        Path page = directory.resolve("page.html");
        Outcome.of("report", run, "--out", page).succeeded();
        assertTrue(Files.readString(page).contains("3.5000"));

        var journal = new Journal(new RunDirectory(run));
        journal.sample(new Sample(4, "a </script> in a sample"));
        Path lines = run.resolve("journal.jsonl");
        Files.writeString(lines, Files.readString(lines) + "{\"sample\": {");
        journal.gradient(4, List.of(new double[] {1, Double.NaN, Double.POSITIVE_INFINITY}));
        assertEquals(List.of(new Sample(4, "a </script> in a sample")), run("run").samples());
        assertEquals(3, run("run").gradientByLag().getFirst().length);
        Outcome.of("report", run, "--out", page).succeeded();
        assertEquals(count(Files.readString(page), "<script"), count(Files.readString(page), "</script"));
    }
}
