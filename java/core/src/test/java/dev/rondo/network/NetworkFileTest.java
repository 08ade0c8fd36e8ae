package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.text.Budget;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.LanguageModelTrainer;
import dev.rondo.text.TextCorpus;
import dev.rondo.text.TrainingSummary;
import dev.rondo.train.Adam;
import dev.rondo.train.Trainer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks in files: those that this code writes, and those that earlier code wrote. */
class NetworkFileTest {
    private static final Path EARLIER = Path.of(System.getProperty("rondo.home"), "test-data", "checkpoints");
    private static final int T = 4;
    private static final int B = 2;

    @TempDir
    Path directory;

    static Stream<Function<Network.Builder, Network.Builder>> heads() {
        return Stream.of(
                builder -> builder.classes(3),
                builder -> builder.lastStep().classes(3).loss(Loss.softmaxCrossEntropy().classWeights(1, 2, 0.25)),
                builder -> builder.lastStep().outputs(2).loss(Loss.sigmoidCrossEntropy()),
                builder -> builder.outputs(2).loss(Loss.meanSquaredError()),
                builder -> builder.outputs(2),
                builder -> builder.noHead().lastStep());
    }

    /** Two units by two: some draws are a matrix of radius 0, which cannot be scaled and is refused. */
    @Test
    void loadingDrawsNoParameters() throws IOException {
        int inputs = IntStream.rangeClosed(1, 100).filter(count -> !canBeDrawn(twoUnits(count))).findFirst()
                .orElseThrow();
        long seed = LongStream.rangeClosed(1, 100).filter(other -> canBeDrawn(twoUnits(inputs).seed(other))).findFirst()
                .orElseThrow();
        Path file = directory.resolve("model.rondo");
        try (Network written = twoUnits(inputs).seed(seed).build()) {
            written.save(file);
            try (Network read = Network.load(file, options -> options.backend(Backend.REFERENCE))) {
                assertEquals(-1, written.parameters().slab().mismatch(read.parameters().slab()));
            }
        }
    }

    private static Network.Builder twoUnits(int inputs) {
        return Network.builder(inputs).backend(Backend.REFERENCE).noHead()
                .layer(Reservoir.of(2).recurrentWeights(Reservoir.Distribution.BERNOULLI));
    }

