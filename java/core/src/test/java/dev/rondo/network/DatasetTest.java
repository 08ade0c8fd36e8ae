package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.memory.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a data set is made of, and in which order an epoch takes its sequences. */
class DatasetTest {
    /** Sequence i is the one token i. */
    private static Dataset numbered(int size) {
        return Dataset.tokens(IntStream.range(0, size).mapToObj(i -> new int[] {i}).toList());
    }

    private static Dataset streamed(int size) {
        return Dataset.stream(() -> IntStream.range(0, size).mapToObj(Sequence::tokens));
    }

    private static int[] order(Dataset data, int epoch) {
        var order = new ArrayList<Integer>();
        try (SequenceCursor cursor = SequenceCursor.of(data, epoch)) {
            for (Sequence next = cursor.next(); next != null; next = cursor.next()) {
                order.add(next.token(0));
            }
        }
        return order.stream().mapToInt(i -> i).toArray();
    }

    private static int[] sorted(int[] order) {
        return Arrays.stream(order).sorted().toArray();
    }

    private static int[] upTo(int size) {
        return IntStream.range(0, size).toArray();
    }

    @Test
    void withoutShufflingTheOrderIsTheGivenOne() {
        assertArrayEquals(upTo(37), order(numbered(37), 3));
        assertArrayEquals(upTo(37), order(streamed(37), 3));
        assertArrayEquals(new int[0], order(numbered(0), 0));
        assertArrayEquals(new int[0], order(streamed(0), 0));
    }

    @Test
    void eachEpochHasAnOrderOfItsOwnThatTheSeedRepeats() {
        for (Dataset data : List.of(numbered(200), streamed(200).shuffle(0, 10), streamed(200))) {
            int[] first = order(data.shuffle(5), 0);
            assertArrayEquals(upTo(200), sorted(first));
            assertArrayEquals(first, order(data.shuffle(5), 0));
            int[] second = order(data.shuffle(5), 1);
            assertArrayEquals(upTo(200), sorted(second));
            assertNotEquals(Arrays.toString(first), Arrays.toString(second));
            assertNotEquals(Arrays.toString(first), Arrays.toString(order(data.shuffle(6), 0)));
        }
    }

    /** Of the 6 orders of 3 sequences each comes as often as another: chi-square with 5 degrees of freedom. */
    @Test
    void everyOrderIsAsLikely() {
        Dataset data = numbered(3);
        int rounds = 6000;
        var counts = new int[27];
        for (int epoch = 0; epoch < rounds; epoch++) {
            int[] order = order(data.shuffle(9), epoch);
            counts[9 * order[0] + 3 * order[1] + order[2]]++;
        }
        double chiSquare = 0;
        for (int count : Arrays.stream(counts).filter(count -> count > 0).toArray()) {
            chiSquare += Math.pow(count - rounds / 6.0, 2) / (rounds / 6.0);
        }
        assertEquals(6, Arrays.stream(counts).filter(count -> count > 0).count());
        assertTrue(chiSquare < 20.5, "99.9 % of fair draws are below 20.5, this is " + chiSquare); // the seed is fixed
    }

    /** A sequence of a stream leaves the buffer of n after at least the n-th was read: none comes more than n early. */
    @Test
    void aStreamIsShuffledWithinItsBuffer() {
        int[] order = order(streamed(1000).shuffle(3, 20), 0);
        for (int i = 0; i < order.length; i++) {
            assertTrue(order[i] < i + 20, "sequence " + order[i] + " as number " + i);
        }
        assertTrue(IntStream.range(0, 1000).anyMatch(i -> order[i] > i + 10), "hardly shuffled");
    }

    @Test
    void splitIsOfWholeSequencesEachInOnePart() {
        for (int size : new int[] {2, 3, 37, 200}) {
            Dataset.Split split = numbered(size).split(0.25, 4);
            int[] training = order(split.training(), 0);
            int[] validation = order(split.validation(), 0);
            assertEquals(Math.max(1, Math.round(0.25 * size)), validation.length);
            assertArrayEquals(training, sorted(training));
            assertArrayEquals(validation, sorted(validation));
            assertArrayEquals(upTo(size), sorted(
                    IntStream.concat(Arrays.stream(training), Arrays.stream(validation)).toArray()));
            assertArrayEquals(validation, order(numbered(size).split(0.25, 4).validation(), 0));
        }
        assertEquals(1, numbered(2).split(0.99, 1).training().size());
        assertNotEquals(Arrays.toString(order(numbered(200).split(0.25, 4).validation(), 0)),
                Arrays.toString(order(numbered(200).split(0.25, 5).validation(), 0)));
    }

