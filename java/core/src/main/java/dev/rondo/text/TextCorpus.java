package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import java.io.IOException;
import java.io.Writer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;

/**
 * A text to learn from, and one to validate with, as tokens.
 *
 * <pre>{@code
 * TextCorpus characters = TextCorpus.of(Files.readString(path));
 * TextCorpus words = TextCorpus.builder(TextSource.of(List.of(path)))
 *         .words(WordOptions.defaults().minimumCount(3)).directory(Path.of("corpus")).build();
 * }</pre>
 *
 * <p>Built into a directory, it is written there in a few passes over the text, and mapped into memory: as long as the
 * text may be, the heap holds the vocabulary alone.
 */
public final class TextCorpus {
    /** Name of the file of all tokens, those of the validation text last. */
    public static final String TOKENS = "corpus.tokens";

    /** Name of the file, a checkpoint, of vocabulary, lengths and checksum. */
    public static final String CORPUS = "corpus.rondo";

    private static final String LENGTHS = "corpus.lengths"; // tokens to learn from, for validation; CRC-32C
    private static final String FINGERPRINT = "corpus.text";

    private final Vocabulary vocabulary;
    private final Tokens training;
    private final Tokens validation;
    private final String fingerprint;

    private TextCorpus(Vocabulary vocabulary, Tokens all, long split, String fingerprint) {
        this.vocabulary = vocabulary;
        this.training = new Part(all, 0, split);
        this.validation = new Part(all, split, all.length() - split);
        this.fingerprint = fingerprint;
    }

    /** The tokens from {@code begin} on. */
    private record Part(Tokens all, long begin, long length) implements Tokens {
        @Override
        public int at(long position) {
            return all.at(begin + Objects.checkIndex(position, length));
        }
    }

    /**
     * {@return the corpus of a text's characters, in memory; the last 10 % are for validation, at most a million}
     *
     * @param text not empty
     * @throws IllegalArgumentException if it is
     */
    public static TextCorpus of(String text) {
        try {
            return builder(TextSource.of(text)).build();
        } catch (IOException e) {
            throw new AssertionError("a text in memory can be read", e);
        }
    }

    /**
     * {@return a builder of a corpus; of characters in memory, if nothing else is said}
     *
     * @param text to learn from; read several times
     */
    public static Builder builder(TextSource text) {
        return new Builder(Objects.requireNonNull(text, "text: expected one, got null"));
    }

    /**
     * {@return the corpus that was built into a directory}
     *
     * @param directory where it lies
     * @throws IOException if it is not there, cannot be read, or is damaged
     */
    public static TextCorpus open(Path directory) throws IOException {
        Objects.requireNonNull(directory, "directory: expected one, got null");
        Checkpoint corpus = Checkpoint.read(directory.resolve(CORPUS));
        Vocabulary vocabulary = Vocabulary.read(corpus);
        long[] lengths = corpus.longs(LENGTHS, 3);
        Path file = directory.resolve(TOKENS);
        int width = TokenFile.width(vocabulary);
        MemorySegment bytes = TokenFile.map(file, Arena.ofAuto());
        if (bytes.byteSize() != (lengths[0] + lengths[1]) * width || TokenFile.checksum(bytes) != lengths[2]) {
            throw new IOException(file + ": damaged or truncated, or not that of " + corpus.file());
        }
        return new TextCorpus(vocabulary, TokenFile.tokens(bytes, width), lengths[0], corpus.text(FINGERPRINT));
    }

    /** {@return the units of the text} */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** {@return what to learn from} */
    public Tokens training() {
        return training;
    }

    /** {@return what to validate with} */
    public Tokens validation() {
        return validation;
    }

    /** {@return SHA-256 of the whole text: a training is resumed only on the text that it was begun on} */
    public String fingerprint() {
        return fingerprint;
    }

    /**
     * Writes the validation part as text, UTF-8. What the vocabulary does not tell is lost: words are joined by single
     * spaces. Encoded again, characters, bytes and words give the same tokens.
     *
     * @param file is replaced
     * @throws IOException if it cannot be written
     */
    public void writeValidation(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected one, got null");
        Vocabulary.Decoder decoder = vocabulary.decoder("");
        try (Writer out = Files.newBufferedWriter(file)) {
            for (long i = 0; i < validation.length(); i++) {
                out.write(decoder.next(validation.at(i)));
            }
            out.write(decoder.finish());
        }
    }

    /** Says what the tokens are, and where they go. */
    public static final class Builder {
        private final TextSource text;
        private Vocabulary vocabulary; // null = counted
        private WordOptions words; // null = characters
        private TextSource validation; // null = the last 10 % of the text
        private Path directory; // null = in memory

        private Builder(TextSource text) {
            this.text = text;
        }

        /**
         * Takes the units of a vocabulary: {@link Vocabulary#bytes()}, that of a model.
         *
         * @param value default: that of the characters of the whole text, and of the validation text
         * @return this
         */
        public Builder vocabulary(Vocabulary value) {
            this.vocabulary = Objects.requireNonNull(value, "value: expected a vocabulary, got null");
            return this;
        }

        /**
         * Takes words: of the text to learn from, not of that for validation.
         *
         * @param options which to keep
         * @return this
         */
        public Builder words(WordOptions options) {
            this.words = Objects.requireNonNull(options, "options: expected some, got null");
            this.vocabulary = null;
            return this;
        }

        /**
         * Sets the text to validate with.
         *
         * @param value default: the last 10 % of the text's units, at most a million, which are not learned from then
         * @return this
         */
        public Builder validation(TextSource value) {
            this.validation = Objects.requireNonNull(value, "value: expected a text, got null");
            return this;
        }

        /**
         * Keeps the tokens in a directory instead of memory, for {@link TextCorpus#open}.
         *
         * @param path made if absent; a corpus that is there is replaced
         * @return this
         */
        public Builder directory(Path path) {
            this.directory = Objects.requireNonNull(path, "path: expected a directory, got null");
            return this;
        }

        /**
         * {@return the corpus}
         *
         * @throws MalformedTextException if a file is not UTF-8
         * @throws UnknownCharacterException if the vocabulary was given and lacks a character
         * @throws IllegalArgumentException if the text is empty
         * @throws IOException if the text cannot be read, or the corpus not be written
         */
        public TextCorpus build() throws IOException {
            CorpusPasses passes = new CorpusPasses(text, validation, vocabulary, words);
            Vocabulary counted = passes.vocabulary();
            if (directory == null) {
                var tokens = new TokenList();
                long split = passes.encode(tokens);
                return new TextCorpus(counted, tokens, split, passes.fingerprint());
            }
            Files.createDirectories(directory);
            Path part = directory.resolve(TOKENS + ".part");
            try {
                write(passes, counted, part);
                return open(directory);
            } finally {
                Files.deleteIfExists(part);
            }
        }

        private void write(CorpusPasses passes, Vocabulary counted, Path part) throws IOException {
            long split;
            long all;
            long checksum;
            try (var writer = new TokenFile.Writer(part, TokenFile.width(counted))) {
                split = passes.encode(writer);
                all = writer.finish();
                checksum = writer.checksum();
            }
            // Beside the old one, which may still be mapped, and only then in its place.
            Files.move(part, directory.resolve(TOKENS), StandardCopyOption.REPLACE_EXISTING);
            Checkpoint.builder().add(counted::write).longs(LENGTHS, split, all - split, checksum)
                    .text(FINGERPRINT, passes.fingerprint()).write(directory.resolve(CORPUS));
        }
    }
}
