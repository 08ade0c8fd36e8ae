package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sequences of any lengths with their targets, to train and to evaluate with; in memory, or read anew for each epoch.
 *
 * <pre>{@code
 * Dataset.Split split = Dataset.of(sequences, labels).split(0.1, 7);       // List<float[][]>, int[]
 * trainer.fit(split.training().shuffle(1).bucketed(), split.validation(), Epochs.of(20));
 * }</pre>
 *
 * <p>A data set is a value and a view: each method returns another, nothing is copied, and what it was made of must not
 * change while it is in use. In which order an epoch takes the sequences:
 *
 * <ul>
 *   <li>as given, unless {@link #shuffle shuffled}: then in an order drawn anew for each epoch from the seed and the
 *       number of the epoch alone, so that it can be repeated;
 *   <li>cut into batches in that order, the last one smaller if need be, unless {@link #bucketed() bucketed}: then the
 *       sequences of each {@value #POOL} batches in a row are sorted by length before they are cut, so that a batch
 *       holds sequences of about one length, and little of it is padding. The batches of those {@value #POOL} come in
 *       drawn order if the data set is shuffled, else the shortest first.
 * </ul>
 *
 * <p>A sequence of no steps is a sequence: a head that reads the last step reads the zero state, one that reads each
 * step finds nothing to count. A data set without sequences can be made; to train or evaluate with it is an error.
 */
public final class Dataset {
    /** How many batches' sequences are sorted by length together. */
    public static final int POOL = 32;

    /** How many sequences of a stream are drawn from if nothing else is said. */
    public static final int SHUFFLE_BUFFER = 1024;

    private final List<Sequence> sequences; // null for a stream
    private final Source source; // null in memory
    private final Order order;

    /**
     * In which order an epoch takes the sequences.
     *
     * @param seed null = as given
     * @param buffer of a stream
     */
    record Order(Long seed, int buffer, boolean bucketed) {}

    /**
     * Opens a stream of sequences, from the first on: called for each epoch, and the stream is closed after it,
     * whether it ended or failed. Sequences are pulled one at a time and few of them kept, so a stream may be longer
     * than memory. A sequence must be new each time, not an array that is written over.
     */
    @FunctionalInterface
    public interface Source {
        /**
         * {@return the sequences}
         *
         * @throws IOException if they cannot be opened; whoever wanted them gets it as {@link UncheckedIOException}
         */
        Stream<Sequence> open() throws IOException;
    }

    /**
     * Two parts of a data set.
     *
     * @param training what to train with
     * @param validation what to evaluate with
     */
    public record Split(Dataset training, Dataset validation) {
        /** Checks its arguments. */
        public Split {
            Objects.requireNonNull(training, "training: expected a data set, got null");
            Objects.requireNonNull(validation, "validation: expected a data set, got null");
        }
    }

    private Dataset(List<Sequence> sequences, Source source, Order order) {
        this.sequences = sequences;
        this.source = source;
        this.order = order;
    }

    /**
     * {@return a data set of sequences, with the targets that they have}
     *
     * @param sequences any number, also none
     */
    public static Dataset sequences(List<Sequence> sequences) {
        List<Sequence> copy = Elements.copyOf("sequences", "a sequence", sequences);
        return new Dataset(copy, null, new Order(null, SHUFFLE_BUFFER, false));
    }

    /**
     * {@return a data set of sequences that are read anew for each epoch}
     *
     * @param source opens them
     */
    public static Dataset stream(Source source) {
        Objects.requireNonNull(source, "source: expected one, got null");
        return new Dataset(null, source, new Order(null, SHUFFLE_BUFFER, false));
    }

    /**
     * {@return sequences of numbers, without targets yet}
     *
     * @param sequences each [T][I], with a T of its own
     * @throws IllegalArgumentException if the rows of a sequence are not of one width, or sequences differ in width
     */
    public static Dataset of(List<float[][]> sequences) {
        Elements.present("sequences", "rows of numbers", sequences);
        var made = new ArrayList<Sequence>(sequences.size());
        int inputSize = 0;
        for (float[][] rows : sequences) {
            Sequence sequence = named(made.size(), () -> Sequence.of(rows));
            if (inputSize != 0 && sequence.inputSize() != 0 && sequence.inputSize() != inputSize) {
                throw new IllegalArgumentException("sequences[" + made.size() + "]: expected " + inputSize
                        + " numbers per step, as those before have, got " + sequence.inputSize());
            }
            inputSize = Math.max(inputSize, sequence.inputSize());
            made.add(sequence);
        }
        return sequences(made);
    }

    /**
     * {@return sequences of numbers with one class each}: {@code of(sequences).labels(labels)}
     *
     * @param sequences each [T][I], with a T of its own
     * @param labels one class per sequence, or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException as these two do
     */
    public static Dataset of(List<float[][]> sequences, int[] labels) {
        Objects.requireNonNull(labels, "labels: expected classes, got null");
        return of(sequences).labels(labels);
    }

    /**
     * {@return sequences of numbers, without targets yet}
     *
     * @param values the sequences, each [T, I], one behind the other
     * @param lengths T of each sequence, at least 0
     * @param inputSize I, at least 1
     * @throws IllegalArgumentException if the lengths do not add up to {@code values.length / inputSize}, one is
     *     negative, or {@code inputSize} is below 1
     */
    public static Dataset of(float[] values, int[] lengths, int inputSize) {
        Objects.requireNonNull(values, "values: expected numbers, got null");
        return of(MemorySegment.ofArray(values), Precision.FLOAT32, lengths, inputSize);
    }

    /**
     * {@return sequences of numbers, without targets yet. They stay where they are, such as in a mapped file; the
     * memory must be open while the data set is in use}
     *
     * @param values the sequences, each [T, I], one behind the other
     * @param precision the type of the values
     * @param lengths T of each sequence, at least 0
     * @param inputSize I, at least 1
     * @throws IllegalArgumentException if the lengths do not add up to the numbers that there are, one is negative, or
     *     {@code inputSize} is below 1
     */
    public static Dataset of(MemorySegment values, Precision precision, int[] lengths, int inputSize) {
        Objects.requireNonNull(precision, "precision: expected that of the values, got null");
        CellShape.atLeastOne("inputSize", inputSize);
        return sequences(cut("values", values, lengths, (long) inputSize * precision.bytes())
                .map(part -> Sequence.of(part, precision, inputSize))
                .toList());
    }

    /**
     * {@return sequences of tokens, without targets yet}
     *
     * @param sequences each [T], with a T of its own
     */
    public static Dataset tokens(List<int[]> sequences) {
        Elements.present("sequences", "tokens", sequences);
        return sequences(sequences.stream().map(Sequence::tokens).toList());
    }

    /**
     * {@return sequences of tokens with one class each}: {@code tokens(sequences).labels(labels)}
     *
     * @param sequences each [T], with a T of its own
     * @param labels one class per sequence, or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException if there are not as many labels as sequences
     */
    public static Dataset tokens(List<int[]> sequences, int[] labels) {
        Objects.requireNonNull(labels, "labels: expected classes, got null");
        return tokens(sequences).labels(labels);
    }

    /**
     * {@return sequences of tokens, without targets yet}
     *
     * @param ids the sequences, each [T], one behind the other
     * @param lengths T of each sequence, at least 0
     * @throws IllegalArgumentException if the lengths do not add up to {@code ids.length}, or one is negative
     */
    public static Dataset tokens(int[] ids, int[] lengths) {
        Objects.requireNonNull(ids, "ids: expected tokens, got null");
        return tokens(MemorySegment.ofArray(ids), lengths);
    }

    /**
     * {@return sequences of tokens, without targets yet. They stay where they are; the memory must be open while the
     * data set is in use}
     *
     * @param ids the sequences, each int32 [T], one behind the other
     * @param lengths T of each sequence, at least 0
     * @throws IllegalArgumentException if the lengths do not add up to the tokens that there are, or one is negative
     */
    public static Dataset tokens(MemorySegment ids, int[] lengths) {
        return sequences(cut("ids", ids, lengths, Integer.BYTES).map(Sequence::tokens).toList());
    }

    /**
     * {@return this data set with one class per sequence}
     *
     * @param classes [sequences], each a class or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException if there are not as many as sequences
     * @throws UnsupportedOperationException for a stream
     */
    public Dataset labels(int[] classes) {
        Objects.requireNonNull(classes, "classes: expected one per sequence, got null");
        return withTargets("labels", classes.length, (sequence, i) -> sequence.label(classes[i]));
    }

    /**
     * {@return this data set with a class per step}
     *
     * @param classes for each sequence [T], each a class or {@link SequenceBatch#IGNORED}
     * @throws IllegalArgumentException if there are not as many arrays as sequences, or numbers in one as steps
     * @throws UnsupportedOperationException for a stream
     */
    public Dataset stepLabels(List<int[]> classes) {
        Elements.present("classes", "one per step", classes);
        return withTargets("stepLabels", classes.size(), (sequence, i) -> sequence.stepLabels(classes.get(i)));
    }

    /**
     * {@return this data set with O numbers per sequence}
     *
     * @param numbers [sequences][O]
     * @throws IllegalArgumentException if there are not as many rows as sequences
     * @throws UnsupportedOperationException for a stream
     */
    public Dataset values(float[][] numbers) {
        Elements.present("numbers", "those of a sequence", numbers);
        return withTargets("values", numbers.length, (sequence, i) -> sequence.values(numbers[i]));
    }

    /**
     * {@return this data set with O numbers per step}
     *
     * @param numbers for each sequence [T][O]
     * @throws IllegalArgumentException if there are not as many arrays as sequences, or rows in one as steps
     * @throws UnsupportedOperationException for a stream
     */
    public Dataset stepValues(List<float[][]> numbers) {
        Elements.present("numbers", "a row per step", numbers);
        return withTargets("stepValues", numbers.size(), (sequence, i) -> sequence.stepValues(numbers.get(i)));
    }

    /**
     * {@return this data set in an order drawn for each epoch. In memory each order is as likely as any other; of a
     * stream the next sequence is drawn from the {@value #SHUFFLE_BUFFER} that were read last and not yet taken}
     *
     * @param seed of the orders: any number
     */
    public Dataset shuffle(long seed) {
        return shuffle(seed, order.buffer);
    }

    /**
     * {@return this data set in an order drawn for each epoch}
     *
     * @param seed of the orders: any number
     * @param buffer how many sequences of a stream to draw from, at least 1; in memory it is drawn from all
     * @throws IllegalArgumentException if it is below 1
     */
    public Dataset shuffle(long seed, int buffer) {
        return new Dataset(
                sequences, source, new Order(seed, CellShape.atLeastOne("buffer", buffer), order.bucketed));
    }

    /**
     * {@return this data set in batches of about one length each, as said above; of a stream, {@value #POOL} batches
     * are kept in memory}
     */
    public Dataset bucketed() {
        return new Dataset(sequences, source, new Order(order.seed, order.buffer, true));
    }

    /**
     * {@return two parts of this data set, of whole sequences, in the order that they have here}: in memory
     * {@code round(fraction * size)} of them, at least one and not all, drawn by the seed, are for validation; of a
     * stream each is with a chance of {@code fraction}, drawn from seed and position, so both parts read the whole
     * stream
     *
     * @param fraction for validation, above 0 and below 1
     * @param seed of the draw: any number
     * @throws IllegalArgumentException if it is not, or there are fewer than 2 sequences
     */
    public Split split(double fraction, long seed) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("fraction: expected a number above 0 and below 1, got " + fraction);
        }
        return sequences != null ? splitList(fraction, seed)
                : new Split(part(fraction, seed, false), part(fraction, seed, true));
    }

    private Split splitList(double fraction, long seed) {
        int size = sequences.size();
        if (size < 2) {
            throw new IllegalArgumentException("split: expected at least 2 sequences, got " + size);
        }
        long count = Math.clamp(Math.round(fraction * size), 1, size - 1);
        int[] drawn = IntStream.range(0, size).toArray();
        new Draw(seed, 0).shuffle(drawn, size);
        var validates = new boolean[size];
        for (int i = 0; i < count; i++) {
            validates[drawn[i]] = true;
        }
        var training = new ArrayList<Sequence>();
        var validation = new ArrayList<Sequence>();
        for (int i = 0; i < size; i++) {
            (validates[i] ? validation : training).add(sequences.get(i));
        }
        return new Split(new Dataset(training, null, order), new Dataset(validation, null, order));
    }

    private Dataset part(double fraction, long seed, boolean validation) {
        return new Dataset(null, () -> {
            var draw = new Draw(seed, 0);
            return source.open().sequential().filter(_ -> draw.chance(fraction) == validation);
        }, order);
    }

    /** {@return whether the sequences are in memory, not a stream} */
    public boolean inMemory() {
        return sequences != null;
    }

    /**
     * {@return how many sequences there are}
     *
     * @throws UnsupportedOperationException for a stream, which is as long as it turns out to be
     */
    public int size() {
        return list("size").size();
    }

    /**
     * {@return one sequence}
     *
     * @param index from 0, in the order given
     * @throws IndexOutOfBoundsException if there is no such sequence
     * @throws UnsupportedOperationException for a stream
     */
    public Sequence get(int index) {
        List<Sequence> list = list("get");
        return list.get(Elements.checkIndex("index", index, list.size()));
    }

    /** {@return this data set, its sequences as given but for the sorting by length} */
    Dataset forPredicting() {
        return new Dataset(sequences, source, new Order(null, order.buffer, true));
    }

    Order order() {
        return order;
    }

    /** {@return what {@code sequence} is called in messages} */
    String name(Sequence sequence) {
        for (int i = 0; sequences != null && i < sequences.size(); i++) {
            if (sequences.get(i) == sequence) {
                return "sequences[" + i + "]";
            }
        }
        return "a sequence of the stream";
    }

    /** {@return the stream, opened} */
    Stream<Sequence> open() {
        try {
            return source.open();
        } catch (IOException e) {
            throw new UncheckedIOException("data set: cannot open: " + e.getMessage(), e);
        }
    }

    private List<Sequence> list(String what) {
        if (sequences == null) {
            throw new UnsupportedOperationException(what
                    + ": expected sequences in memory, got a stream, whose sequences have their own targets and end");
        }
        return sequences;
    }

    private Dataset withTargets(String name, int count, BiFunction<Sequence, Integer, Sequence> target) {
        int size = list(name).size();
        if (count != size) {
            throw new IllegalArgumentException(name + ": expected " + size + ", one per sequence, got " + count);
        }
        var made = new ArrayList<Sequence>(size);
        for (int i = 0; i < size; i++) {
            int index = i;
            made.add(named(index, () -> target.apply(sequences.get(index), index)));
        }
        return new Dataset(List.copyOf(made), null, order);
    }

    private static Sequence named(int index, Supplier<Sequence> maker) {
        try {
            return maker.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("sequences[" + index + "]: " + e.getMessage(), e);
        } catch (NullPointerException e) {
            var named = new NullPointerException("sequences[" + index + "]: " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    private static Stream<MemorySegment> cut(String name, MemorySegment segment, int[] lengths, long rowBytes) {
        Objects.requireNonNull(segment, () -> name + ": expected memory, got null");
        Objects.requireNonNull(lengths, "lengths: expected one per sequence, got null");
        long total = 0;
        var parts = new ArrayList<MemorySegment>(lengths.length);
        for (int i = 0; i < lengths.length; i++) {
            if (lengths[i] < 0) {
                throw new IllegalArgumentException("lengths[" + i + "]: expected at least 0, got " + lengths[i]);
            }
            long bytes = lengths[i] * rowBytes;
            if (total + bytes > segment.byteSize()) {
                throw new IllegalArgumentException(name + ": expected at least " + (total + bytes)
                        + " bytes for lengths[0] to lengths[" + i + "], got " + segment.byteSize());
            }
            parts.add(segment.asSlice(total, bytes));
            total += bytes;
        }
        if (total != segment.byteSize()) {
            throw new IllegalArgumentException(
                    name + ": expected " + total + " bytes, as the lengths say, got " + segment.byteSize());
        }
        return parts.stream();
    }
}