    @Test
    void aStreamIsSplitByDrawingEachSequence() {
        Dataset.Split split = streamed(10_000).split(0.25, 4);
        int[] training = order(split.training(), 0);
        int[] validation = order(split.validation(), 7);
        assertArrayEquals(upTo(10_000), sorted(
                IntStream.concat(Arrays.stream(training), Arrays.stream(validation)).toArray()));
        // The deviation of 10,000 draws is sqrt(10,000 * 0.25 * 0.75) = 43.
        assertEquals(2500, validation.length, 4 * 43);
        assertArrayEquals(validation, order(split.validation(), 0));
    }

    @Test
    void nullIsNamedHoweverDeepItLies() {
        var rows = new float[][][] {{{1}}, {{1}, null}};
        assertEquals("sequences[1]: rows[1]: expected numbers, got null", assertThrows(
                NullPointerException.class, () -> Dataset.of(List.of(rows))).getMessage());
        Dataset data = Dataset.tokens(List.of(new int[1], new int[2]));
        assertEquals("sequences[1]: numbers[1]: expected those of a step, got null", assertThrows(
                NullPointerException.class, () -> data.stepValues(List.of(rows))).getMessage());
        assertEquals("sequences[1]: expected tokens, got null", assertThrows(
                NullPointerException.class, () -> Dataset.tokens(Arrays.asList(new int[1], null))).getMessage());
    }

    @Test
    void splitRefusesWhatCannotBeSplit() {
        assertEquals("split: expected at least 2 sequences, got 1", message(() -> numbered(1).split(0.5, 1)));
        assertEquals("split: expected at least 2 sequences, got 0", message(() -> numbered(0).split(0.5, 1)));
        for (double fraction : new double[] {0, 1, -1, Double.NaN}) {
            assertTrue(message(() -> numbered(9).split(fraction, 1)).startsWith("fraction: expected"));
        }
    }

