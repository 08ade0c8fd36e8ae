package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Dataset;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.Sequence;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FitTest {
    private static final int V = 4;

    @TempDir
    private Path directory;

    private static Network network(Backend backend, int threads) {
        return Network.oneHot(V).layer(Lstm.of(8)).lastStep().classes(2)
                .backend(backend).threads(threads).seed(1).build();
    }

    private static Network network() {
        return network(Backend.REFERENCE, 1);
    }

    /** Sequences of 0 to 10 tokens; the label says whether the first is among the upper half. */
    private static List<Sequence> sequences(int count, long seed) {
        var random = new SeededRandom(seed);
        return IntStream.range(0, count).mapToObj(i -> {
            int[] ids = random.ints(i % 11, 0, V).toArray();
            return Sequence.tokens(ids).label(ids.length > 0 && ids[0] >= V / 2 ? 1 : 0);
        }).toList();
    }

    private static Dataset data(int count, long seed) {
        return Dataset.sequences(sequences(count, seed));
    }

    private static Trainer trainer(Network network) {
        return Trainer.builder(network).optimizer(Adam.of(1e-2)).batchSize(7).build();
    }

    private static byte[] parameters(Network network) {
        return network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
    }

    @ParameterizedTest
    @CsvSource({"REFERENCE, 1", "VECTOR, 1", "NATIVE, 1", "NATIVE, 2"})
    void theSameSeedsGiveTheSameParametersBitForBit(Backend backend, int threads) {
        Available.assume(backend);
        byte[] once = course(backend, threads, 1, 3);
        assertArrayEquals(once, course(backend, threads, 1, 3));
        assertArrayEquals(once, course(backend, threads, 3, 1), "three calls of one epoch each");
    }

    private static byte[] course(Backend backend, int threads, int calls, int epochs) {
        try (Network network = network(backend, threads)) {
            Trainer trainer = trainer(network);
            for (int call = 0; call < calls; call++) {
                trainer.fit(data(50, 3).shuffle(5).bucketed(), data(9, 4), Epochs.of(epochs));
            }
            return parameters(network);
        }
    }

    /** What fit does, written out: steps over batches of 7 in the given order, the loss weighted by what counted. */
    @Test
    void theHistoryIsWhatTheStepsGave() {
        var steps = new ArrayList<StepResult>();
        var heard = new ArrayList<EpochResult>();
        var listener = new FitListener() {
            @Override
            public void epochEnded(EpochResult epoch) {
                heard.add(epoch);
            }

            @Override
            public void stepEnded(StepResult step) {
                steps.add(step);
            }
        };
        try (Network network = network()) {
            Trainer trainer = trainer(network);
            FitResult result = trainer.fit(data(50, 3), data(9, 4), Epochs.of(2).listener(listener));
            assertEquals(FitResult.End.ALL_EPOCHS, result.end());
            assertEquals(heard, result.history());
            assertEquals(16, steps.size()); // 7 batches of 7 and one of 1, twice
            for (int epoch = 0; epoch < 2; epoch++) {
                EpochResult got = heard.get(epoch);
                List<StepResult> own = steps.subList(8 * epoch, 8 * epoch + 8);
                double sum = own.stream().mapToDouble(step -> step.loss() * step.counted()).sum();
                assertEquals(List.of(7L, 7L, 7L, 7L, 7L, 7L, 7L, 1L), own.stream().map(StepResult::counted).toList());
                assertEquals(epoch + 1, got.epoch());
                assertEquals(8L * epoch + 8, got.steps());
                assertEquals(50, got.counted());
                assertEquals(sum / 50, got.trainingLoss(), 1e-14); // sums of 8 in another order
                assertEquals(9, got.validation().counted());
            }
            assertEquals(network.evaluate(data(9, 4)).loss(), heard.getLast().validation().loss(), 1e-14);
            assertEquals("epoch 1, step 8: training loss 0.", heard.getFirst().toString().substring(0, 33));
            assertEquals(3, trainer.fit(data(50, 3), Epochs.of(1)).history().getFirst().epoch());
        }
    }

    @Test
    void withoutAValidationSetTheTrainingLossIsWatched() {
        try (Network network = network()) {
            FitResult result = trainer(network).fit(data(50, 3), Epochs.of(3));
            assertNull(result.best().validation());
            assertEquals(result.best().trainingLoss(), result.best().watchedLoss());
            assertThrows(NullPointerException.class, () -> trainer(network).fit(data(5, 3), null, Epochs.of(1)));
        }
    }

    /** Whether the length is odd, or the contrary: what is learned of the one makes the other worse. */
    private static Dataset odd(boolean contrary) {
        return Dataset.sequences(sequences(50, 3).stream()
                .map(sequence -> sequence.label(sequence.length() % 2 == 1 ^ contrary ? 1 : 0))
                .toList());
    }

    @Test
    void patienceEndsTheTrainingAndTheBestParametersComeBack() {
        var after = new ArrayList<byte[]>();
        try (Network network = network()) {
            FitResult result = trainer(network).fit(odd(false), odd(true), Epochs.of(100).patience(3).keepBest()
                    .listener(_ -> after.add(parameters(network))));
            assertEquals(FitResult.End.NO_IMPROVEMENT, result.end());
            int best = result.best().epoch();
            assertEquals(best + 3, result.history().size());
            double lowest = result.history().stream().mapToDouble(EpochResult::watchedLoss).min().orElseThrow();
            assertEquals(lowest, result.best().watchedLoss());
            assertArrayEquals(after.get(best - 1), parameters(network));
            assertEquals(lowest, network.evaluate(odd(true)).loss(), 1e-6); // float32, batches of another size
        }
    }

    @Test
    void theBestParametersAreInTheFile() throws IOException {
        Path file = directory.resolve("best.rondo");
        try (Network network = network()) {
            FitResult result = trainer(network)
                    .fit(odd(false), odd(true), Epochs.of(20).keepBest(file).patience(3).listener(_ -> { }));
            assertTrue(result.best().epoch() < result.history().size(), "the best is not the last");
            try (Network kept = Network.load(file)) {
                assertArrayEquals(parameters(network), parameters(kept));
            }
            Path nowhere = directory.resolve("missing").resolve("best.rondo");
            var e = assertThrows(UncheckedIOException.class,
                    () -> trainer(network).fit(odd(false), Epochs.of(1).keepBest(nowhere)));
            assertTrue(e.getMessage().startsWith("cannot keep the best parameters: "), e.getMessage());
            assertTrue(e.getMessage().contains(nowhere.getParent() + ": no such directory"), e.getMessage());
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsRefusedBeforeTheFirstStep() throws IOException {
        Path taken = Files.createDirectory(directory.resolve("taken"));
        try (Network network = network()) {
            byte[] before = parameters(network);
            Trainer trainer = trainer(network);
            for (Path file : List.of(taken, taken.resolve("missing").resolve("best.rondo"))) {
                assertThrows(UncheckedIOException.class,
                        () -> trainer.fit(odd(false), odd(true), Epochs.of(1).keepBest(file)));
            }
            assertEquals(0, trainer.steps());
            assertArrayEquals(before, parameters(network));
        }
    }

    @Test
    void whatIsHardlyBetterIsNotBetter() {
        try (Network network = network()) {
            FitResult result = trainer(network)
                    .fit(data(50, 3), data(9, 4), Epochs.of(100).patience(2).minimumImprovement(1000));
            assertEquals(List.of(true, false, false), result.history().stream().map(EpochResult::best).toList());
            assertEquals(1, result.best().epoch());
        }
    }

    @Test
    void aListenerCanStop() {
        try (Network network = network()) {
            Trainer trainer = trainer(network);
            FitResult result = trainer.fit(data(50, 3), data(9, 4), Epochs.of(100).listener(_ -> trainer.stop()));
            assertEquals(FitResult.End.STOPPED, result.end());
            assertEquals(1, result.history().size());

            FitListener inAnEpoch = new FitListener() {
                @Override
                public void epochEnded(EpochResult epoch) {
                    // The history tells.
                }

                @Override
                public void stepEnded(StepResult step) {
                    if (step.step() == 11) {
                        trainer.stop();
                    }
                }
            };
            result = trainer.fit(data(50, 3), data(9, 4), Epochs.of(100).listener(inAnEpoch));
            assertEquals(11, trainer.steps());
            assertEquals(1, result.history().size());
            assertEquals(21, result.history().getFirst().counted());
            assertEquals(9, result.history().getFirst().validation().counted());
            assertEquals(FitResult.End.ALL_EPOCHS, trainer.fit(data(50, 3), Epochs.of(1)).end());
        }
    }

    /** The gradient is not finite at step 4: the parameters are those of step 3, or with keepBest of the best epoch. */
    @Test
    void aGradientThatIsNotFiniteEndsTheTrainingWithNothingHalfUpdated() {
        var good = Sequence.of(new float[][] {{0.1f}, {0.2f}}).label(1);
        var bad = Sequence.of(new float[][] {{0.1f}, {Float.NaN}}).label(1);
        var reads = new AtomicInteger();
        var closed = new AtomicInteger();
        for (boolean keepBest : new boolean[] {false, true}) {
            reads.set(0);
            Dataset data = Dataset.stream(() -> List.of(good, reads.incrementAndGet() == 2 ? bad : good).stream()
                    .onClose(closed::incrementAndGet));
            var snapshots = new ArrayList<byte[]>();
            try (Network network =
                    Network.builder(1).layer(Lstm.of(3)).lastStep().classes(2).backend(Backend.REFERENCE).build()) {
                Trainer trainer = Trainer.builder(network).batchSize(1).build();
                Epochs epochs = Epochs.of(5).listener(new FitListener() {
                    @Override
                    public void epochEnded(EpochResult epoch) {
                        // Steps are enough.
                    }

                    @Override
                    public void stepEnded(StepResult step) {
                        snapshots.add(parameters(network));
                    }
                });
                var e = assertThrows(NonFiniteGradientException.class,
                        () -> trainer.fit(data, keepBest ? epochs.keepBest() : epochs));
                assertEquals(4, e.step());
                assertEquals(3, snapshots.size());
                assertArrayEquals(snapshots.get(keepBest ? 1 : 2), parameters(network));
            }
        }
        assertEquals(4, closed.get());
    }

    /** As a gradient does: with the best parameters back. */
    @Test
    void aValidationLossThatIsNoNumberEndsTheTraining() {
        try (Network network = Network.builder(1).layer(Lstm.of(3)).lastStep().classes(2)
                .backend(Backend.REFERENCE).seed(1).build()) {
            Dataset good = Dataset.of(List.<float[][]>of(new float[][] {{1}, {2}}), new int[] {1});
            var broken = new float[][] {{1}, {2}};
            Dataset validation = Dataset.of(List.of(broken, new float[][] {{0}}), new int[] {1, 1});
            var best = new AtomicReference<byte[]>();
            var listener = new FitListener() {
                @Override
                public void epochEnded(EpochResult epoch) {
                    best.set(parameters(network));
                    broken[1][0] = Float.NaN;
                }
            };
            var e = assertThrows(ArithmeticException.class, () -> trainer(network)
                    .fit(good, validation, Epochs.of(5).keepBest().listener(listener)));
            assertEquals("loss: expected a finite number, got NaN, at sequences[0]", e.getMessage());
            assertArrayEquals(best.get(), parameters(network));
        }
    }

    @Test
    void oneSequenceEvenWithoutStepsIsEnough() {
        for (Sequence only : List.of(Sequence.tokens(1, 2, 3).label(1), Sequence.tokens(1).label(1),
                Sequence.tokens().label(1))) {
            try (Network network = network()) {
                FitResult result = trainer(network).fit(Dataset.sequences(List.of(only)).shuffle(1).bucketed(),
                        Epochs.of(60));
                assertEquals(60, result.history().getLast().steps());
                assertTrue(result.history().getLast().trainingLoss() < result.history().getFirst().trainingLoss() / 2);
            }
        }
    }

    @Test
    void whatAListenerOrAStreamThrowsArrivesAsItIs() {
        var failure = new IllegalStateException("enough");
        try (Network network = network()) {
            assertSame(failure, assertThrows(IllegalStateException.class,
                    () -> trainer(network).fit(data(50, 3), Epochs.of(2).listener(_ -> {
                        throw failure;
                    }))));
            Dataset broken = Dataset.stream(() -> sequences(50, 3).stream().peek(sequence -> {
                if (sequence.length() == 10) {
                    throw failure;
                }
            }));
            assertSame(failure, assertThrows(IllegalStateException.class,
                    () -> trainer(network).fit(broken, data(9, 4), Epochs.of(2))));
            assertSame(failure, assertThrows(IllegalStateException.class,
                    () -> trainer(network).fit(data(9, 4), broken, Epochs.of(2))));
        }
    }

    @Test
    void emptyAndUnfitDataIsRefusedBeforeAnythingChanges() {
        try (Network network = network()) {
            byte[] before = parameters(network);
            assertEquals("data set: expected at least one sequence, got none", assertThrows(
                    IllegalArgumentException.class,
                    () -> trainer(network).fit(Dataset.tokens(List.of()), Epochs.of(1))).getMessage());
            assertEquals("sequences[0]: target: expected one class per sequence, got none", assertThrows(
                    IllegalArgumentException.class,
                    () -> trainer(network).fit(Dataset.tokens(List.of(new int[3])), Epochs.of(1))).getMessage());
            var refused = Map.of(
                    "target: expected one class per sequence, got none", Sequence.tokens(1, 2),
                    "target: expected one class per sequence, got one class per step", Sequence.tokens(1).stepLabels(1),
                    "label: expected 0 to 1, or -1 = ignored, got 2", Sequence.tokens(1, 2).label(2),
                    "token 1: expected 0 to 3, got 4", Sequence.tokens(1, V).label(1),
                    "expected tokens, got numbers", Sequence.of(new float[][] {{1}}).label(1));
            refused.forEach((what, bad) -> {
                var sequences = new ArrayList<>(sequences(50, 3));
                sequences.set(30, bad); // in the fifth batch, or of shuffled ones somewhere
                assertRefused("sequences[30]: " + what, network, Dataset.sequences(sequences), data(9, 4));
                assertRefused("sequences[30]: " + what, network, Dataset.sequences(sequences).shuffle(1), data(9, 4));
                assertRefused("sequences[30]: " + what, network, data(50, 3), Dataset.sequences(sequences));
            });
            assertArrayEquals(before, parameters(network));
            assertThrows(IllegalArgumentException.class, () -> Epochs.of(0));
            assertThrows(IllegalArgumentException.class, () -> Epochs.of(1).patience(0));
            assertThrows(IllegalArgumentException.class, () -> Epochs.of(1).minimumImprovement(-1));
            assertThrows(IllegalArgumentException.class, () -> Trainer.builder(network).batchSize(0));
        }
    }

    private static void assertRefused(String message, Network network, Dataset training, Dataset validation) {
        Trainer trainer = trainer(network);
        assertEquals(message, assertThrows(IllegalArgumentException.class,
                () -> trainer.fit(training, validation, Epochs.of(1))).getMessage());
        assertEquals(0, trainer.steps(), message);
    }

    /** Shares that a sigmoid is compared with are 0 to 1; what does not count may be anything. */
    @Test
    void targetNumbersOutOfRangeAreRefusedBeforeTheFirstStep() {
        for (Precision precision : Precision.values()) {
            try (Network network = Network.oneHot(V).layer(Lstm.of(3)).outputs(2).loss(Loss.sigmoidCrossEntropy())
                    .backend(Backend.REFERENCE).precision(precision).build()) {
                Sequence good = Sequence.tokens(1, 2).stepValues(new float[][] {{0, 1}, {0.5f, 0.5f}});
                Sequence bad = Sequence.tokens(1, 2).stepValues(new float[][] {{0, 1}, {0.5f, 1.5f}});
                Dataset wrong = Dataset.sequences(List.of(good, good, bad));
                String message = "sequences[2]: target of step 1 for output 1: expected 0 to 1, got 1.5";
                assertRefused(message, network, wrong, Dataset.sequences(List.of(good)));
                assertRefused(message, network, Dataset.sequences(List.of(good)), wrong);
                Sequence marked = bad.counting(new boolean[][] {{true}, {true, false}});
                assertEquals(1, trainer(network).fit(Dataset.sequences(List.of(good, marked)), Epochs.of(1))
                        .history().size());
            }
        }
    }

    /** A stream is read once per epoch, no more: what is wrong in it is found when it comes. */
    @Test
    void aStreamIsNotOpenedToLookThroughIt() {
        try (Network network = network()) {
            Trainer trainer = trainer(network);
            var opened = new AtomicInteger();
            var sequences = new ArrayList<>(sequences(50, 3));
            sequences.set(30, Sequence.tokens(1).label(2));
            Dataset stream = Dataset.stream(() -> {
                opened.incrementAndGet();
                return sequences.stream();
            });
            assertEquals("a sequence of the stream: label: expected 0 to 1, or -1 = ignored, got 2",
                    assertThrows(IllegalArgumentException.class, () -> trainer.fit(stream, Epochs.of(1))).getMessage());
            assertEquals(1, opened.get());
            assertEquals(4, trainer.steps());
        }
    }

    @Test
    void dataThatIsRefusedIsNoEpoch() {
        try (Network network = network()) {
            Trainer trainer = trainer(network);
            assertThrows(IllegalArgumentException.class,
                    () -> trainer.fit(Dataset.tokens(List.of(new int[3])), Epochs.of(1)));
            assertThrows(IllegalArgumentException.class,
                    () -> trainer.fit(data(20, 1), Dataset.tokens(List.of()), Epochs.of(1)));
            assertEquals(0, trainer.steps(), "an empty validation set is seen before the first step");
            assertEquals(1, trainer.fit(data(20, 1), Epochs.of(1)).history().getFirst().epoch());
            Dataset ignored = Dataset.tokens(List.of(new int[3])).labels(new int[] {SequenceBatch.IGNORED});
            assertEquals("training: expected at least one target that counts, got none",
                    assertThrows(IllegalArgumentException.class,
                            () -> trainer.fit(ignored, Epochs.of(1))).getMessage());
        }
    }

    @Test
    void theLearningRateHearsOfTheWatchedLoss() {
        try (Network network = network()) {
            Trainer trainer = Trainer.builder(network).optimizer(Sgd.of(1e-30))
                    .learningRate(LearningRate.onPlateau(0.5, 1)).build();
            trainer.fit(data(50, 3), data(9, 4), Epochs.of(3)); // nothing changes: the second and third are no better
            assertEquals(0.25e-30, trainer.learningRate());
        }
    }

    /**
     * Passes and buffers of all that fit opens, however it ends, are closed: what is not is reported when collected.
     */
    @Test
    void nothingStaysOpen() throws InterruptedException {
        Set<String> reported = ConcurrentHashMap.newKeySet();
        var handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getMessage().contains("never closed")) {
                    reported.add(record.getMessage());
                }
            }

            @Override
            public void flush() {
                // Nothing is kept back.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
        Logger logger = Logger.getLogger("dev.rondo");
        logger.addHandler(handler);
        try {
            awaitReport(reported); // what other tests left open is reported by now
            reported.clear();
            whatAListenerOrAStreamThrowsArrivesAsItIs();
            aGradientThatIsNotFiniteEndsTheTrainingWithNothingHalfUpdated();
            emptyAndUnfitDataIsRefusedBeforeAnythingChanges();
            aListenerCanStop();
            awaitReport(reported);
            assertEquals(Set.of("sentinel was never closed; its memory is freed now"), reported);
        } finally {
            logger.removeHandler(handler);
        }
    }

    /** Collects garbage until a workspace left open on purpose is reported. */
    private static void awaitReport(Set<String> reported) throws InterruptedException {
        new Workspace("sentinel");
        while (reported.stream().noneMatch(text -> text.startsWith("sentinel"))) {
            System.gc();
            Thread.sleep(1);
        }
    }

    @Test
    void aStepAllocatesNextToNothing() {
        Available.assume(Backend.NATIVE);
        var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        Dataset data = data(1000, 3);
        try (Network network = network(Backend.NATIVE, 1)) {
            Trainer trainer = Trainer.builder(network).batchSize(10).build();
            var before = new long[1];
            var least = new long[] {Long.MAX_VALUE};
            trainer.fit(data, Epochs.of(40).listener(_ -> {
                long now = bean.getCurrentThreadAllocatedBytes();
                least[0] = before[0] == 0 ? least[0] : Math.min(least[0], now - before[0]);
                before[0] = now;
            }));
            assertTrue(least[0] / 100 < 250, least[0] / 100 + " bytes per step"); // its result, and T as an object
        }
    }
}
