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
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TextUnit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TrainCommandTest {
    private static final Pattern JSON = Pattern.compile("\\{\"seed\": 1, \"step\": \\d+, \"seconds\": [\\d.]+, "
            + "\"unit\": \"character\", \"train_loss\": [\\d.]+, \"validation_loss\": [\\d.]+, "
            + "\"units_per_second\": [\\d.]+, \"gradient_norm\": [\\d.]+, \"learning_rate\": 0.004, "
            + "\"input_ms\": [\\d.]+, \"recurrent_ms\": [\\d.]+, \"head_ms\": [\\d.]+, \"optimizer_ms\": [\\d.]+}");

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
        assertEquals(SmallText.TEXT, text(run));
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

    /** Trains, goes on, scores its validation text as it did itself, tells of itself, and makes up text. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            byte | --unit byte                                        | bits per byte       | nats/byte | bytes
            word | --unit word --min-count 2 --vocabulary-size 9      | perplexity per word | nats/word | words
            word | --unit word --lower-case                           | perplexity per word | nats/word | words
            """)
    void everyUnitIsTrainedResumedScoredAndNamed(
            String unit, String options, String measure, String loss, String units) throws IOException {
        Path run = directory.resolve("run");
        Object[] some = SmallText.with(options.split(" "), "--steps", 8);
        String out = Outcome.of(SmallText.train(directory, some)).succeeded().out();
        String brief = measure.startsWith("perplexity") ? "perplexity" : "bits/" + unit;
        for (String part : List.of("train " + loss, "valid " + loss, brief, units + "/s", units + " to learn from",
                " nats per " + unit + ", ")) {
            assertTrue(out.contains(part), part + " in " + out);
        }
        assertFalse(out.contains("/char") || out.contains("per character"), out);
        Outcome.of("train", "--resume", run, "--steps", 12).succeeded();
        assertEquals(TextUnit.of(unit), last(run.resolve("evaluations.jsonl")).unit());
        double best = new EvaluationLog(run.resolve("evaluations.jsonl")).read().stream()
                .mapToDouble(Evaluation::validationLoss).min().orElseThrow();
        Path validation = run.resolve("validation.txt");
        String scored = Outcome.of("score", "--model", run, "--stream", validation).succeeded().out();
        assertTrue(scored.contains(Figures.format(" %.6f ", best)), best + " in " + scored);
        assertTrue(scored.contains(loss) && scored.contains(units), scored);
        String info = Outcome.of("info", "--model", run).succeeded().out();
        assertTrue(info.contains(unit + ", figures in nats and " + measure), info);
        Outcome.of("generate", "--model", run, "--length", 5).succeeded();
    }

    /** By a tokenizer of four words, and without its file afterwards. */
    @Test
    void subWordsAreTrainedAndUsed() throws IOException {
        Path tokenizer = Files.writeString(directory.resolve("tokenizer.json"), """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "and": 1, "they": 2, "run": 3}}}
                """);
        Outcome.of(SmallText.train(directory, "--tokenizer", directory.resolve("small.txt")))
                .failed(1, "tokenizer: expected a tokenizer.json, got another text");
        Path run = directory.resolve("run");
        String out = Outcome.of(SmallText.train(directory, "--tokenizer", tokenizer, "--steps", 4))
                .succeeded().out();
        assertTrue(out.contains("vocabulary of 4 sub-words of a tokenizer; "), out);
        assertTrue(out.contains(" nats per sub-word, perplexity "), out);
        Files.delete(tokenizer);
        Outcome.of("train", "--resume", run, "--steps", 6).succeeded();
        assertTrue(Outcome.of("info", "--model", run).succeeded().out().contains("perplexity per sub-word"));
        String scored = Outcome.with("they run over\n", "score", "--model", run).succeeded().out();
        assertTrue(scored.lines().toList().get(1).endsWith(" 2  they run over"), scored); // no newline to begin from
        Outcome.of("generate", "--model", run, "--prompt", "they run", "--length", 5).succeeded();
    }

    @Test
    void anotherTextIsValidatedWith() throws IOException {
        Path validation = Files.writeString(directory.resolve("other.txt"), "and then 3 unseen words\n");
        Path run = directory.resolve("run");
        Outcome.of(SmallText.train(directory, "--unit", "word", "--validation", validation, "--steps", 4)).succeeded();
        assertEquals(SmallText.TEXT.split("\\s").length + 80, TextCorpus.open(run).training().length());
        assertFalse(Files.exists(run.resolve("validation.txt")), "it is where it was");
        Outcome.of("train", "--resume", run, "--steps", 6).succeeded();
        String scored = Outcome.of("score", "--model", run, "--stream", validation).succeeded().out();
        // Of five words and the end of the line all but the first are predicted; two of them the text does not have.
        assertTrue(scored.lines().toList().get(1).matches(".* 5 +2  .*"), scored);
    }

    /** As they were before there were tokens: the text itself is in the directory. */
    @Test
    void aTrainingThatKeptItsTextGoesOn() throws IOException {
        Path run = directory.resolve("run");
        Outcome.of(SmallText.train(directory, "--steps", 4)).succeeded();
        Files.delete(run.resolve(TextCorpus.CORPUS));
        Files.delete(run.resolve(TextCorpus.TOKENS));
        Files.writeString(run.resolve("text.txt"), SmallText.TEXT);
        Files.writeString(run.resolve("evaluations.jsonl"), "{\"step\": 4, \"seconds\": 1.500, \"train_loss\": 3.25, "
                + "\"validation_loss\": 3.5, \"characters_per_second\": 1234.5}\n");
        Outcome.of("train", "--resume", run, "--steps", 6).succeeded();
        List<Evaluation> evaluations = new EvaluationLog(run.resolve("evaluations.jsonl")).read();
        assertEquals(List.of(4L, 6L), evaluations.stream().map(Evaluation::step).toList());
        assertEquals(TextUnit.CHARACTER, evaluations.getFirst().unit());
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
        Path own = Files.createDirectories(directory.resolve("run")).resolve("validation.txt");
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
        assertEquals(SmallText.TEXT, text(directory.resolve("run")));
    }

    /** {@return what a training in {@code run} learns, and validates with} */
    private static String text(Path run) throws IOException {
        TextCorpus corpus = TextCorpus.open(run);
        IntStream tokens = Stream.of(corpus.training(), corpus.validation())
                .flatMapToInt(part -> LongStream.range(0, part.length()).mapToInt(part::at));
        return corpus.vocabulary().decode(tokens.toArray());
    }

    private static Evaluation last(Path json) throws IOException {
        return new EvaluationLog(json).read().getLast();
    }
}