    @Test
    void arraysSegmentsAndListsGiveTheSameSequences() {
        var rows = List.of(new float[][] {{1, 2}, {3, 4}, {5, 6}}, new float[0][], new float[][] {{7, 8}});
        float[] flat = {1, 2, 3, 4, 5, 6, 7, 8};
        int[] lengths = {3, 0, 1};
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(8 * Double.BYTES + 1).asSlice(1); // at any address, as in a file
            for (int i = 0; i < flat.length; i++) {
                odd.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, (long) i * Double.BYTES, flat[i]);
            }
            for (Dataset data : List.of(Dataset.of(rows), Dataset.of(flat, lengths, 2),
                    Dataset.of(odd, Precision.FLOAT64, lengths, 2))) {
                assertEquals(3, data.size());
                for (Precision precision : Precision.values()) {
                    assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, numbers(data.get(0), precision));
                    assertArrayEquals(new double[0], numbers(data.get(1), precision));
                    assertArrayEquals(new double[] {7, 8}, numbers(data.get(2), precision));
                }
            }
        }
        Dataset tokens = Dataset.tokens(new int[] {4, 5, 6}, new int[] {1, 0, 2});
        assertEquals(List.of(1, 0, 2), IntStream.range(0, 3).mapToObj(i -> tokens.get(i).length()).toList());
        assertEquals(6, tokens.get(2).token(1));
    }

    private static double[] numbers(Sequence sequence, Precision precision) {
        var numbers = new double[sequence.length() * sequence.inputSize()];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate((long) numbers.length * precision.bytes() + precision.bytes(), 8);
            for (int t = 0; t < sequence.length(); t++) {
                sequence.rows().copy(t, to, (long) t * sequence.inputSize(), precision);
            }
            precision.read(to, 0, numbers, numbers.length);
        }
        return numbers;
    }

    @Test
    void whatDoesNotFitIsNamed() {
        float[][] two = {{1, 2}};
        float[][] three = {{1, 2, 3}};
        assertEquals("sequences[1]: expected 2 numbers per step, as those before have, got 3",
                message(() -> Dataset.of(List.of(two, three))));
        assertEquals("sequences[0]: rows[1]: expected 2 numbers, as the first row has, got 1",
                message(() -> Dataset.of(List.<float[][]>of(new float[][] {{1, 2}, {3}}))));
        assertEquals("sequences[0]: rows[0]: expected at least 1 number, got 0",
                message(() -> Dataset.of(List.<float[][]>of(new float[][] {{}}))));
        assertEquals("labels: expected 1, one per sequence, got 2",
                message(() -> Dataset.of(List.<float[][]>of(two), new int[2])));
        assertEquals("sequences[0]: targets: expected 1, one per step, got 2",
                message(() -> numbered(1).stepLabels(List.of(new int[2]))));
        assertEquals("values: expected at least 24 bytes for lengths[0] to lengths[1], got 16",
                message(() -> Dataset.of(new float[4], new int[] {1, 2}, 2)));
        assertEquals("values: expected 8 bytes, as the lengths say, got 16",
                message(() -> Dataset.of(new float[4], new int[] {1, 0}, 2)));
        assertEquals("lengths[0]: expected at least 0, got -1",
                message(() -> Dataset.tokens(new int[4], new int[] {-1, 5})));
        assertEquals("counting: expected a row of marks for each row of target numbers, 1, got 2",
                message(() -> Sequence.tokens(1).values(1, 2).counting(new boolean[2][2])));
        assertEquals("counting: expected 1 or 2 marks in a row, got 3",
                message(() -> Sequence.tokens(1).values(1, 2).counting(new boolean[1][3])));
        assertThrows(UnsupportedOperationException.class, () -> streamed(3).labels(new int[3]));
        assertThrows(UnsupportedOperationException.class, () -> streamed(3).size());
    }

    @Test
    void aSequenceThatIsNotThereIsNamed() {
        for (int index : new int[] {-1, 2}) {
            assertEquals("index: expected 0 to 1, got " + index,
                    assertThrows(IndexOutOfBoundsException.class, () -> numbered(2).get(index)).getMessage());
        }
        assertEquals("index: expected none, for there is nothing, got 0", assertThrows(
                IndexOutOfBoundsException.class, () -> Dataset.sequences(List.of()).get(0)).getMessage());
    }

    @Test
    void aStreamIsOpenedForEachEpochAndClosedAfterIt() {
        var opened = new AtomicInteger();
        var closed = new AtomicInteger();
        Dataset data = Dataset.stream(() -> {
            opened.incrementAndGet();
            return Stream.of(Sequence.tokens(1), Sequence.tokens(2)).onClose(closed::incrementAndGet);
        });
        for (int epoch = 0; epoch < 3; epoch++) {
            assertArrayEquals(new int[] {1, 2}, order(data, epoch));
            assertEquals(epoch + 1, opened.get());
            assertEquals(epoch + 1, closed.get());
        }
        order(data.split(0.5, 1).training(), 0);
        assertEquals(4, closed.get());
    }

    @Test
    void whatAStreamThrowsArrivesAsItIs() {
        var failure = new IllegalStateException("line 7 is damaged");
        var closed = new AtomicInteger();
        Dataset failing = Dataset.stream(() -> IntStream.range(0, 10).mapToObj(i -> {
            if (i == 7) {
                throw failure;
            }
            return Sequence.tokens(i);
        }).onClose(closed::incrementAndGet));
        assertSame(failure, assertThrows(IllegalStateException.class, () -> order(failing, 0)));
        assertEquals(1, closed.get());
        var missing = new IOException("no such file");
        var thrown = assertThrows(UncheckedIOException.class, () -> order(Dataset.stream(() -> {
            throw missing;
        }), 0));
        assertSame(missing, thrown.getCause());
        assertEquals("data set: cannot open: no such file", thrown.getMessage());
        assertEquals("stream: expected sequences, got null",
                message(() -> order(Dataset.stream(() -> Stream.of((Sequence) null)), 0)));
    }

    private static String message(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }
}
