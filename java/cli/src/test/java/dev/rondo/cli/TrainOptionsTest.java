package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a model is made of and how it learns, as options say, and where it is said again. */
class TrainOptionsTest {
    /** Runs trainings of a few steps; more than an epoch of it. */
    private static final Object[] STEPS = {"--steps", 6};

    @TempDir
    private Path directory;

    private Path run() {
        return directory.resolve("run");
    }

    private String info() throws IOException {
        return Outcome.of("info", "--model", run()).succeeded().out();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--unit word | input vectors of 16 numbers",
        "--unit word --embedding 0 | input one-hot",
        "--unit word --embedding 5 | input vectors of 5 numbers",
        "--unit word --tied | input vectors of 16 numbers, by which tokens are predicted, too",
        "--unit character | input one-hot",
        "--embedding 3 --embedding-dropout 0.5 | input vectors of 3 numbers, dropout 0.5",
        "--unit word --adaptive-softmax 5,9 | output adaptive softmax from 5, 9 on",
        "--unit word --lower-case | output softmax",
        "--embedding 3 --zoneout 0.25 --dropout 0.5 | layer lstm, 16 units, dropout 0.5, zoneout 0.25",
        "--variational-dropout 0.5 --recurrent-dropout 0.1 | layer lstm, 16 units, variational dropout 0.5, recurrent "
                + "dropout 0.1",
        "--clip value:0.5 | clip value:0.5",
        "--clip none | clip none",
        "--seed 7 | seed 7",
        "--init uniform=0.05 | init uniform=0.05",
        "--schedule step:factor=0.5,steps=1epoch,hold=2epochs | schedule step:factor=0.5,steps=11,hold=22",
        "--evaluate-every 2epochs --time-steps 32 | evaluateEvery 46",
        "--patience 3 | patience 3"})
    void aModelTellsWhatItIsMadeOf(String options, String line) throws IOException {
        Outcome.of(SmallText.train(directory, SmallText.with(options.split(" "), STEPS))).succeeded();
        assertTrue(info().lines().map(each -> each.replaceAll(" +", " ")).toList().contains(line), this::infoText);
    }

    private String infoText() {
        return Outcome.of("info", "--model", run()).out();
    }

    /** One that is told nothing else, and one whose weights are all 0 at first: they are not the same. */
    @Test
    void firstWeightsAreWithinTheLimit() throws IOException {
        Outcome.of(SmallText.train(directory, "--unit", "word", "--init", "uniform=0", "--optimizer",
                "sgd:learningRate=1e-30", "--steps", 1)).succeeded();
        try (var model = LanguageModel.load(run())) {
            for (String name : List.of("embedding.weight", "layer0.weightHh", "head.weight")) {
                var view = model.network().parameters().view(name);
                for (long i = 0; i < view.byteSize() / 4; i++) {
                    assertTrue(Math.abs(model.network().precision().get(view, i)) < 1e-20, name);
                }
            }
        }
    }

    @Test
    void vectorsOfWordsAreReadIntoTheModel() throws IOException {
        Path vectors = Files.writeString(directory.resolve("vectors.txt"), "run 1 2 3\nelsewhere 4 5 6\n");
        Outcome.of(SmallText.train(directory, "--unit", "word", "--vectors", vectors, "--optimizer",
                "sgd:learningRate=1e-30", "--steps", 1)).succeeded();
        try (var model = LanguageModel.load(run())) {
            var row = new double[3];
            model.network().precision().read(model.network().parameters().view("embedding.weight"),
                    model.vocabulary().encode("run")[0] * 3L, row, 3);
            assertEquals(List.of(1.0, 2.0, 3.0), List.of(row[0], row[1], row[2]));
        }
        assertTrue(info().contains("vectors.txt, 1 words"), this::infoText);
        Path others = Files.writeString(directory.resolve("others.txt"), "elsewhere 4 5 6\n");
        Path second = directory.resolve("second");
        Object[] words = {"train", "--text", directory.resolve("small.txt"), "--batch", 4, "--out", second};
        Outcome.of(SmallText.with(words, "--unit", "word", "--vectors", others))
                .failed(1, "others.txt: expected vectors of some of the ");
        Outcome.of(SmallText.with(words, "--vectors", vectors)).failed(1, "expected --unit word, got character");
        Outcome.of(SmallText.with(words, "--unit", "word", "--vectors", vectors, "--tied"))
                .failed(1, "vectors.txt: expected vectors of 256 numbers for --tied, got of 3");
        assertTrue(Files.notExists(second), "nothing is left of trainings that did not begin");
    }

    /** A learning rate that changes nothing: no evaluation after the first is better. */
    @Test
    void patienceEndsTheTraining() throws IOException {
        String out = Outcome.of(SmallText.train(directory, "--optimizer", "sgd:learningRate=1e-30", "--evaluate-every",
                3, "--patience", 2, "--steps", 50)).succeeded().out();
        assertTrue(out.contains("patience"), out);
        assertEquals(9, new EvaluationLog(run().resolve("evaluations.jsonl")).read().getLast().step());
        Outcome.of("train", "--resume", run(), "--steps", 50, "--patience", 4).succeeded();
        assertEquals(15, new EvaluationLog(run().resolve("evaluations.jsonl")).read().getLast().step());
    }

    @Test
    void severalSeedsAreTrainedAndCompared() throws IOException {
        String out = Outcome.of(SmallText.train(directory, "--seed", 4, "--seeds", 3, "--steps", 6)).succeeded().out();
        double sum = 0;
        for (int seed = 4; seed < 7; seed++) {
            Path run = run().resolve("seed-" + seed);
            Evaluation best = new EvaluationLog(run.resolve("evaluations.jsonl")).read().getLast();
            sum += best.validationLoss();
            assertTrue(out.contains(Figures.format("%6d %8d %15.4f", seed, 6, best.validationLoss())), out);
            assertEquals("" + seed, LanguageModelTrainer.settings(run).get("seed"));
        }
        assertTrue(out.contains(Figures.format("  mean %8s %15.4f", "", sum / 3)), out);
        Outcome.of("train", "--resume", run().resolve("seed-5"), "--steps", 8).succeeded();
    }

    @ParameterizedTest
    @EnumSource
    void aPresetIsItsOptionsAndWhatIsSaidCountsMore(Preset preset) throws IOException {
        String out = Outcome.of(SmallText.train(directory, "--preset", preset, "--steps", 2)).succeeded()
                .out();
        assertTrue(out.startsWith("preset: " + preset.describe()), out);
        Map<String, String> settings = LanguageModelTrainer.settings(run());
        assertEquals(preset.toString(), settings.get("preset"));
        assertEquals("4", settings.get("batchSize"), "the own option, of SmallText");
        assertEquals("steps 2", settings.get("length"), "instead of epochs");
        assertTrue(preset.describe().contains(" --time-steps " + settings.get("timeSteps") + " "), "the preset's");
        assertTrue(info().contains(", 16 units"), "the own option");
        assertEquals(2, info().lines().filter(line -> line.startsWith("layer ")).count(), "the preset's");
    }

    @Test
    void presetsAreAddedToOneCommandAlone() {
        List<String> score = List.of("score", "--preset", "char-rnn");
        assertEquals(score, Preset.expand(score));
        List<String> unknown = List.of("train", "--preset", "rnn");
        assertEquals(unknown, Preset.expand(unknown));
        List<String> open = List.of("train", "--preset");
        assertEquals(open, Preset.expand(open));
        List<String> expanded = Preset.expand(
                List.of("train", "--preset=zaremba-small", "--minutes=3", "--hidden", "9"));
        assertTrue(expanded.containsAll(List.of("--layers", "--clip", "--minutes=3")), expanded.toString());
        assertTrue(expanded.stream().filter(word -> word.equals("--hidden")).count() == 1, expanded.toString());
        assertTrue(!expanded.contains("--epochs"), expanded.toString());
    }
}
