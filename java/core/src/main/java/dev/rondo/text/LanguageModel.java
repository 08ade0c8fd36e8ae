package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkHead;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A language model: a vocabulary of characters, bytes, words or sub-words, and a network that predicts each of them
 * from those before it.
 *
 * <pre>{@code
 * try (var model = LanguageModel.load(path)) {
 *     double nats = model.score("The quick brown fox").nats();
 *     model.generate("To be", Sampling.defaults().temperature(0.8).seed(7), 400, System.out::print);
 * }
 * }</pre>
 *
 * <p>The first of a line is predicted from the end of a line before it, as in the texts that models learn from; a model
 * whose vocabulary has none, since its text had but one line, does not predict it. One thread at a time.
 */
public final class LanguageModel implements AutoCloseable {
    /** What stands for the gap in a line to {@linkplain #fill fill}. */
    public static final String GAP = "___";

    private final Vocabulary vocabulary;
    private final Network network;
    private final LineScoring lines;
    private StreamScorer textScorer; // made on first use

    /**
     * A model of a vocabulary and a network.
     *
     * @param vocabulary of V tokens
     * @param network one-hot or embedded tokens in, V classes at each step out; belongs to the model from now on
     * @throws IllegalArgumentException if it is not so
     */
    public LanguageModel(Vocabulary vocabulary, Network network) {
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        Objects.requireNonNull(network, "network: expected one, got null");
        int reads = network.description().input().vocabularySize();
        if (reads != vocabulary.size() || network.outputSize() != vocabulary.size()) {
            throw new IllegalArgumentException("network: expected one that reads and predicts " + vocabulary.size()
                    + " tokens, got " + reads + " and " + network.outputSize());
        }
        if (!network.description().head().classesAtEachStep()) {
            throw new IllegalArgumentException(
                    "network: expected classes at each step, got " + network.description().head());
        }
        if (network.description().layers().stream().anyMatch(layer -> layer.directions() > 1)) {
            throw new IllegalArgumentException("network: expected layers that run forwards, got a bidirectional one,"
                    + " which knows what is to be predicted");
        }
        this.vocabulary = vocabulary;
        this.network = network;
        this.lines = new LineScoring(vocabulary, network);
    }

    /**
     * {@return the model in a file, on the best backend and all processors, to be closed}
     *
     * @param path a file that {@link #save} wrote, or the directory of a training: the model with the lowest
     *     validation loss then, or the last if none was validated yet
     * @throws IOException if the file cannot be read, is damaged or holds no language model
     */
    public static LanguageModel load(Path path) throws IOException {
        return load(path, UnaryOperator.identity());
    }

    /**
     * {@return the model in a file, on a backend and threads of the caller's choice, to be closed}
     *
     * @param path as {@link #load(Path)}
     * @param options as {@link Network#load(Path, UnaryOperator)}
     * @throws IOException if the file cannot be read, is damaged or holds no language model
     * @throws IllegalArgumentException as there
     * @throws UnsupportedOperationException if the backend is not available here, with the reason
     */
    public static LanguageModel load(Path path, UnaryOperator<Network.Builder> options) throws IOException {
        Objects.requireNonNull(path, "path: expected a file or directory, got null");
        Objects.requireNonNull(options, "options: expected a function, got null");
        return of(Checkpoint.read(file(path)), options);
    }

    /** {@return the file of a model: {@code path}, or what is in that directory of a training} */
    static Path file(Path path) throws NoSuchFileException {
        if (!Files.isDirectory(path)) {
            return path;
        }
        Path best = path.resolve(LanguageModelTrainer.BEST);
        Path file = Files.exists(best) ? best : path.resolve(LanguageModelTrainer.LAST);
        if (!Files.exists(file)) {
            throw new NoSuchFileException(path.toString(), null, "no model in it, neither "
                    + LanguageModelTrainer.BEST + " nor " + LanguageModelTrainer.LAST);
        }
        return file;
    }

    static LanguageModel of(Checkpoint checkpoint, UnaryOperator<Network.Builder> options) throws CheckpointException {
        Vocabulary vocabulary = Vocabulary.read(checkpoint);
        Network network = Network.read(checkpoint, options);
        try {
            return owning(vocabulary, network);
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(VocabularySections.CODE_POINTS, e);
        }
    }

