package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.network.Dataset;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkHead;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Predicts one unit of a line from all the others, those before it and those behind it: a vocabulary of V tokens, and a
 * network with bidirectional layers that reads a token more, V, where the unit is missing.
 *
 * <pre>{@code
 * List<String> lines = Files.readAllLines(Path.of("lines.txt"));
 * Vocabulary vocabulary = Vocabulary.words(String.join("\n", lines), WordOptions.defaults());
 * int size = vocabulary.size();
 * Layer both = Layer.of(Lstm.of(64)).bidirectional();
 * try (var gaps = new GapModel(vocabulary,
 *         Network.embedding(size + 1, 64).layer(both).layer(both).classes(size).build())) {
 *     Trainer.builder(gaps.network()).optimizer(Adam.of(2e-3)).batchSize(32).build()
 *             .fit(GapModel.examples(vocabulary, lines, 8, 1), Epochs.of(20));
 *     List<TokenScore> best = gaps.fill("the ___ sat", 5);
 * }
 * }</pre>
 *
 * <p>Of one bidirectional layer the two sides add up their logits, each knowing nothing of the other; with a second
 * one, what a side says may depend on the other.
 *
 * <p>One pass gives the probabilities of all units at the gap. {@link LanguageModel#fill} needs a pass for each
 * candidate instead, but no network of its own, and its candidates may be longer than a unit. One thread at a time.
 */
public final class GapModel implements AutoCloseable {
    private static final String MARK = "gapModel";
    private static final int VERSION = 1;

    private final Vocabulary vocabulary;
    private final Network network;

    /**
     * A model of a vocabulary and a network, learned or about to be.
     *
     * @param vocabulary of V tokens
     * @param network one-hot or embedded tokens in, V + 1 of them, V classes at each step out, a layer of it
     *     bidirectional; belongs to the model from now on
     * @throws IllegalArgumentException if it is not so
     */
    public GapModel(Vocabulary vocabulary, Network network) {
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        Objects.requireNonNull(network, "network: expected one, got null");
        int reads = network.description().input().vocabularySize();
        int size = vocabulary.size();
        if (reads != size + 1 || !network.description().head().equals(NetworkHead.classes(size))) {
            throw new IllegalArgumentException("network: expected one that reads " + (size + 1)
                    + " tokens and predicts " + size + " classes at each step, got " + reads + " and "
                    + network.description().head());
        }
        if (network.description().layers().stream().noneMatch(layer -> layer.directions() > 1)) {
            throw new IllegalArgumentException("network: expected a bidirectional layer, got none: it would not know"
                    + " what stands behind a gap");
        }
        this.vocabulary = vocabulary;
        this.network = network;
    }

    /**
     * {@return examples to learn from: lines with one gap each, at a random place}
     *
     * @param vocabulary of V tokens; those that read them know V + 1
     * @param lines any number; empty ones have none
     * @param perLine how many of each line, at least 1, at different places; of shorter lines one for each unit
     * @param seed of the places
     * @throws IllegalArgumentException if {@code perLine} is less, or there is no unit in any line
     * @throws UnknownCharacterException if the vocabulary is of characters and lacks one
     */
    public static Dataset examples(Vocabulary vocabulary, List<String> lines, int perLine, long seed) {
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        LanguageModel.require("lines", lines);
        if (perLine < 1) {
            throw new IllegalArgumentException("perLine: expected at least 1, got " + perLine);
        }
        var random = new SeededRandom(seed);
        List<Example> examples = lines.stream()
                .flatMap(line -> examples(vocabulary, vocabulary.encode(line), perLine, random)).toList();
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("lines: expected one that is not empty, got none");
        }
        return Dataset.tokens(examples.stream().map(Example::tokens).toList())
                .stepLabels(examples.stream().map(Example::targets).toList());
    }

    /** A line with a gap [T], and what is there [T]: {@link SequenceBatch#IGNORED} elsewhere. */
    record Example(int[] tokens, int[] targets) {}

    static Stream<Example> examples(Vocabulary vocabulary, int[] line, int most, SeededRandom random) {
        int[] places = IntStream.range(0, line.length).toArray();
        for (int i = 0; i < Math.min(most, places.length); i++) {
            int other = random.nextInt(i, places.length);
            int place = places[other];
            places[other] = places[i];
            places[i] = place;
        }
        return Arrays.stream(places).limit(most).mapToObj(place -> {
            int[] tokens = withGap(vocabulary, Arrays.copyOf(line, place),
                    Arrays.copyOfRange(line, place + 1, line.length));
            var targets = new int[tokens.length];
            Arrays.fill(targets, SequenceBatch.IGNORED);
            targets[gap(vocabulary, place)] = line[place];
            return new Example(tokens, targets);
        });
    }

    /** {@return a line as it is read: between ends of lines, where the vocabulary has one} */
    private static int[] withGap(Vocabulary vocabulary, int[] before, int[] after) {
        IntStream end = vocabulary.lineStart().stream();
        IntStream front = IntStream.concat(end, IntStream.of(before));
        IntStream back = IntStream.concat(IntStream.of(after), vocabulary.lineStart().stream());
        return IntStream.concat(IntStream.concat(front, IntStream.of(vocabulary.size())), back).toArray();
    }

    private static int gap(Vocabulary vocabulary, int place) {
        return place + (vocabulary.lineStart().isPresent() ? 1 : 0);
    }

    /**
     * {@return the likeliest units at the gap of a line, the likeliest first}
     *
     * @param line with one gap, {@value LanguageModel#GAP}, in place of one unit
     * @param most how many to return, at least 1
     * @throws IllegalArgumentException if the line has no gap or several, or {@code most} is less
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<TokenScore> fill(String line, int most) {
        Gap gap = Gap.of(line);
        if (most < 1) {
            throw new IllegalArgumentException("most: expected at least 1, got " + most);
        }
        int[] before = vocabulary.encode(gap.before());
        int[] tokens = withGap(vocabulary, before, vocabulary.encode(gap.after()));
        float[] logits = network.predict(Dataset.tokens(List.of(tokens))).getFirst()[gap(vocabulary, before.length)];
        double normalizer = LogSoftmax.normalizer(logits);
        return IntStream.range(0, logits.length).boxed()
                .sorted(Comparator.comparingDouble(token -> -logits[token])).limit(most)
                .map(token -> TokenScore.of(vocabulary, token, normalizer - logits[token])).toList();
    }

    /** {@return the units that the model knows} */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** {@return the network} */
    public Network network() {
        return network;
    }

    /**
     * Writes the model to a file.
     *
     * @param file replaced at once or not at all; its directory has to be there
     * @throws IOException if it cannot be written
     * @throws IllegalStateException if the model is closed
     */
    public void save(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected one, got null");
        Checkpoint.builder().ints(MARK, VERSION).add(vocabulary::write).add(network::write).write(file);
    }

    /**
     * {@return whether a file is one that {@link #save} wrote}
     *
     * @param file may be a directory, which is none
     * @throws IOException if it cannot be read
     */
    public static boolean isIn(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected one, got null");
        return Files.isRegularFile(file) && Checkpoint.read(file).has(MARK);
    }

    /**
     * {@return the model in a file, to be closed}
     *
     * @param file that {@link #save} wrote
     * @param options as {@link Network#load(Path, UnaryOperator)}
     * @throws IOException if the file cannot be read, is damaged or holds no such model
     * @throws UnsupportedOperationException if the backend is not available here, with the reason
     */
    public static GapModel load(Path file, UnaryOperator<Network.Builder> options) throws IOException {
        Objects.requireNonNull(file, "file: expected one, got null");
        Objects.requireNonNull(options, "options: expected a function, got null");
        Checkpoint checkpoint = Checkpoint.read(file);
        Vocabulary vocabulary = Vocabulary.read(checkpoint);
        Network network = Network.read(checkpoint, options);
        try {
            return new GapModel(vocabulary, network);
        } catch (IllegalArgumentException e) {
            network.close();
            throw checkpoint.damaged(VocabularySections.CODE_POINTS, e);
        }
    }

    /** Frees the network. Closing twice is harmless. */
    @Override
    public void close() {
        network.close();
    }
}
