package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/**
 * How text becomes tokens, numbers from 0 to V - 1, and tokens text: the units that a model knows. A value, that any
 * number of threads may use.
 *
 * <pre>{@code
 * Vocabulary vocabulary = Vocabulary.characters("To be, or not to be");
 * int[] tokens = vocabulary.encode("To be");
 * String text = vocabulary.decode(tokens);
 * }</pre>
 *
 * <p>Its {@code toString} says what it is made of, in a few words: "65 characters".
 */
public interface Vocabulary {
    /**
     * {@return the vocabulary of the characters (code points) of a text, in ascending order, so that one text gives one
     * vocabulary}
     *
     * @param text not empty
     * @throws IllegalArgumentException if it is
     */
    static Vocabulary characters(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
        return CharacterVocabulary.of(text.codePoints().toArray());
    }

    /** {@return the vocabulary of the 256 bytes, that knows any text as UTF-8} */
    static Vocabulary bytes() {
        return ByteVocabulary.INSTANCE;
    }

    /**
     * {@return the vocabulary of the words of a text: {@code <unk>} for any other, {@code <eos>} for the end of a line,
     * then the words, the most frequent first, those as frequent as each other in the order of their characters}
     *
     * <p>Words are what stands between white space ({@link Character#isWhitespace(char)}); decoded, they are joined by
     * single spaces, and {@code <eos>} is a newline. Where the text itself says {@code <unk>} or {@code <eos>}, these
     * are meant.
     *
     * @param text may be empty
     * @param options which words to keep
     * @throws IllegalArgumentException if the text has a surrogate without its partner
     */
    static Vocabulary words(String text, WordOptions options) {
        Objects.requireNonNull(text, "text: expected one, got null");
        Objects.requireNonNull(options, "options: expected some, got null");
        var counts = new WordCounts(options, Long.MAX_VALUE);
        counts.accept(text.toCharArray(), 0, text.length());
        counts.finish();
        return counts.vocabulary();
    }

    /**
     * {@return the vocabulary of a tokenizer's sub-words, by the module {@code dev.rondo:rondo-tokenizers}}
     *
     * @param file a {@code tokenizer.json} as the Hugging Face library writes it
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it is no tokenizer
     * @throws UnsupportedOperationException if the module is not there
     */
    static Vocabulary subWords(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected a tokenizer's, got null");
        return TokenizerProvider.find().vocabulary(Files.readString(file));
    }

    /**
     * {@return the vocabulary in a checkpoint}
     *
     * @param checkpoint that one has {@linkplain #write written} itself to
     * @throws CheckpointException if there is none, it makes no sense, or it needs a module that is not there
     */
    static Vocabulary read(Checkpoint checkpoint) throws CheckpointException {
        Objects.requireNonNull(checkpoint, "checkpoint: expected one, got null");
        return VocabularySections.read(checkpoint);
    }

    /** {@return what a token stands for} */
    TextUnit unit();

    /** {@return the number of tokens, V} */
    int size();

    /** {@return the token before the first of a line: that of the end of a line; empty if there is none} */
    OptionalInt lineStart();

    /** {@return the token of all that the vocabulary lacks; empty if there is none, and such text is refused} */
    OptionalInt unknown();

    /**
     * {@return an encoder of a text that comes in parts}
     *
     * @param sink takes the tokens, one by one
     */
    Encoder encoder(IntConsumer sink);

    /**
     * {@return a decoder of tokens that come one by one}
     *
     * @param before the text that they go on with; may be empty
     */
    Decoder decoder(String before);

    /**
     * Writes the vocabulary, for {@link #read}.
     *
     * @param checkpoint gets its sections
     */
    void write(Checkpoint.Builder checkpoint);

    /**
     * {@return the tokens of a text}
     *
     * @param text may be empty
     * @throws UnknownCharacterException if the vocabulary is of characters and lacks one
     * @throws IllegalArgumentException if it is of bytes, and a surrogate has no partner
     */
    default int[] encode(String text) {
        Objects.requireNonNull(text, "text: expected one, got null");
        var tokens = new TokenList();
        Encoder encoder = encoder(tokens);
        encoder.accept(text.toCharArray(), 0, text.length());
        encoder.finish();
        return tokens.toArray();
    }

    /**
     * {@return the text of some tokens}
     *
     * @param tokens each from 0 to below V
     * @throws IllegalArgumentException if one is not
     */
    default String decode(int... tokens) {
        Objects.requireNonNull(tokens, "tokens: expected some, got null");
        var text = new StringBuilder();
        Decoder decoder = decoder("");
        for (int token : tokens) {
            text.append(decoder.next(token));
        }
        return text.append(decoder.finish()).toString();
    }

    /** Takes a text in parts, cut anywhere, and hands on its tokens as soon as they are certain. */
    interface Encoder {
        /**
         * Takes the next part.
         *
         * @param text holds it
         * @param begin where it begins
         * @param end where it ends
         */
        void accept(char[] text, int begin, int end);

        /** Ends the text: hands on what is left. */
        void finish();
    }

    /** Takes tokens, and gives their text in whole characters. */
    interface Decoder {
        /**
         * {@return the text that a token adds; empty as long as it ends in a part of a character}
         *
         * @param token from 0 to below V
         * @throws IllegalArgumentException if it is not
         */
        String next(int token);

        /** {@return what is left at the end: U+FFFD for a part of a character, else nothing} */
        String finish();
    }
}