    /** {@return a model of {@code network}, which is closed if it does not fit} */
    static LanguageModel owning(Vocabulary vocabulary, Network network) {
        try {
            return new LanguageModel(vocabulary, network);
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
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
        Checkpoint.builder().add(this::write).write(file);
    }

    void write(Checkpoint.Builder checkpoint) {
        checkpoint.add(vocabulary::write).add(network::write);
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
     * {@return how well the model foresees a line, from the zero state and the end of a line; where the vocabulary has
     * none, the first of the line is not predicted}
     *
     * @param line may be empty
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public TextScore score(String line) {
        Objects.requireNonNull(line, "line: expected a text, got null");
        return lines.score(List.of(line)).getFirst();
    }

    /**
     * {@return how well the model foresees each of many lines, as {@link #score(String)}, but for rounding, in much
     * less time: they are read side by side}
     *
     * @param lines any number; each may be empty
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<TextScore> score(List<String> lines) {
        return this.lines.score(require("lines", lines));
    }

    /**
     * {@return how well the model foresees each token of each line}; where the vocabulary has no end of a line, the
     * first of a line is not predicted and has no score
     *
     * @param lines any number; each may be empty
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<List<TokenScore>> scoreTokens(List<String> lines) {
        return this.lines.tokenScores(require("lines", lines));
    }

    /**
     * {@return the candidates, the best first}
     *
     * @param candidates lines, any number
     * @param ranking what makes one better than another
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<RankedText> rank(List<String> candidates, Ranking ranking) {
        require("candidates", candidates);
        Objects.requireNonNull(ranking, "ranking: expected one, got null");
        return lines.rank(candidates, ranking);
    }

    /**
     * {@return what fills the gap in a line best, the best first: the candidates with which the probability of the
     * whole line is greatest}
     *
     * <p>The line with each candidate is what counts, so what stands after the gap decides as much as what stands
     * before it. Lines that cannot be among the best are left out: those whose beginning, up to the first token in
     * which the candidates differ, is already less likely than the best whole lines.
     *
     * @param line with one gap, {@value #GAP}
     * @param candidates what to try, at least one
     * @param most how many of them to return, at least 1
     * @throws IllegalArgumentException if the line has no gap or several, or there are no candidates
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<RankedText> fill(String line, List<String> candidates, int most) {
        require("candidates", candidates);
        Gap gap = Gap.of(line);
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("candidates: expected at least one, got none");
        }
        if (most < 1) {
            throw new IllegalArgumentException("most: expected at least 1, got " + most);
        }
        return lines.fill(gap, candidates, most);
    }

    /**
     * {@return which units fill the gap in a line best, as {@link #fill(String, List, int)}: of all characters but the
     * newline, or of all words that the model knows}
     *
     * @param line with one gap, {@value #GAP}
     * @param most how many to return, at least 1
     * @throws IllegalArgumentException as there, and if the model is of bytes or sub-words: these need candidates
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public List<RankedText> fill(String line, int most) {
        Gap.of(line); // what is wrong with the line is said first
        return fill(line, lines.units(), most);
    }

    /**
     * {@return how well the model foresees a text as one stream: every unit but the first, each from those before it,
     * from the zero state; of the validation text of a training this is its validation loss}
     *
     * <p>Of a text of 8192 units and more, 2 to 32 pieces of at least 4096 are read side by side, and what stands
     * before a piece is known to the model by the 256 units before it, from the zero state.
     *
     * @param text may be empty
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public TextScore scoreStream(String text) {
        return scoreStream(TokenList.of(vocabulary.encode(text)));
    }

    /**
     * {@return the same of a text that need not fit into memory}
     *
     * @param text read once, into a temporary file of its tokens
     * @throws IOException if it cannot be read, or the file not be written
     * @throws UnknownCharacterException if the model is of characters and does not know one
     * @throws IllegalStateException if the model is closed
     */
    public TextScore scoreStream(TextSource text) throws IOException {
        Objects.requireNonNull(text, "text: expected one, got null");
        Path file = Files.createTempFile("rondo", ".tokens");
        try {
            int width = TokenFile.width(vocabulary);
            try (var writer = new TokenFile.Writer(file, width)) {
                CorpusPasses.pass(text, vocabulary.encoder(writer));
                writer.finish();
            }
            try (Arena arena = Arena.ofConfined()) {
                return scoreStream(TokenFile.tokens(TokenFile.map(file, arena), width));
            }
        } finally {
            Files.delete(file);
        }
    }

    private TextScore scoreStream(Tokens tokens) {
        if (textScorer != null && !textScorer.fits(tokens.length())) {
            textScorer.close();
            textScorer = null;
        }
        if (textScorer == null) {
            textScorer = StreamScorer.of(tokens.length(), vocabulary, network);
        }
        return textScorer.score(tokens);
    }

    /**
     * Draws tokens, one after the other, and hands on their text as soon as it is whole.
     *
     * @param prompt what to go on with; not handed to the sink. An empty one starts as a line does; where the
     *     vocabulary has no end of a line, from any token
     * @param sampling how to draw
     * @param length tokens to draw, at least 0: of a model of characters, characters
     * @param sink takes the text of one token at a time, of bytes that of a whole character; words come with the space
     *     before them. What it throws arrives as it is
     * @throws UnknownCharacterException if the model is of characters and does not know one of the prompt
     * @throws IllegalArgumentException if {@code length} is negative
     * @throws IllegalStateException if the model is closed
     */
    public void generate(String prompt, Sampling sampling, int length, Consumer<String> sink) {
        generate(prompt, sampling, Ending.after(length), sink);
    }

    /**
     * Draws tokens, one after the other, until the text ends, and hands it on as soon as it is whole, and certain not
     * to be the beginning of a stop.
     *
     * @param prompt as {@link #generate(String, Sampling, int, Consumer)}
     * @param sampling how to draw
     * @param ending where the text ends
     * @param sink as there; never takes anything of the stop
     * @throws UnknownCharacterException if the model is of characters and does not know one of the prompt
     * @throws IllegalStateException if the model is closed
     */
    public void generate(String prompt, Sampling sampling, Ending ending, Consumer<String> sink) {
        Objects.requireNonNull(prompt, "prompt: expected a text, got null");
        Objects.requireNonNull(sampling, "sampling: expected one, got null");
        Objects.requireNonNull(ending, "ending: expected one, got null");
        Objects.requireNonNull(sink, "sink: expected one, got null");
        try (var generation = new Generation(vocabulary, network, 1)) {
            generation.run(prompt, List.of(sampling), ending, List.of(sink));
        }
    }

    /**
     * {@return several texts that go on with a prompt, drawn side by side, which takes little longer than one of them}
     * Text n is that of {@code sampling.sample(n)} by itself; where a backend sums in another order for several streams
     * than for one, a random number between two nearly equal ones may draw another token.
     *
     * @param prompt as {@link #generate(String, Sampling, int, Consumer)}
     * @param sampling how to draw
     * @param ending where each text ends
     * @param count how many, at least 1
     * @throws UnknownCharacterException if the model is of characters and does not know one of the prompt
     * @throws IllegalArgumentException if {@code count} is less
     * @throws IllegalStateException if the model is closed
     */
    public List<String> generate(String prompt, Sampling sampling, Ending ending, int count) {
        Objects.requireNonNull(prompt, "prompt: expected a text, got null");
        Objects.requireNonNull(sampling, "sampling: expected one, got null");
        Objects.requireNonNull(ending, "ending: expected one, got null");
        if (count < 1) {
            throw new IllegalArgumentException("count: expected at least 1, got " + count);
        }
        List<StringBuilder> texts = Stream.generate(StringBuilder::new).limit(count).toList();
        try (var generation = new Generation(vocabulary, network, count)) {
            generation.run(prompt, IntStream.range(0, count).mapToObj(sampling::sample).toList(), ending,
                    texts.stream().<Consumer<String>>map(text -> text::append).toList());
        }
        return texts.stream().map(StringBuilder::toString).toList();
    }

    /**
     * {@return the likeliest continuations of a prompt that a beam search finds, the best first: as many as its width,
     * or all that there are}
     *
     * @param prompt what to go on with, as {@link #generate(String, Sampling, int, Consumer)}; not empty where the
     *     vocabulary has no end of a line
     * @param search how many are kept, and how they are compared
     * @param ending where a continuation ends
     * @throws UnknownCharacterException if the model is of characters and does not know one of the prompt
     * @throws IllegalArgumentException if the prompt is empty and may not be
     * @throws IllegalStateException if the model is closed
     */
    public List<Continuation> search(String prompt, BeamSearch search, Ending ending) {
        Objects.requireNonNull(prompt, "prompt: expected a text, got null");
        Objects.requireNonNull(search, "search: expected one, got null");
        Objects.requireNonNull(ending, "ending: expected one, got null");
        try (var beam = new Beam(vocabulary, network, search, ending, prompt)) {
            return beam.run();
        }
    }

    static List<String> require(String name, List<String> texts) {
        Objects.requireNonNull(texts, () -> name + ": expected texts, got null");
        for (int i = 0; i < texts.size(); i++) {
            int index = i;
            Objects.requireNonNull(texts.get(i), () -> name + "[" + index + "]: expected a text, got null");
        }
        return texts;
    }

    /** Frees the network. Closing twice is harmless. */
    @Override
    public void close() {
        lines.close();
        if (textScorer != null) {
            textScorer.close();
        }
        network.close();
    }
}
