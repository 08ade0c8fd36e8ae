package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.io.CheckpointException;
import dev.rondo.kernel.Available;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.LearningRate;
import dev.rondo.train.NonFiniteGradientException;
import dev.rondo.train.Sgd;
import dev.rondo.train.StepTimes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LanguageModelTrainerTest {
    /** Rhymes of five words: easy to learn, and not periodic. */
    private static final String TEXT = text();

    private static final TextCorpus CORPUS = TextCorpus.of(TEXT);

    @TempDir
    Path directory;

    private static String text() {
        var words = new String[] {"ring ", "rondo ", "round ", "rose\n", "🌹"};
        var text = new StringBuilder();
        new SeededRandom(1).ints(400, 0, words.length).forEach(word -> text.append(words[word]));
        return text.toString();
    }

    private static LanguageModelTrainer.Builder builder(Backend backend) {
        return builder(CORPUS).backend(backend);
    }

    private static LanguageModelTrainer.Builder builder(TextCorpus corpus) {
        return LanguageModelTrainer.builder(corpus).cell(Lstm.of(12)).batchSize(4).timeSteps(10)
                .optimizer(Adam.of(1e-2)).seed(3).backend(Backend.REFERENCE).threads(1);
    }

    /** Hears everything but the clock. */
    private static final class Record implements TrainingListener {
        private final List<Object> heard = new ArrayList<>();
        private Runnable atStep = () -> {};

        @Override
        public void step(TrainingProgress progress) {
            heard.add(List.of(progress.step(), progress.epoch(), progress.loss(), progress.gradientNorm()));
            atStep.run();
        }

        @Override
        public void evaluation(Evaluation e) {
            heard.add(List.of(e.step(), e.validationLoss(), e.gradientNorm(), e.learningRate(), e.best()));
        }
    }

    static Stream<Arguments> backendsAndThreads() {
        return Stream.of(Backend.values()).flatMap(backend -> Stream.of(1, 2).map(n -> Arguments.of(backend, n)));
    }

    /**
     * 60 steps are 30 steps, a new process as far as state goes, and 30 more: slabs, losses, files, all bit for bit.
     * The layer is wide enough for two threads to share it.
     */
    @ParameterizedTest
    @MethodSource("backendsAndThreads")
    void aResumedTrainingIsTheUninterruptedOneBitForBit(Backend backend, int threads) throws IOException {
        Available.assume(backend);
        Path whole = directory.resolve("whole");
        Path parts = directory.resolve("parts");
        var expected = new Record();
        var settings = builder(backend).cell(Lstm.of(64)).threads(threads).evaluateEvery(10);
        try (var training = settings.directory(whole).listener(expected).build()) {
            training.run(Budget.steps(60));
        }
        var got = new Record();
        try (var training = settings.directory(parts).listener(got).build()) {
            training.run(Budget.steps(30));
        }
        try (var training = LanguageModelTrainer.resume(parts, CORPUS).evaluateEvery(10).listener(got).build()) {
            assertEquals(30, training.steps());
            assertEquals(backend, training.model().network().backend());
            assertEquals(threads, training.model().network().execution().threads());
            TrainingSummary summary = training.run(Budget.steps(60));
            assertEquals(60, summary.step());
            assertFalse(summary.stopped());
        }
        assertEquals(expected.heard, got.heard);
        for (String name : List.of(LanguageModelTrainer.LAST, LanguageModelTrainer.BEST)) {
            assertArrayEquals(Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(parts.resolve(name)), name);
        }
    }

    /** A rate too small to change a float: after the first evaluation none is lower. */
    @Test
    void patienceEndsATrainingForGood() throws IOException {
        var builder = builder(CORPUS).optimizer(Sgd.of(1e-30)).evaluateEvery(5).patience(3).directory(directory);
        try (var training = builder.build()) {
            TrainingSummary summary = training.run(Budget.steps(100));
            assertEquals(TrainingSummary.Ending.PATIENCE, summary.ending());
            assertEquals(20, summary.step());
            assertEquals(5, summary.best().step());
            assertFalse(summary.stopped());
        }
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).build()) {
            assertEquals(20, training.run(Budget.steps(100)).step());
        }
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).patience(5).build()) {
            assertEquals(30, training.run(Budget.steps(100)).step());
        }
    }

    /** As a kill leaves it between the two: the evaluation comes again, and is as good as it was. */
    @Test
    void aBestModelThatIsAheadOfTheLastCheckpointIsNoReasonToLosePatience() throws IOException {
        Path whole = directory.resolve("whole");
        var builder = builder(CORPUS).evaluateEvery(3).patience(1);
        var expected = new Record();
        try (var training = builder.directory(whole).listener(expected).build()) {
            training.run(Budget.steps(12));
        }
        var got = new Record();
        try (var training = builder.directory(directory).listener(got).build()) {
            training.run(Budget.steps(3));
            Path last = Files.copy(directory.resolve(LanguageModelTrainer.LAST), directory.resolve("last.of.3"));
            training.run(Budget.steps(6));
            Files.move(last, directory.resolve(LanguageModelTrainer.LAST), StandardCopyOption.REPLACE_EXISTING);
        }
        got.heard.subList(4, got.heard.size()).clear(); // what was lost: three steps and an evaluation remain
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).listener(got).build()) {
            assertEquals(TrainingSummary.Ending.BUDGET, training.run(Budget.steps(12)).ending());
        }
        assertEquals(expected.heard, got.heard);
        for (String name : List.of(LanguageModelTrainer.LAST, LanguageModelTrainer.BEST)) {
            assertArrayEquals(
                    Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(directory.resolve(name)), name);
        }
    }

    @Test
    void aNetworkThatDoesNotFitIsClosed() {
        var made = new ArrayList<Network>();
        assertThrows(IllegalArgumentException.class, () -> LanguageModel.owning(CORPUS.vocabulary(), made(made)));
        assertTrue(made.getFirst().isClosed());
    }

    private static Network made(List<Network> all) {
        all.add(Network.oneHot(2).layer(Lstm.of(1)).classes(3).backend(Backend.REFERENCE).build());
        return all.getFirst();
    }

    @Test
    void patienceCountsOnlyWhatIsInVain() throws IOException {
        try (var training = builder(CORPUS).evaluateEvery(5).patience(1).build()) {
            TrainingSummary summary = training.run(Budget.steps(20)); // learns all the time
            assertEquals(TrainingSummary.Ending.BUDGET, summary.ending());
            assertEquals(20, summary.step());
        }
    }

    @Test
    void anyNetworkOfTheVocabularyIsTrainedAndResumed() throws IOException {
        Path whole = directory.resolve("whole");
        Path parts = directory.resolve("parts");
        IntFunction<Network.Builder> network = size -> Network.embedding(size, 7)
                .layer(Layer.of(Gru.of(9)).variationalDropout(0.2)).layer(Layer.of(Lstm.of(5)).zoneout(0.1))
                .classes(size);
        var settings = builder(CORPUS).network(network).clip(GradientClipping.byValue(0.1)).evaluateEvery(7);
        try (var training = settings.directory(whole).build()) {
            training.run(Budget.steps(30));
        }
        try (var training = settings.directory(parts).build()) {
            training.run(Budget.steps(14));
        }
        try (var training = LanguageModelTrainer.resume(parts, CORPUS).build()) {
            training.run(Budget.steps(30));
        }
        for (String name : List.of(LanguageModelTrainer.LAST, LanguageModelTrainer.BEST)) {
            assertArrayEquals(Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(parts.resolve(name)), name);
        }
    }

    @Test
    void aModelKeepsWhatItWasTrainedBy() throws IOException {
        var builder = builder(CORPUS).clip(GradientClipping.byValue(0.5)).evaluateEvery(4).patience(9).seed(-7)
                .learningRate(LearningRate.step(0.5, 3).hold(2)).note("preset", "small").directory(directory);
        try (var training = builder.build()) {
            training.run(Budget.steps(4));
        }
        var expected = new LinkedHashMap<String, String>();
        expected.put("batchSize", "4");
        expected.put("timeSteps", "10");
        expected.put("optimizer", "adam:learningRate=0.01,beta1=0.9,beta2=0.999,epsilon=1.0E-8,weightDecay=0.0");
        expected.put("schedule", "step:factor=0.5,steps=3,hold=2");
        expected.put("clip", "value:0.5");
        expected.put("seed", "-7");
        expected.put("evaluateEvery", "4");
        expected.put("patience", "9");
        expected.put("backend", "REFERENCE");
        expected.put("threads", "1");
        expected.put("preset", "small");
        for (String name : List.of(LanguageModelTrainer.LAST, LanguageModelTrainer.BEST)) {
            assertEquals(List.copyOf(expected.entrySet()),
                    List.copyOf(LanguageModelTrainer.settings(directory.resolve(name)).entrySet()));
        }
    }

    @Test
    void anEpochHasAsManyStepsAsFitIntoTheText() throws IOException {
        long steps = CORPUS.training().length() / 4 / 10;
        assertEquals(steps, builder(CORPUS).stepsPerEpoch());
        try (var training = builder(CORPUS).build()) {
            assertEquals(steps, training.run(Budget.epochs(1)).step());
        }
    }

    static Stream<Arguments> unitsInMemoryAndMapped() {
        return Stream.of(TextUnit.CHARACTER, TextUnit.BYTE, TextUnit.WORD)
                .flatMap(unit -> Stream.of(false, true).map(mapped -> Arguments.of(unit, mapped)));
    }

    private static TextCorpus.Builder corpus(TextUnit unit) {
        TextCorpus.Builder corpus = TextCorpus.builder(TextSource.of(TEXT));
        return switch (unit) {
            case BYTE -> corpus.vocabulary(Vocabulary.bytes());
            case WORD -> corpus.words(WordOptions.defaults().maximumSize(5).lowerCase(true));
            default -> corpus;
        };
    }

    /** 20 steps in memory are 10 on a corpus in a directory or in memory, and 10 more on the one that is opened. */
    @ParameterizedTest
    @MethodSource("unitsInMemoryAndMapped")
    void everyUnitIsResumedBitForBit(TextUnit unit, boolean mapped) throws IOException {
        Path whole = directory.resolve("whole");
        Path parts = directory.resolve("parts");
        var expected = new Record();
        LanguageModelTrainer.Builder settings = builder(corpus(unit).build()).evaluateEvery(5);
        try (var training = settings.directory(whole).listener(expected).build()) {
            training.run(Budget.steps(20));
        }
        TextCorpus corpus = mapped ? corpus(unit).directory(parts).build() : corpus(unit).build();
        var got = new Record();
        try (var training = builder(corpus).evaluateEvery(5).directory(parts).listener(got).build()) {
            training.run(Budget.steps(10));
        }
        TextCorpus again = mapped ? TextCorpus.open(parts) : corpus(unit).build();
        try (var training = LanguageModelTrainer.resume(parts, again).evaluateEvery(5).listener(got).build()) {
            Evaluation last = training.run(Budget.steps(20)).last();
            assertEquals(unit, last.unit());
            again.writeValidation(parts.resolve("validation.txt"));
            assertEquals(last.validationLoss(),
                    training.model().scoreStream(Files.readString(parts.resolve("validation.txt"))).natsPerUnit());
        }
        assertEquals(expected.heard, got.heard);
        for (String name : List.of(LanguageModelTrainer.LAST, LanguageModelTrainer.BEST)) {
            assertArrayEquals(Files.readAllBytes(whole.resolve(name)), Files.readAllBytes(parts.resolve(name)), name);
        }
        TextUnit another = unit == TextUnit.BYTE ? TextUnit.CHARACTER : TextUnit.BYTE;
        String message = assertThrows(IllegalArgumentException.class,
                () -> LanguageModelTrainer.resume(parts, corpus(another).build())).getMessage();
        assertTrue(message.startsWith("vocabulary: expected that of the training in " + parts + ", "), message);
    }

    /** There is nothing to predict of one character, and nothing to fail on. */
    @Test
    void aVocabularyOfOneIsCertain() throws IOException {
        for (Backend backend : Backends.available()) {
            try (var training = LanguageModelTrainer.builder(TextCorpus.of("a".repeat(400))).cell(Lstm.of(3))
                    .batchSize(2).timeSteps(10).backend(backend).build()) {
                assertEquals(0, training.run(Budget.steps(3)).last().validationLoss());
                assertEquals(0, training.model().score("aaa").nats());
                assertThrows(UnknownCharacterException.class, () -> training.model().score("b"));
            }
        }
    }

    /** A rate that rises, and falls with every evaluation that is no better, in the second half as without a break. */
    @Test
    void aResumedTrainingKeepsOptimiserAndSchedule() throws IOException {
        Path whole = directory.resolve("whole");
        Path parts = directory.resolve("parts");
        var settings = builder(Backend.REFERENCE).evaluateEvery(5).optimizer(Sgd.of(20).nesterov(0.9))
                .learningRate(LearningRate.onPlateau(0.5, 1).warmUp(3));
        var expected = new Record();
        try (var training = settings.directory(whole).listener(expected).build()) {
            training.run(Budget.steps(40));
        }
        var got = new Record();
        try (var training = settings.directory(parts).listener(got).build()) {
            training.run(Budget.steps(20));
        }
        try (var training = LanguageModelTrainer.resume(parts, CORPUS).evaluateEvery(5).listener(got).build()) {
            assertThrows(IllegalArgumentException.class,
                    () -> LanguageModelTrainer.resume(parts, CORPUS).optimizer(Sgd.of(1)));
            assertThrows(IllegalArgumentException.class,
                    () -> LanguageModelTrainer.resume(parts, CORPUS).learningRate(LearningRate.constant()));
            training.run(Budget.steps(40));
        }
        assertEquals(expected.heard, got.heard);
        assertArrayEquals(Files.readAllBytes(whole.resolve(LanguageModelTrainer.LAST)),
                Files.readAllBytes(parts.resolve(LanguageModelTrainer.LAST)));
    }

    @Test
    void anOptimiserThatCannotBeWrittenIsRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> builder(Backend.REFERENCE).learningRate(step -> 1.0 / step).build());
    }

    @Test
    void aTrainingThatIsStoppedSavesAndGoesOn() throws IOException {
        var expected = new Record();
        try (var training = builder(Backend.REFERENCE).evaluateEvery(1000).listener(expected).build()) {
            training.run(Budget.steps(20));
        }
        var got = new Record();
        try (var training = builder(Backend.REFERENCE).directory(directory).evaluateEvery(1000).listener(got).build()) {
            got.atStep = () -> {
                if (training.steps() == 7) {
                    training.stop();
                }
            };
            TrainingSummary summary = training.run(Budget.steps(20));
            assertTrue(summary.stopped());
            assertEquals(7, summary.step());
            assertNull(summary.last());
            try (var model = LanguageModel.load(directory, network -> network.backend(Backend.REFERENCE))) {
                assertEquals(training.model().score("rondo"), model.score("rondo"), "the last, where there is no best");
            }
        }
        assertTrue(Files.exists(directory.resolve(LanguageModelTrainer.LAST)));
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).evaluateEvery(1000).listener(got).build()) {
            TrainingSummary summary = training.run(Budget.steps(20));
            assertNotNull(summary.last());
        }
        assertEquals(expected.heard, got.heard);
    }

    @Test
    void theValidationLossIsTheScoreOfTheValidationTextAsOneStream() throws IOException {
        try (var training = builder(Backend.REFERENCE).directory(directory).build()) {
            TrainingSummary summary = training.run(Budget.steps(40));
            CORPUS.writeValidation(directory.resolve("validation.txt"));
            String validation = Files.readString(directory.resolve("validation.txt"));
            assertEquals(TEXT.substring(TEXT.length() - validation.length()), validation);
            assertEquals(CORPUS.validation().length(), TEXT.codePointCount(0, TEXT.length()) / 10);
            TextScore score = training.model().scoreStream(validation);
            assertEquals(CORPUS.validation().length() - 1, score.predictions());
            assertEquals(summary.last().validationLoss(), score.natsPerUnit());
            for (Backend backend : Backends.available()) {
                try (var model = LanguageModel.load(directory, network -> network.backend(backend))) {
                    double loss = model.scoreStream(validation).natsPerUnit();
                    assertEquals(summary.best().validationLoss(), loss, 1e-5);
                }
            }
        }
    }

    @Test
    void theTextIsLearned() throws IOException {
        try (var training = builder(Backend.REFERENCE).build()) {
            TrainingSummary summary = training.run(Budget.epochs(12));
            assertEquals(12, training.epochs());
            // The next word is any of five, everything else follows: ln 5 nats per word of about 4.6 characters.
            double best = Math.log(5) / ((double) TEXT.codePointCount(0, TEXT.length()) / 400);
            double loss = summary.last().validationLoss();
            assertTrue(loss < 1.5 * best && loss > 0.9 * best, loss + " nats, and the best possible is " + best);
            assertEquals(loss / Math.log(2), summary.last().measure());
        }
    }

    @Test
    void aBudgetOfTimeEndsWithAnEvaluation() throws IOException {
        try (var training = builder(Backend.REFERENCE).build()) {
            TrainingSummary summary = training.run(Budget.minutes(0.002));
            assertEquals(summary.step(), summary.last().step());
            assertTrue(summary.seconds() >= 0.12 && !summary.stopped());
        }
    }

    /** Of the step that was made, where a staircase has just come down. */
    @Test
    void anEvaluationTellsTheLearningRateOfItsStep() throws IOException {
        var rates = new ArrayList<Double>();
        var listener = new TrainingListener() {
            @Override
            public void evaluation(Evaluation e) {
                rates.add(e.learningRate());
                StepTimes times = e.stepTimes();
                assertTrue(times.input() > 0 && times.recurrent() > 0 && times.head() > 0 && times.optimizer() > 0);
                assertTrue(5 * times.total() / 1e9 <= e.seconds(), times + " and " + e.seconds());
            }
        };
        try (var training = builder(Backend.REFERENCE).optimizer(Sgd.of(0.5)).learningRate(LearningRate.step(0.5, 10))
                .evaluateEvery(5).listener(listener).build()) {
            training.run(Budget.steps(20));
        }
        assertEquals(List.of(0.5, 0.5, 0.25, 0.25), rates);
    }

    @Test
    void aNonFiniteGradientLeavesTheCheckpointsAlone() throws IOException {
        try (var training = builder(Backend.REFERENCE).directory(directory).evaluateEvery(5).build()) {
            training.run(Budget.steps(5));
            byte[] last = Files.readAllBytes(directory.resolve(LanguageModelTrainer.LAST));
            var network = training.model().network();
            Precision.FLOAT32.set(network.parameters().view("layer0.bias"), 3, Double.POSITIVE_INFINITY);
            Precision.FLOAT32.set(network.parameters().view("head.bias"), 3, Double.NaN);
            network.parameters().changed();
            var e = assertThrows(NonFiniteGradientException.class, () -> training.run(Budget.steps(10)));
            assertEquals(6, e.step());
            assertArrayEquals(last, Files.readAllBytes(directory.resolve(LanguageModelTrainer.LAST)));
        }
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).build()) {
            assertEquals(5, training.steps());
        }
    }

    @Test
    void aNewTrainingReplacesTheOneInItsDirectory() throws IOException {
        try (var training = builder(Backend.REFERENCE).directory(directory).build()) {
            training.run(Budget.steps(20));
        }
        try (var training = builder(Backend.REFERENCE).seed(4).directory(directory).build()) {
            training.stop();
            training.run(Budget.steps(20));
        }
        assertFalse(Files.exists(directory.resolve(LanguageModelTrainer.BEST)));
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).build()) {
            assertEquals(0, training.steps());
            assertTrue(training.run(Budget.steps(1)).last().best());
        }
    }

    /** By a directory of another spelling it stays the same training, elsewhere it has no best model yet. */
    @Test
    void aTrainingThatIsResumedKnowsItsBestModelByTheDirectory() throws IOException {
        Path elsewhere = directory.resolve("elsewhere");
        try (var other = builder(Backend.REFERENCE).seed(4).directory(elsewhere).build();
                var training = builder(Backend.REFERENCE).directory(directory).build()) {
            other.run(Budget.steps(1));
            training.run(Budget.steps(20));
        }
        byte[] best = Files.readAllBytes(directory.resolve(LanguageModelTrainer.BEST));
        Path same = directory.resolve("elsewhere").resolve("..");
        for (Path path : new Path[] {same, elsewhere, null}) {
            try (var training = LanguageModelTrainer.resume(directory, CORPUS).directory(path).build()) {
                training.stop();
                training.run(Budget.steps(30));
            }
        }
        assertArrayEquals(best, Files.readAllBytes(directory.resolve(LanguageModelTrainer.BEST)));
        assertFalse(Files.exists(elsewhere.resolve(LanguageModelTrainer.BEST)), "the other training's");
        try (var training = LanguageModelTrainer.resume(elsewhere, CORPUS).build()) {
            assertEquals(20, training.steps());
        }
    }

    @Test
    void aDirectoryThatCannotBeMadeIsSaidBeforeTheFirstStep() throws IOException {
        try (var training = builder(Backend.REFERENCE).directory(directory).build()) {
            training.run(Budget.steps(1));
        }
        Path file = Files.createFile(directory.resolve("file"));
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).directory(file).build()) {
            assertThrows(IOException.class, () -> training.run(Budget.steps(2)));
            assertEquals(1, training.steps());
        }
    }

    @Test
    void wrongSettingsAreRefusedAtOnce() {
        LanguageModelTrainer.Builder builder = LanguageModelTrainer.builder(CORPUS);
        refused("clip: expected a number above 0, got NaN", () -> builder.clip(Double.NaN));
        refused("evaluateEvery: expected at least 0, got -1", () -> builder.evaluateEvery(-1));
        refused("threads: expected 1 to 1024, got 1025", () -> builder.threads(1025));
        refused("timeSteps: expected at least 1, got 0", () -> builder.timeSteps(0));
        refused("patience: expected at least 0, got -1", () -> builder.patience(-1));
        assertThrows(IllegalArgumentException.class, () -> builder.learningRate(step -> 1));
    }

    private static void refused(String message, Executable setting) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, setting).getMessage());
    }

    @Test
    void afterItIsClosedATrainingDoesNotWork() throws IOException {
        for (Path path : new Path[] {null, directory}) {
            LanguageModelTrainer training = builder(Backend.REFERENCE).directory(path).build();
            training.close();
            training.close();
            assertThrows(IllegalStateException.class, () -> training.run(Budget.steps(1)));
        }
        assertFalse(Files.exists(directory.resolve(LanguageModelTrainer.LAST)));
    }

    @Test
    void notesComeBack() throws IOException {
        try (var training = builder(Backend.REFERENCE).directory(directory).note("text", "/a b/ü\n").build()) {
            training.run(Budget.steps(1));
        }
        assertEquals(Optional.of("/a b/ü\n"), LanguageModelTrainer.note(directory, "text"));
        assertEquals(Optional.empty(), LanguageModelTrainer.note(directory, "other"));
        try (var training = LanguageModelTrainer.resume(directory, CORPUS).build()) {
            training.run(Budget.steps(2));
        }
        assertEquals(Optional.of("/a b/ü\n"), LanguageModelTrainer.note(directory, "text"));
    }

    @Test
    void whatCannotBeResumedIsSaid() throws IOException {
        assertThrows(NoSuchFileException.class, () -> LanguageModelTrainer.resume(directory, CORPUS));
        try (var training = builder(Backend.REFERENCE).directory(directory).build()) {
            training.run(Budget.steps(1));
        }
        assertEquals("text: expected the one that the training in " + directory + " was begun on, got another",
                assertThrows(IllegalArgumentException.class,
                        () -> LanguageModelTrainer.resume(directory, TextCorpus.of(TEXT + "."))).getMessage());
        assertEquals("timeSteps: expected none, for a resumed training keeps its own",
                assertThrows(IllegalArgumentException.class,
                        () -> LanguageModelTrainer.resume(directory, CORPUS).timeSteps(5)).getMessage());
        Path last = directory.resolve(LanguageModelTrainer.LAST);
        byte[] bytes = Files.readAllBytes(last);
        bytes[bytes.length / 2] ^= 1;
        Files.write(last, bytes);
        assertThrows(CheckpointException.class, () -> LanguageModelTrainer.resume(directory, CORPUS));
    }

    @Test
    void aTextThatIsTooShortIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> TextCorpus.of(""));
        assertEquals("text: expected at least 20 characters, the last 10 % for validation, or 2 to validate with, got"
                        + " 4, 0 of them for validation",
                assertThrows(IllegalArgumentException.class,
                        () -> LanguageModelTrainer.builder(TextCorpus.of("abcd"))).getMessage());
        assertEquals("text: expected at least 2048 characters to learn from, for 32 streams of 64, got 90",
                assertThrows(IllegalArgumentException.class,
                        () -> LanguageModelTrainer.builder(TextCorpus.of("ab".repeat(50))).build()).getMessage());
    }
}
