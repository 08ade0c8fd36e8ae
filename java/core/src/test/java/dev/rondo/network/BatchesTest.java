package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.kernel.Available;
import dev.rondo.memory.Precision;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packing, padding, passes, and that a packed batch is the sum of its sequences. */
class BatchesTest {
    private static final int I = 3;

    /** What a network can be asked for. */
    enum Target {
        LABEL, STEP_LABELS, VALUES, STEP_VALUES;

        Network network(Backend backend, Precision precision) {
            Network.Builder builder =
                    Network.builder(I).layer(Lstm.of(5)).backend(backend).precision(precision).threads(1).seed(3);
            return switch (this) {
                case LABEL -> builder.lastStep().classes(4).build();
                case STEP_LABELS -> builder.classes(4).build();
                case VALUES -> builder.lastStep().outputs(2).loss(Loss.sigmoidCrossEntropy()).build();
                case STEP_VALUES -> builder.outputs(2).loss(Loss.meanSquaredError()).build();
            };
        }

        Sequence sequence(int length, SeededRandom random) {
            var rows = new float[length][I];
            var numbers = new float[length][2];
            int[] classes = random.ints(length, -1, 4).toArray();
            var marks = new boolean[length][2];
            for (int t = 0; t < length; t++) {
                for (int i = 0; i < I; i++) {
                    rows[t][i] = random.nextFloat() - 0.5f;
                }
                numbers[t][0] = random.nextFloat();
                numbers[t][1] = random.nextFloat();
                marks[t][random.nextInt(2)] = true;
            }
            Sequence sequence = Sequence.of(rows);
            return switch (this) {
                case LABEL -> sequence.label(random.nextInt(4));
                case STEP_LABELS -> sequence.stepLabels(classes);
                case VALUES -> sequence.values(random.nextFloat(), 1).counting(new boolean[][] {{true, length > 4}});
                case STEP_VALUES -> sequence.stepValues(numbers).counting(marks);
            };
        }
    }