    private static boolean canBeDrawn(Network.Builder builder) {
        try (Network _ = builder.build()) {
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("heads")
    void aNetworkComesBack(Function<Network.Builder, Network.Builder> head) throws IOException {
        Path file = directory.resolve("model.rondo");
        for (Precision precision : Precision.values()) {
            Network.Builder builder =
                    Network.builder(3).layer(Lstm.of(5)).layer(Lstm.of(2)).precision(precision).seed(4);
            try (Network network = head.apply(builder).backend(Backend.REFERENCE).build()) {
                network.save(file);
                try (Network loaded = Network.load(file, b -> b.backend(Backend.REFERENCE).threads(1));
                        Network best = Network.load(file);
                        Network built = head.apply(builder).seed(5).build()) {
                    built.restore(Checkpoint.read(file));
                    assertEquals(Backend.REFERENCE, loaded.backend());
                    assertEquals(1, loaded.execution().threads());
                    for (Network copy : new Network[] {loaded, best, built}) {
                        assertEquals(network.description(), copy.description());
                        assertEquals(precision, copy.precision());
                        assertEquals(-1, network.parameters().slab().mismatch(copy.parameters().slab()));
                    }
                }
            }
        }
    }

    @Test
    void whatCannotBeLoadedIsNamed() throws IOException {
        Path file = directory.resolve("model.rondo");
        Checkpoint.builder().text("network.description", "input dense 2\nlayer mine 4\nhead 3 eachStep")
                .text("network.precision", "FLOAT32").longs("network.parameters", 1).write(file);
        refused(file + ": section network.description: cell: expected one of " + Cells.names() + ", got mine",
                CheckpointException.class, () -> Network.load(file));
        try (Network network = Network.builder(2).layer(Lstm.of(3)).classes(2).build();
                Network other = Network.builder(2).layer(Lstm.of(3)).lastStep().classes(2).build()) {
            network.save(file);
            refused(file + ": section network.description: expected that of this network, got another's",
                    CheckpointException.class, () -> other.restore(Checkpoint.read(file)));
            refused("options: expected backend, threads and the like, got another network than the file's",
                    IllegalArgumentException.class, () -> Network.load(file, Network.Builder::lastStep));
        }
        Checkpoint.builder().text("network.description", "input dense 2\nlayer lstm 4\nhead 3 eachStep")
                .text("network.precision", "FLOAT16").write(file);
        String message = assertThrows(CheckpointException.class, () -> Network.load(file)).getMessage();
        assertTrue(message.startsWith(file + ": section network.precision: "), message);
    }

    /** Widened exactly, rounded once; 0.1 is not a float. */
    @Test
    void aPrecisionThatIsAskedForIsHad() throws IOException {
        Path file = directory.resolve("model.rondo");
        for (Precision written : Precision.values()) {
            for (Precision wanted : Precision.values()) {
                try (Network network = Network.builder(2).layer(Lstm.of(3)).classes(2).precision(written)
                        .backend(Backend.REFERENCE).build()) {
                    written.set(network.parameters().slab(), 0, 0.1);
                    network.save(file);
                    try (Network loaded = Network.load(file, b -> b.backend(Backend.REFERENCE).precision(wanted))) {
                        assertEquals(wanted, loaded.precision());
                        boolean exact = written == Precision.FLOAT64 && wanted == Precision.FLOAT64;
                        assertEquals(exact ? 0.1 : 0.1f, wanted.get(loaded.parameters().slab(), 0));
                        for (long i = 0; i < loaded.parameters().count(); i++) {
                            double number = written.get(network.parameters().slab(), i);
                            assertEquals(wanted == Precision.FLOAT32 ? (float) number : number,
                                    wanted.get(loaded.parameters().slab(), i));
                        }
                    }
                }
            }
        }
    }

    @Test
    void nothingIsDrawnOfANetworkInAFile() throws IOException {
        Path file = directory.resolve("model.rondo");
        try (Network network = Network.builder(2).layer(Lstm.of(3)).classes(2).build()) {
            network.save(file);
        }
        refused("seed: expected none, for the parameters are the file's, got one",
                IllegalArgumentException.class, () -> Network.load(file, b -> b.seed(0)));
        refused("inputWeights: expected none, for the parameters are the file's, got one",
                IllegalArgumentException.class, () -> Network.load(file, b -> b.inputWeights(Initialization.he())));
        refused("recurrentWeights: expected none, for the parameters are the file's, got one",
                IllegalArgumentException.class,
                () -> Network.load(file, b -> b.recurrentWeights(Initialization.orthogonal())));
    }

    private interface Reading {
        void run() throws IOException;
    }

    private static void refused(String message, Class<? extends Exception> kind, Reading reading) {
        assertEquals(message, assertThrows(kind, reading::run).getMessage());
    }

    /** The network, its trainer and the carried states, and what came next when the file was written. */
    @Test
    void networksOfTheFirstFormatGoOn() throws IOException {
        double[] numbers = new Random(1).doubles(T * B * 3, -1, 1).toArray();
        int[] classes = new Random(2).ints(T * B, 0, 3).toArray();
        goOn("dense-float64.rondo", Precision.FLOAT64, SequenceBatch.of(numbers, T, B, 3).targets(classes));
        int[] ids = new Random(3).ints(T * B, 0, 7).toArray();
        int[] next = new Random(4).ints(T * B, 0, 7).toArray();
        goOn("embedding-float32.rondo", Precision.FLOAT32, SequenceBatch.tokens(ids, T, B).targets(next));
    }

    private static void goOn(String name, Precision precision, SequenceBatch batch) throws IOException {
        Checkpoint checkpoint = Checkpoint.read(EARLIER.resolve(name));
        try (Network network = Network.read(checkpoint, builder -> builder.backend(Backend.REFERENCE));
                NetworkPass pass = network.pass(T, B).carryState(true)) {
            assertEquals(precision, network.precision());
            Trainer trainer = Trainer.builder(network).optimizer(Adam.of(1e-2)).build();
            trainer.restore(checkpoint);
            pass.restoreStates(checkpoint);
            int outputs = T * B * network.outputSize();
            MemorySegment expected = precision == Precision.FLOAT32
                    ? MemorySegment.ofArray(new float[outputs])
                    : MemorySegment.ofArray(new double[outputs]);
            checkpoint.copy("expected.logits", precision, expected);
            // The same operations on numbers near 1; their order may change with the code, by some roundings a step.
            double tolerance = 100 * precision.epsilon();
            for (long bits : checkpoint.longs("expected.losses", 3)) {
                assertEquals(Double.longBitsToDouble(bits), trainer.step(pass, batch).loss(), tolerance);
                if (trainer.steps() == 3) {
                    for (int i = 0; i < outputs; i++) {
                        double logit = precision.get(expected, i);
                        assertEquals(logit, precision.get(pass.outputs(), i), tolerance, name + " " + i);
                    }
                }
            }
            assertEquals(5, trainer.steps());
        }
    }

    @Test
    void aTrainingOfTheFirstFormatGoesOn() throws IOException {
        var corpus = TextCorpus.of("so much depends upon a red wheel barrow glazed with rain water. ".repeat(8));
        Path file = Files.copy(EARLIER.resolve("training.rondo"), directory.resolve(LanguageModelTrainer.LAST));
        double before;
        try (LanguageModel model = LanguageModel.load(file)) {
            corpus.writeValidation(directory.resolve("validation.txt"));
            before = model.scoreStream(Files.readString(directory.resolve("validation.txt"))).natsPerUnit();
            assertEquals(corpus.vocabulary(), model.vocabulary());
        }
        assertEquals("test", LanguageModelTrainer.note(directory, "from").orElseThrow());
        try (var training = LanguageModelTrainer.resume(directory, corpus).build()) {
            assertEquals(20, training.steps());
            TrainingSummary summary = training.run(Budget.steps(300));
            assertTrue(summary.last().validationLoss() < 0.8 * before, before + " -> " + summary.last());
        }
    }
}
