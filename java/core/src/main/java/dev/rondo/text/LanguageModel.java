package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkHead;
import dev.rondo.network.NetworkInput;
import dev.rondo.network.Stepper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A language model over characters: a vocabulary, and a network that predicts each character from those before it.
 *
 * <pre>{@code
 * try (var model = LanguageModel.load(path)) {
 *     double nats = model.score("The quick brown fox").nats();
 *     model.generate("To be", Sampling.defaults().temperature(0.8).seed(7), 400, System.out::print);
 * }
 * }</pre>
 *
 * <p>A line's first character is predicted from a newline before it, as in the texts that models learn from; a model
 * whose vocabulary has no newline does not predict it. One thread at a time.
 */
public final class LanguageModel implements AutoCloseable {
    static final String VOCABULARY = "vocabulary";

    private final Vocabulary vocabulary;
    private final Network network;
    private StreamScorer lineScorer; // made on first use
    private StreamScorer textScorer; // made on first use

    /**
     * A model of a vocabulary and a network.
     *
     * @param vocabulary of V characters
     * @param network one-hot or embedded tokens in, V classes at each step out; belongs to the model from now on
     * @throws IllegalArgumentException if it is not so
     */
    public LanguageModel(Vocabulary vocabulary, Network network) {
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        Objects.requireNonNull(network, "network: expected one, got null");
        int reads = switch (network.description().input()) {
            case NetworkInput.Dense(int _) -> 0;
            case NetworkInput.OneHot(int size) -> size;
            case NetworkInput.Embedding(int size, int _) -> size;
        };
        if (reads != vocabulary.size() || network.outputSize() != vocabulary.size()) {
            throw new IllegalArgumentException("network: expected one that reads and predicts " + vocabulary.size()
                    + " tokens, got " + reads + " and " + network.outputSize());
        }
        if (!network.description().head().equals(NetworkHead.classes(vocabulary.size()))) {
            throw new IllegalArgumentException(
                    "network: expected classes at each step, got " + network.description().head());
        }
        if (network.description().layers().stream().anyMatch(layer -> layer.directions() > 1)) {
            throw new IllegalArgumentException("network: expected layers that run forwards, got a bidirectional one,"
                    + " which knows what is to be predicted");
        }
        this.vocabulary = vocabulary;
        this.network = network;
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
        Path file = path;
        if (Files.isDirectory(path)) {
            Path best = path.resolve(LanguageModelTrainer.BEST);
            file = Files.exists(best) ? best : path.resolve(LanguageModelTrainer.LAST);
            if (!Files.exists(file)) {
                throw new NoSuchFileException(path.toString(), null, "no model in it, neither "
                        + LanguageModelTrainer.BEST + " nor " + LanguageModelTrainer.LAST);
            }
        }
        return of(Checkpoint.read(file), options);
    }

    static LanguageModel of(Checkpoint checkpoint, UnaryOperator<Network.Builder> options) throws CheckpointException {
        int[] codePoints = checkpoint.ints(VOCABULARY);
        Network network = Network.read(checkpoint, options);
        try {
            return new LanguageModel(Vocabulary.of(codePoints), network);
        } catch (IllegalArgumentException e) {
            network.close();
            throw checkpoint.damaged(VOCABULARY, e);
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
        checkpoint.ints(VOCABULARY, vocabulary.codePoints()).add(network::write);
    }

    /** {@return the characters that the model knows} */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** {@return the network} */
    public Network network() {
        return network;
    }

    /**
     * {@return how well the model foresees a line, from the zero state and a newline; without a newline in the
     * vocabulary its first character is not predicted}
     *
     * @param line may be empty
     * @throws UnknownCharacterException if it has a character that the vocabulary lacks
     * @throws IllegalStateException if the model is closed
     */
    public TextScore score(String line) {
        int[] tokens = vocabulary.encode(Objects.requireNonNull(line, "line: expected a text, got null"));
        if (!vocabulary.has('\n')) {
            return scoreLine(tokens);
        }
        var withContext = new int[tokens.length + 1];
        withContext[0] = newline();
        System.arraycopy(tokens, 0, withContext, 1, tokens.length);
        return scoreLine(withContext);
    }

    /**
     * {@return how well the model foresees a text as one stream: every character but the first, each from all before
     * it, from the zero state; of the validation text of a training this is its validation loss}
     *
     * @param text may be empty
     * @throws UnknownCharacterException if it has a character that the vocabulary lacks
     * @throws IllegalStateException if the model is closed
     */
    public TextScore scoreStream(String text) {
        int[] tokens = vocabulary.encode(text);
        if (textScorer == null) {
            textScorer = new StreamScorer(network, StreamScorer.LONG);
        }
        return textScorer.score(tokens);
    }

    /**
     * Draws characters, one after the other, and hands each on as soon as it is drawn.
     *
     * @param prompt what to go on with; not handed to the sink. An empty one starts as a line does; without a
     *     newline in the vocabulary, from any character
     * @param sampling how to draw
     * @param length characters to draw, at least 0
     * @param sink takes one character at a time, which is one or two {@code char}s; what it throws arrives as it is
     * @throws UnknownCharacterException if the prompt has a character that the vocabulary lacks
     * @throws IllegalArgumentException if {@code length} is negative
     * @throws IllegalStateException if the model is closed
     */
    public void generate(String prompt, Sampling sampling, int length, Consumer<String> sink) {
        Objects.requireNonNull(prompt, "prompt: expected a text, got null");
        Objects.requireNonNull(sampling, "sampling: expected one, got null");
        Objects.requireNonNull(sink, "sink: expected one, got null");
        if (length < 0) {
            throw new IllegalArgumentException("length: expected at least 0, got " + length);
        }
        int[] tokens = vocabulary.encode(prompt);
        var sampler = new Sampler(sampling, vocabulary.size());
        var logits = new float[vocabulary.size()];
        try (Stepper stepper = network.stepper()) {
            if (tokens.length == 0) {
                stepper.step(vocabulary.has('\n') ? newline() : sampler.any(), logits);
            }
            for (int token : tokens) {
                stepper.step(token, logits);
            }
            for (int i = 0; i < length; i++) {
                int token = sampler.next(logits);
                sink.accept(vocabulary.decode(token));
                stepper.step(token, logits);
            }
        }
    }

    /** Frees the network. Closing twice is harmless. */
    @Override
    public void close() {
        if (lineScorer != null) {
            lineScorer.close();
        }
        if (textScorer != null) {
            textScorer.close();
        }
        network.close();
    }

    private int newline() {
        return vocabulary.encode("\n")[0];
    }

    private TextScore scoreLine(int[] tokens) {
        if (lineScorer == null) {
            lineScorer = new StreamScorer(network, StreamScorer.SHORT);
        }
        return lineScorer.score(tokens);
    }
}
