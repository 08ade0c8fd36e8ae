package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.function.IntConsumer;

/** {@code <unk>}, {@code <eos>}, and words. */
final class WordVocabulary implements Vocabulary {
    /** How many tokens are no words. */
    static final int SPECIAL = 2;

    private static final String UNKNOWN_WORD = "<unk>";
    private static final String LINE_END_WORD = "<eos>";
    private static final int UNKNOWN = 0;
    private static final int LINE_END = 1;

    private final WordOptions options;
    private final WordTable words = new WordTable();

    private WordVocabulary(WordOptions options) {
        this.options = options;
    }

    static boolean isSpecial(String word) {
        return word.equals(UNKNOWN_WORD) || word.equals(LINE_END_WORD);
    }

    /**
     * {@return the vocabulary of some words}
     *
     * @param words in the order of their tokens, without the special ones
     * @throws IllegalArgumentException if a word is there twice, is empty, is a special one, or has white space or a
     *     surrogate without its partner in it
     */
    static WordVocabulary of(WordOptions options, List<String> words) {
        var vocabulary = new WordVocabulary(options);
        CharsetEncoder utf8 = StandardCharsets.UTF_8.newEncoder();
        vocabulary.add(UNKNOWN_WORD);
        vocabulary.add(LINE_END_WORD);
        for (String word : words) {
            if (word.isEmpty() || word.chars().anyMatch(Character::isWhitespace)) {
                throw new IllegalArgumentException("words: expected words without white space, got '" + word + "'");
            }
            if (!utf8.canEncode(word)) {
                throw new IllegalArgumentException("text: expected Unicode, got a surrogate without its partner in the"
                        + " word " + word);
            }
            vocabulary.add(word);
        }
        return vocabulary;
    }

    /** {@return what {@link #write} wrote} */
    static WordVocabulary parse(WordOptions options, String lines) {
        return of(options, lines.isEmpty() ? List.of() : List.of(lines.split("\n", -1)));
    }

    private void add(String word) {
        int number = words.size();
        if (words.add(word.toCharArray(), word.length()) != number) {
            throw new IllegalArgumentException("words: expected each once, got " + word + " twice");
        }
    }

    @Override
    public TextUnit unit() {
        return TextUnit.WORD;
    }

    @Override
    public int size() {
        return words.size();
    }

    @Override
    public OptionalInt lineStart() {
        return OptionalInt.of(LINE_END);
    }

    @Override
    public OptionalInt unknown() {
        return OptionalInt.of(UNKNOWN);
    }

    @Override
    public Encoder encoder(IntConsumer sink) {
        Objects.requireNonNull(sink, "sink: expected one, got null");
        return new WordSplitter(options.lowerCase()) {
            @Override
            void word(char[] characters, int length) {
                sink.accept(Math.max(UNKNOWN, words.find(characters, length)));
            }

            @Override
            void lineEnd() {
                sink.accept(LINE_END);
            }
        };
    }

    @Override
    public Decoder decoder(String before) {
        Objects.requireNonNull(before, "before: expected a text, got null");
        boolean begins = before.isEmpty() || Character.isWhitespace(before.charAt(before.length() - 1));
        return new Decoder() {
            private boolean afterSpace = begins;

            @Override
            public String next(int token) {
                if (TokenList.checked(token, size()) == LINE_END) {
                    afterSpace = true;
                    return "\n";
                }
                String space = afterSpace ? "" : " ";
                afterSpace = false;
                return space + words.get(token);
            }

            @Override
            public String finish() {
                return "";
            }
        };
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        checkpoint.text(VocabularySections.UNIT, unit().singular())
                .text(VocabularySections.WORD_OPTIONS, options.text())
                .text(VocabularySections.WORDS, lines());
    }

    private String lines() {
        var lines = new StringJoiner("\n");
        for (int i = SPECIAL; i < words.size(); i++) {
            lines.add(words.get(i));
        }
        return lines.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WordVocabulary that && options.equals(that.options) && lines().equals(that.lines());
    }

    @Override
    public int hashCode() {
        return Objects.hash(options, lines());
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,d words", size()) + options.describe();
    }
}