    /** Pieces of one batch are its steps, with the states carried over, in a pass that has no room for more. */
    @Test
    void piecesOfABatchAreTheWholeBatch() {
        var data = Dataset.sequences(ragged(Target.STEP_VALUES)); // the longest has 37 steps
        try (var network = Target.STEP_VALUES.network(Backend.REFERENCE, Precision.FLOAT64);
                var whole = Batches.inference(network, data, 4);
                var pieces = Batches.inference(network, data, 4)) {
            List<double[]> expected = new ArrayList<>();
            whole.epoch(0, (pass, batch) -> {
                pass.forward(batch);
                expected.add(outputs(pass, batch));
                return true;
            });
            List<double[]> found = new ArrayList<>();
            pieces.epochInPieces(0, 5, (pass, piece, firstStep) -> {
                assertEquals(5, pass.timeSteps());
                pass.forward(piece);
                double[] more = outputs(pass, piece);
                if (firstStep == 0) {
                    found.add(more);
                } else {
                    double[] before = found.getLast();
                    found.set(found.size() - 1, DoubleStream.concat(DoubleStream.of(before), DoubleStream.of(more))
                            .toArray());
                }
                return true;
            });
            assertEquals(expected.size(), found.size());
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), found.get(i)); // the reference rounds a step the same wherever it is
            }
        }
    }

    private static double[] outputs(NetworkPass pass, SequenceBatch batch) {
        var numbers = new double[Math.toIntExact(batch.rows()) * pass.network().outputSize()];
        pass.network().precision().read(pass.outputs(), 0, numbers, numbers.length);
        return numbers;
    }

    @Test
    void piecesWantLayersThatRunForwards() {
        var data = Dataset.sequences(List.of(Sequence.of(new float[8][I])));
        try (var network = Network.builder(I).layer(Layer.of(Lstm.of(2)).bidirectional()).classes(2).seed(1).build();
                var batches = Batches.inference(network, data, 1)) {
            assertThrows(IllegalArgumentException.class, () -> batches.epochInPieces(0, 4, (_, _, _) -> true));
            assertThrows(IllegalArgumentException.class, () -> batches.epochInPieces(0, 0, (_, _, _) -> true));
        }
    }

    private static List<Sequence> ragged(Target target) {
        var random = new SeededRandom(11);
        return IntStream.of(4, 0, 1, 9, 1, 7, 2, 37, 3, 5, 6)
                .mapToObj(length -> target.sequence(length, random))
                .toList();
    }

    /** The gradient of the sum of losses over all batches, and that sum. */
    private static double[] gradientOfSum(Network network, Dataset data, int batchSize) {
        var sum = new double[(int) network.parameters().count() + 1];
        try (var batches = Batches.training(network, data, batchSize)) {
            batches.epoch(0, (pass, batch) -> {
                network.gradients().fill((byte) 0);
                pass.forward(batch);
                pass.backward();
                for (int i = 0; i < sum.length - 1; i++) {
                    sum[i] += network.precision().get(network.gradients(), i) * pass.lossWeight();
                }
                sum[sum.length - 1] += pass.loss() * pass.lossWeight();
                return true;
            });
        }
        return sum;
    }

    /** Float64: sums of some hundred terms in another order; 1e-12 leaves a factor of 100 for that. */
    @ParameterizedTest
    @EnumSource
    void theGradientOfAPackedBatchIsTheSumOverItsSequences(Target target) {
        List<Sequence> sequences = ragged(target);
        for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE)) {
            Available.assume(backend);
            try (Network network = target.network(backend, Precision.FLOAT64)) {
                double[] alone = gradientOfSum(network, Dataset.sequences(sequences), 1);
                for (int batchSize : new int[] {2, 3, 11, 200}) {
                    Dataset data = Dataset.sequences(sequences);
                    assertArrayEquals(alone, gradientOfSum(network, data, batchSize), 1e-12);
                    assertArrayEquals(alone, gradientOfSum(network, data.bucketed(), batchSize), 1e-12);
                    assertArrayEquals(alone, gradientOfSum(network, data.bucketed().shuffle(1), batchSize), 1e-12);
                    assertArrayEquals(alone, gradientOfSum(
                            network, Dataset.stream(sequences::stream).shuffle(1, 3), batchSize), 1e-12);
                }
                assertTrue(alone[alone.length - 1] > 0.1, "a loss to speak of");
            }
        }
    }

    @Test
    void theStepsOfEverySequenceArriveOnceWithTheirTargets() {
        List<Sequence> sequences = ragged(Target.STEP_LABELS);
        try (Network network = Target.STEP_LABELS.network(Backend.REFERENCE, Precision.FLOAT32);
                var batches = Batches.inference(network, Dataset.sequences(sequences), 4)) {
            var seen = new ArrayList<Sequence>();
            assertTrue(batches.epoch(0, (pass, batch) -> {
                assertEquals(4, batch.batchSize());
                assertEquals(37, pass.timeSteps());
                for (int b = 0; b < 4 && seen.size() < sequences.size(); b++) {
                    Sequence sequence = sequences.get(seen.size());
                    seen.add(sequence);
                    assertHolds(batch, b, sequence);
                }
                return true;
            }));
            assertEquals(sequences.size(), seen.size());
        }
    }

    private static void assertHolds(SequenceBatch batch, int b, Sequence sequence) {
        assertEquals(sequence.length(), batch.lengths().getAtIndex(ValueLayout.JAVA_INT, b));
        var row = new double[I];
        for (int t = 0; t < batch.timeSteps(); t++) {
            long at = (long) t * batch.batchSize() + b;
            int target = batch.targets().getAtIndex(ValueLayout.JAVA_INT, at);
            batch.precision().read(batch.values(), at * I, row, I);
            boolean within = t < sequence.length();
            float[] expected = within ? ((SequenceRows.Arrays) sequence.rows()).rows()[t] : new float[I];
            assertArrayEquals(new double[] {expected[0], expected[1], expected[2]}, row);
            assertEquals(within ? sequence.classOf(t) : SequenceBatch.IGNORED, target);
        }
    }

    /** Lengths of 1 to 100, all alike often: unsorted, half of each batch is padding; sorted, next to nothing. */
    @Test
    void bucketingLeavesLittlePadding() {
        var random = new SeededRandom(2);
        List<Sequence> sequences = random.ints(2000, 1, 101).mapToObj(n -> Target.LABEL.sequence(n, random)).toList();
        Dataset data = Dataset.sequences(sequences).shuffle(1);
        double plain = padding(data, 1);
        double bucketed = padding(data.bucketed(), 1);
        assertEquals(0.48, plain, 0.03); // the mean is 50.5, the longest of 32 is near 98
        // Sorted, 1024 sequences change by 1 step per 10: by 3 of 50 within a batch. The last batch is half full.
        assertEquals(0.04, bucketed, 0.015);
        assertEquals(bucketed, padding(Dataset.stream(sequences::stream).shuffle(1).bucketed(), 2), 0.01);
    }

    private static double padding(Dataset data, int passes) {
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32);
                var batches = Batches.inference(network, data, 32)) {
            batches.epoch(0, (_, _) -> true);
            batches.epoch(1, (_, _) -> true);
            assertTrue(batches.passes() <= passes, batches.passes() + " passes");
            return batches.padding();
        }
    }

    @Test
    void stepsAreRoundedUpSoThatFewNumbersTurnUp() {
        for (int needed = 1; needed <= 64; needed++) {
            assertEquals(needed, Batches.roundUp(needed));
        }
        assertEquals(66, Batches.roundUp(65));
        assertEquals(200, Batches.roundUp(200));
        assertEquals(204, Batches.roundUp(201));
        assertEquals(1 << 30, Batches.roundUp(1 << 30));
        assertEquals(Integer.MAX_VALUE, Batches.roundUp(Integer.MAX_VALUE));
        assertEquals(192, IntStream.rangeClosed(1, 1024).map(Batches::roundUp).distinct().count()); // 64 + 4 * 32
        IntStream.range(1, 100_000).forEach(needed -> {
            int rounded = Batches.roundUp(needed);
            assertTrue(rounded >= needed && rounded <= needed * 33.0 / 32, needed + " to " + rounded);
        });
    }

    /** The numbers of a mapped file and the lines of a text are what the same numbers in arrays are. */
    @Test
    void filesGiveWhatArraysGive(@TempDir Path directory) throws IOException {
        float[] numbers = {0.5f, -1, 2, 0.25f, 1, 3, -2, 0, 1, 1, 1, 1};
        int[] lengths = {3, 1};
        int[] labels = {2, 0};
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(numbers);
        Path binary = Files.write(directory.resolve("numbers"), bytes.array());
        Path text = Files.writeString(directory.resolve("lines"), "2 0.5 -1 2 0.25 1 3 -2 0 1\n0 1 1 1\n");
        Dataset lines = Dataset.stream(() -> Files.lines(text).map(line -> {
            String[] words = line.split(" ");
            var rows = new float[words.length / I][I];
            for (int i = 1; i < words.length; i++) {
                rows[(i - 1) / I][(i - 1) % I] = Float.parseFloat(words[i]);
            }
            return Sequence.of(rows).label(Integer.parseInt(words[0]));
        }));
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32);
                FileChannel channel = FileChannel.open(binary)) {
            double expected = network.evaluate(Dataset.of(numbers, lengths, I).labels(labels)).loss();
            assertEquals(expected, network.evaluate(lines).loss());
            Dataset mapped;
            try (Arena arena = Arena.ofShared()) {
                MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                mapped = Dataset.of(file, Precision.FLOAT32, lengths, I).labels(labels);
                assertEquals(expected, network.evaluate(mapped).loss());
            }
            assertEquals("sequences[0]: its memory is closed",
                    assertThrows(IllegalStateException.class, () -> network.evaluate(mapped)).getMessage());
        }
    }

    @Test
    void thePassOfAStreamGrowsInFewLeaps() {
        var random = new SeededRandom(2);
        Dataset data = Dataset.stream(
                () -> IntStream.rangeClosed(1, 200).mapToObj(n -> Target.LABEL.sequence(n, random)));
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32);
                var batches = Batches.training(network, data, 1)) {
            var longest = new AtomicInteger();
            batches.epoch(0, (pass, batch) -> {
                assertTrue(pass.timeSteps() >= batch.timeSteps());
                longest.accumulateAndGet(pass.timeSteps(), Math::max);
                return true;
            });
            assertEquals(256, longest.get()); // 1, 2, 4 and so on
            assertEquals(9, batches.passes());
            assertEquals(0.01, batches.padding(), 0.01); // rounding from 64 on
        }
    }

    @Test
    void sequencesOfOneLengthAreNotPadded() {
        var random = new SeededRandom(2);
        List<Sequence> sequences = Stream.generate(() -> Target.LABEL.sequence(37, random)).limit(40).toList();
        assertEquals(24.0 / 64, padding(Dataset.sequences(sequences), 1)); // the second batch of 32 holds 8
        assertEquals(0, padding(Dataset.sequences(sequences.subList(0, 32)), 1));
        assertEquals(0, padding(Dataset.sequences(sequences.subList(0, 1)), 1)); // a batch larger than the data set
    }

    @Test
    void anEmptyDataSetIsAnError() {
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32)) {
            for (Dataset empty : List.of(Dataset.of(List.of()), Dataset.stream(Stream::empty),
                    Dataset.of(List.of(), new int[0]).shuffle(1).bucketed())) {
                assertEquals("data set: expected at least one sequence, got none", assertThrows(
                        IllegalArgumentException.class, () -> network.evaluate(empty)).getMessage());
            }
        }
    }

    @Test
    void aSequenceThatDoesNotFitTheNetworkIsNamed() {
        var good = Sequence.of(new float[2][I]).label(1);
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32);
                Network perStep = Target.STEP_VALUES.network(Backend.REFERENCE, Precision.FLOAT32);
                Network tokens = Network.oneHot(5).layer(Lstm.of(2)).classes(5).backend(Backend.REFERENCE).build()) {
            assertWrong("expected 3 numbers per step, got 2", network, good, Sequence.of(new float[1][2]).label(1));
            assertWrong("expected numbers, got tokens", network, good, Sequence.tokens(1).label(1));
            assertWrong("label: expected 0 to 3, or -1 = ignored, got 4", network, good, good.label(4));
            assertWrong("target: expected one class per sequence, got none",
                    network, good, Sequence.of(new float[2][I]));
            assertWrong("target: expected one class per sequence, got one class per step",
                    network, good, good.stepLabels(1, 2));
            assertWrong("target: expected one class per sequence, got 2 numbers per sequence",
                    network, good, good.values(1, 2));
            var values = Sequence.of(new float[1][I]).stepValues(new float[1][2]);
            assertWrong("target: expected 2 numbers per step, got 3 numbers per step",
                    perStep, values, values.stepValues(new float[1][3]));
            var token = Sequence.tokens(0, 4).stepLabels(4, -1);
            assertWrong("token 1: expected 0 to 4, got 5", tokens, token, Sequence.tokens(0, 5).stepLabels(0, 0));
            assertWrong("label of step 0: expected 0 to 4, or -1 = ignored, got -2",
                    tokens, token, token.stepLabels(-2, 0));
            assertWrong("expected tokens, got numbers", tokens, token, Sequence.of(new float[1][5]).stepLabels(0));
        }
    }

    private static void assertWrong(String message, Network network, Sequence good, Sequence wrong) {
        Dataset data = Dataset.sequences(List.of(good, wrong));
        assertEquals("sequences[1]: " + message,
                assertThrows(IllegalArgumentException.class, () -> network.evaluate(data)).getMessage());
        Dataset stream = Dataset.stream(() -> Stream.of(good, wrong));
        assertEquals("a sequence of the stream: " + message,
                assertThrows(IllegalArgumentException.class, () -> network.evaluate(stream)).getMessage());
    }

    /** 200,000 sequences of 1000 numbers would be 800 MB, were they kept: the few that are at one time are counted. */
    @Test
    void aLongStreamDoesNotAccumulate() {
        var alive = new AtomicInteger();
        var most = new AtomicInteger();
        var cleaner = Cleaner.create();
        int size = 200_000;
        Dataset data = Dataset.stream(() -> IntStream.range(0, size).mapToObj(i -> {
            var sequence = Sequence.of(new float[1000][1]).label(i % 2);
            if (i % 100 == 0) {
                most.accumulateAndGet(alive.incrementAndGet(), Math::max);
                cleaner.register(sequence, alive::decrementAndGet);
            }
            return sequence;
        }));
        var seen = new AtomicInteger();
        try (SequenceCursor cursor = SequenceCursor.of(data.shuffle(1), 0)) {
            while (cursor.next() != null) {
                seen.incrementAndGet();
                if (seen.get() % 10_000 == 0) {
                    System.gc();
                }
            }
        }
        assertEquals(size, seen.get());
        assertTrue(most.get() < size / 100 / 2, most + " of " + size / 100 + " marked sequences alive at once");
    }

    @Test
    void anEpochThatIsEndedOrFailsClosesTheStreamAndCanBeginAgain() {
        var closed = new AtomicInteger();
        List<Sequence> sequences = ragged(Target.LABEL);
        Dataset data = Dataset.stream(() -> sequences.stream().onClose(closed::incrementAndGet));
        try (Network network = Target.LABEL.network(Backend.REFERENCE, Precision.FLOAT32);
                var batches = Batches.inference(network, data, 2)) {
            assertFalse(batches.epoch(0, (_, _) -> false));
            assertEquals(1, closed.get());
            var failure = new IllegalStateException("enough");
            assertThrows(IllegalStateException.class, () -> batches.epoch(0, (_, _) -> {
                throw failure;
            }));
            assertEquals(2, closed.get());
            var count = new AtomicInteger();
            assertTrue(batches.epoch(0, (_, _) -> count.incrementAndGet() > 0));
            assertEquals(6, count.get());
            assertEquals(3, closed.get());
        }
    }

    @Test
    void anEpochOverArraysAllocatesNextToNothingPerBatch() {
        var bean = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var random = new SeededRandom(2);
        Dataset data = Dataset.sequences(
                IntStream.range(0, 1000).mapToObj(i -> Target.STEP_VALUES.sequence(1 + i % 20, random)).toList());
        try (Network network = Target.STEP_VALUES.network(Backend.REFERENCE, Precision.FLOAT32);
                var batches = Batches.training(network, data, 2)) {
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 60; round++) {
                long before = bean.getCurrentThreadAllocatedBytes();
                batches.epoch(round, (_, _) -> true);
                least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
            }
            assertTrue(least / 500 < 64, least / 500 + " bytes per batch of 500"); // there is none that grows
        }
    }
}
