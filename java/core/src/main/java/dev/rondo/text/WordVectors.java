package dev.rondo.text;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkInput;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Vectors of words that were learned elsewhere, as word2vec and GloVe publish them, for a model to begin with.
 *
 * <pre>{@code
 * TextCorpus corpus = TextCorpus.builder(TextSource.of(Files.readString(path))).words(WordOptions.defaults()).build();
 * WordVectors vectors = WordVectors.read(Path.of("glove.6B.100d.txt"), corpus.vocabulary());
 * try (var training = LanguageModelTrainer.builder(corpus).network(size -> Network.embedding(size, vectors.width())
 *         .layer(Lstm.of(200)).classes(size)).build()) {
 *     vectors.writeTo(training.model().network());
 *     training.run(Budget.epochs(3));
 * }
 * }</pre>
 *
 * <p>Files: word2vec's text and binary format (a line with the numbers of words and of dimensions, then the words, of
 * the binary one as float32, little-endian) and GloVe's text (the same without that line), told apart by what is in
 * them; compressed by gzip or not. Kept are the words of the vocabulary alone: the file may be larger than memory.
 */
public final class WordVectors {
    private static final int GZIP_MAGIC = 0x8b1f;
    private static final int BUFFER = 1 << 16;

    private final int width;
    private final float[][] vectors; // [V], null of a word that the file lacks
    private final int found;

    private WordVectors(int width, float[][] vectors, int found) {
        this.width = width;
        this.vectors = vectors;
        this.found = found;
    }

    /**
     * {@return the vectors of the words of a vocabulary}
     *
     * <p>Where several words of the file are one of the vocabulary, as in lower case, the first counts, which is the
     * most frequent one. {@code </s>}, word2vec's end of a sentence, is the end of a line.
     *
     * @param file of word2vec or GloVe
     * @param vocabulary of words
     * @throws IllegalArgumentException if it is not of words
     * @throws IOException if the file cannot be read, or is none of these; the message says where
     */
    public static WordVectors read(Path file, Vocabulary vocabulary) throws IOException {
        Objects.requireNonNull(file, "file: expected one, got null");
        Objects.requireNonNull(vocabulary, "vocabulary: expected one, got null");
        if (vocabulary.unit() != TextUnit.WORD) {
            throw new IllegalArgumentException("vocabulary: expected one of words, got " + vocabulary);
        }
        var found = new Found(vocabulary);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
            in.mark(2);
            int magic = in.read() | in.read() << 8;
            in.reset();
            var reader = new WordVectorReader(
                    magic == GZIP_MAGIC ? new BufferedInputStream(new GZIPInputStream(in), BUFFER) : in, file);
            int width = reader.read(found);
            return new WordVectors(width, found.vectors, found.count);
        } catch (ZipException | EOFException e) {
            throw new IOException(file + ": expected a file that gzip compressed, got a damaged one", e);
        }
    }

    /** What is wanted of a file, and what was found. */
    static final class Found {
        private final Vocabulary vocabulary;
        private final int unknown;
        private final float[][] vectors;
        private int count;

        Found(Vocabulary vocabulary) {
            this.vocabulary = vocabulary;
            this.unknown = vocabulary.unknown().orElseThrow();
            this.vectors = new float[vocabulary.size()][];
        }

        /** {@return the token of {@code word}, if its vector is still wanted; else -1} */
        int wanted(String word) {
            int token;
            if (word.equals("</s>")) {
                token = vocabulary.lineStart().orElse(-1);
            } else {
                int[] tokens = vocabulary.encode(word);
                boolean known = tokens.length == 1 && (tokens[0] != unknown || word.equals(vocabulary.decode(unknown)));
                token = known ? tokens[0] : -1;
            }
            return token >= 0 && vectors[token] == null ? token : -1;
        }

        void put(int token, float[] vector) {
            vectors[token] = vector;
            count++;
        }
    }

    /** {@return W, numbers of each vector} */
    public int width() {
        return width;
    }

    /** {@return how many words of the vocabulary the file has} */
    public int found() {
        return found;
    }

    /**
     * Puts the vectors into a network's embedding. What the file lacks keeps what it has.
     *
     * @param network that reads V tokens as learned vectors of W numbers
     * @throws IllegalArgumentException if it is not so
     * @throws IllegalStateException if it is closed
     */
    public void writeTo(Network network) {
        Objects.requireNonNull(network, "network: expected one, got null");
        if (!(network.description().input() instanceof NetworkInput.Embedding(int size, int own, double _))
                || size != vectors.length || own != width) {
            throw new IllegalArgumentException("network: expected one that reads " + vectors.length
                    + " tokens as vectors of " + width + " numbers, got " + network.description().input());
        }
        Parameters parameters = network.parameters();
        TensorLayout.Tensor table = parameters.layout().get("embedding.weight");
        for (int token = 0; token < vectors.length; token++) {
            for (int i = 0; vectors[token] != null && i < width; i++) {
                parameters.precision().set(parameters.slab(), table.offset() + (long) token * width + i,
                        vectors[token][i]);
            }
        }
        parameters.changed();
    }
}
