package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.Evaluation;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        "--evaluate-every 2epochs --time-steps 32 | evaluate every 46",
        "--patience 3 | patience 3"})
    void aModelTellsWhatItIsMadeOf(String options, String line) throws IOException {
        Outcome.of(SmallText.train(directory, SmallText.with(options.split(" "), STEPS))).succeeded();
        assertTrue(info().lines().map(each -> each.replaceAll(" +", " ")).toList().contains(line), this::infoText);
    }

    private String infoText() {
        return Outcome.of("info", "--model", run()).out();
    }

    /** Of some hundred weights the greatest is nearly the limit; the learning rate changes none. */
    @Test
    void firstWeightsAreWithinTheLimit() throws IOException {
        Outcome.of(SmallText.train(directory, "--unit", "word", "--init", "uniform=0.01", "--optimizer",
                "sgd:learningRate=1e-30", "--steps", 1)).succeeded();
        try (var model = LanguageModel.load(run())) {
            for (String name : List.of("embedding.weight", "layer0.weightIh", "layer0.weightHh", "head.weight")) {
                float[] weights = model.network().parameters().view(name).toArray(ValueLayout.JAVA_FLOAT);
                double greatest = 0;
                for (float weight : weights) {
                    greatest = Math.max(greatest, Math.abs(weight));
                }
                assertTrue(greatest > 0.009 && greatest <= 0.01f, name + " " + greatest);
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
        Outcome.of(SmallText.with(words, "--unit", "word", "--adaptive-softmax", "5,1000"))
                .failed(1, "--adaptive-softmax: expected numbers below the 19 of the vocabulary, got 1,000");
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

    /** One that was stopped, one that a kill left without a checkpoint: in the end the table is the same. */
    @Test
    void severalSeedsAreGoneOnWith() throws IOException {
        Path json = directory.resolve("figures.jsonl");
        Object[] command = SmallText.train(directory, "--preset", "char-rnn", "--seeds", 3, "--steps", 6,
                "--evaluate-every", 3, "--json", json);
        String whole = table(Outcome.of(command).succeeded().out());
        var log = new JsonLines(json);
        assertEquals(List.of(1, 1, 2, 2, 3, 3), log.read().stream().map(line -> line.get("seed").getAsInt()).toList());

        Files.move(run(), directory.resolve("whole"));
        Outcome.of(SmallText.train(directory, "--preset", "char-rnn", "--seed", 2, "--steps", 3, "--evaluate-every",
                3)).succeeded();
        new Journal(new RunDirectory(run())).end(100, true);
        Path second = directory.resolve("whole/seed-2");
        Files.move(second, directory.resolve("second"));
        Files.move(run(), second);
        Files.delete(directory.resolve("whole/seed-3/last.rondo"));
        Files.delete(directory.resolve("whole/seed-3/best.rondo"));
        for (String file : List.of("evaluations.jsonl", "journal.jsonl", "loss.png")) {
            Files.delete(directory.resolve("whole/seed-3").resolve(file));
        }
        Path moved = Files.move(directory.resolve("whole"), directory.resolve("moved"));
        Outcome.of("train", "--resume", moved, "--steps", 9).failed(2, "it cannot be had with --steps");
        assertEquals(whole, table(Outcome.of("train", "--resume", moved).succeeded().out()));
        assertEquals(List.of(2, 3, 3), log.read().stream().map(line -> line.get("seed").getAsInt()).skip(6).toList(),
                "the first had come to its end");

        Files.move(moved, run());
        assertEquals(whole, table(Outcome.of(command).succeeded().out()), "the same command again");
        assertEquals(9, log.read().size());
        Outcome.of(SmallText.train(directory, "--seeds", 3, "--steps", 7)).failed(1, "begun by another command");
    }

    @Test
    void theHelpTellsWhatIsInALineOfFigures() throws IOException {
        Path json = directory.resolve("figures.jsonl");
        Outcome.of(SmallText.train(directory, "--steps", 2, "--json", json)).succeeded();
        String help = Outcome.of("train", "--help").succeeded().out();
        for (String name : new JsonLines(json).read().getFirst().keySet()) {
            assertTrue(help.contains(" " + name), name);
        }
    }

    private static String table(String out) {
        return out.substring(out.indexOf("  seed "));
    }

    @Test
    void seedsThatCannotBeBegunLeaveNothing() throws IOException {
        Path text = Files.writeString(directory.resolve("short.txt"), "short");
        Outcome.of("train", "--text", text, "--seeds", 2, "--out", run()).failed(1, "expected at least 20 characters");
        assertFalse(Files.exists(run()));
    }

    @Test
    void secondsAreCountedAcrossAStop() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 3)).succeeded();
        new Journal(new RunDirectory(run())).end(100, true);
        Outcome.of("train", "--resume", run(), "--minutes", 1.5).failed(1, "nothing left of its 1.5 minutes");
        Outcome.of("train", "--resume", run(), "--steps", 5).succeeded();
        assertTrue(new EvaluationLog(run().resolve("evaluations.jsonl")).read().getLast().seconds() > 100);
    }

    @Test
    void settingsAreWorded() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2)).succeeded();
        assertTrue(info().contains(Figures.format("%n%-14s %s%n", "batch size", 4)), info());
    }

    /** Settings as they were published, and not as they stand in the code. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "char-rnn | 128 | lstm, 8 units | 50 | 50 | value:5.0 | uniform=0.08 | 50 | "
                + "rmsprop:learningRate=0.002,decay=0.95,epsilon=1.0E-8,weightDecay=0.0 | 0.97",
        "zaremba-small | 200 | lstm:forgetBias=0.0, 8 units | 20 | 20 | norm:5.0 | uniform=0.1 | 13 | "
                + "sgd:learningRate=1.0,momentum=0.0,weightDecay=0.0 | 0.5",
        "zaremba-medium | 650 | lstm:forgetBias=0.0, 8 units, dropout 0.5 | 20 | 35 | norm:5.0 | uniform=0.05 | 39 | "
                + "sgd:learningRate=1.0,momentum=0.0,weightDecay=0.0 | 0.833333",
        "zaremba-large | 1500 | lstm:forgetBias=0.0, 8 units, dropout 0.65 | 20 | 35 | norm:10.0 | uniform=0.04 | 55 | "
                + "sgd:learningRate=1.0,momentum=0.0,weightDecay=0.0 | 0.869565"})
    void aPresetIsWhatWasPublished(String preset, int hidden, String layer, String batch, String timeSteps, String clip,
            String init, String epochs, String optimizer, String factor) throws IOException {
        Path text = Files.writeString(directory.resolve("long.txt"), SmallText.TEXT.repeat(3));
        Path run = directory.resolve(preset);
        String out = Outcome.of("train", "--preset", preset, "--text", text, "--out", run, "--steps", 1, "--hidden", 8)
                .succeeded().out();
        String first = out.lines().findFirst().orElseThrow();
        assertTrue(first.startsWith("preset: ") && first.contains(" --hidden " + hidden + " "), first);
        assertTrue(first.endsWith(" --epochs " + epochs), first);
        Map<String, String> settings = LanguageModelTrainer.settings(run);
        assertEquals(batch, settings.get("batchSize"));
        assertEquals(timeSteps, settings.get("timeSteps"));
        assertEquals(clip, settings.get("clip"));
        assertEquals(init, settings.get("init"));
        assertEquals(optimizer, settings.get("optimizer"));
        assertTrue(settings.get("schedule").startsWith("step:factor=" + factor + ","), settings.toString());
        assertEquals(preset, settings.get("preset"));
        List<String> lines = Outcome.of("info", "--model", run).succeeded().out().lines().toList();
        assertEquals(Collections.nCopies(2, layer), lines.stream().filter(line -> line.startsWith("layer "))
                .map(line -> line.substring(5).strip()).toList());
    }

    /** A corpus as that of the Penn Treebank: spaces around each line, unknown words said as such. */
    @Test
    void zarembaSmallTakesItsCorpusAsItIsAndHalvesItsRateFromTheFifthEpochOn() throws IOException {
        Path text = Files.writeString(directory.resolve("ptb.train.txt"),
                " the <unk> of N million was $ N \n it 's a <unk> year \n".repeat(30));
        Path validation = Files.writeString(
                directory.resolve("ptb.valid.txt"), " it 's the <unk> of a year \n".repeat(4));
        Outcome.of("train", "--preset", "zaremba-small", "--text", text, "--validation", validation, "--hidden", 3,
                "--batch", 2, "--time-steps", 5, "--epochs", 7, "--out", run()).succeeded();
        List<Evaluation> log = new EvaluationLog(run().resolve("evaluations.jsonl")).read();
        assertEquals(List.of(1.0, 1.0, 1.0, 1.0, 0.5, 0.25, 0.125),
                log.stream().map(Evaluation::learningRate).toList());
        try (var model = LanguageModel.load(run())) {
            assertEquals(12, model.vocabulary().size()); // the of N million was $ it 's a year, <unk> and <eos>
            assertEquals("<unk>", model.vocabulary().decode(0));
            assertEquals("\n", model.vocabulary().decode(1));
            int[] tokens = model.vocabulary().encode(Files.readString(validation));
            assertEquals(4 * 8, tokens.length, "a word each, and the end of each line");
            assertEquals(1, tokens[7]);
        }
    }

    @Test
    void whatIsSaidBesideAPresetCountsMore() throws IOException {
        Outcome.of(SmallText.train(directory, "--preset", "zaremba-small", "--steps", 2)).succeeded();
        Map<String, String> settings = LanguageModelTrainer.settings(run());
        assertEquals("4", settings.get("batchSize"), "the own option, of SmallText");
        assertEquals("20", settings.get("timeSteps"), "the preset's");
        assertEquals("steps 2", settings.get("length"), "instead of epochs");
        assertTrue(info().contains("vectors of 16 numbers"), "as wide as the own layers");
        Outcome.of("train", "--preset", "zaremba-small", "--tied", "--text", directory.resolve("small.txt"), "--hidden",
                8, "--batch", 2, "--steps", 1, "--out", directory.resolve("tied")).succeeded();
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
