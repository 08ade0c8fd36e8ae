package dev.rondo.tokenizers;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.rondo.io.Checkpoint;
import dev.rondo.text.TextUnit;
import dev.rondo.text.TokenizerProvider;
import dev.rondo.text.Vocabulary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/**
 * The tokens of a tokenizer. A text is given to it line by line, each with its newline, so that it may come in parts
 * and be of any length.
 */
final class SubWordVocabulary implements Vocabulary {
    private static final Cleaner CLEANER = Cleaner.create();

    /** Nothing is added to a text, or taken from it. */
    private static final Map<String, String> OPTIONS =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    private final String json;
    private final TokenIds ids;
    private final HuggingFaceTokenizer tokenizer;

    SubWordVocabulary(String json) {
        this.json = json;
        this.ids = TokenIds.of(json);
        this.tokenizer = tokenizer(json);
        CLEANER.register(this, tokenizer::close);
    }

    private static HuggingFaceTokenizer tokenizer(String json) {
        try {
            return HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), OPTIONS);
        } catch (IOException | RuntimeException e) { // the library throws a plain one
            throw new IllegalArgumentException("tokenizer: expected a tokenizer.json, got another text: "
                    + e.getMessage(), e);
        }
    }

    @Override
    public TextUnit unit() {
        return TextUnit.SUB_WORD;
    }

    @Override
    public int size() {
        return ids.size();
    }

    @Override
    public OptionalInt lineStart() {
        long[] newline = tokens("\n");
        return newline.length == 1 && text(newline).equals("\n")
                ? OptionalInt.of((int) newline[0])
                : OptionalInt.empty();
    }

    @Override
    public OptionalInt unknown() {
        return ids.unknown();
    }

    @Override
    public Encoder encoder(IntConsumer sink) {
        Objects.requireNonNull(sink, "sink: expected one, got null");
        return new LineEncoder(line -> Arrays.stream(tokens(line)).forEach(id -> sink.accept((int) id)));
    }

    @Override
    public Decoder decoder(String before) {
        Objects.requireNonNull(before, "before: expected a text, got null");
        String line = before.substring(before.lastIndexOf('\n', before.length() - 2) + 1);
        return new SubWordDecoder(this, tokens(line));
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        TokenizerProvider.write(checkpoint, json);
    }

    long[] tokens(String text) {
        return tokenizer.encode(text, false, false).getIds();
    }

    String text(long[] tokens) {
        return tokenizer.decode(tokens, false);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SubWordVocabulary that && json.equals(that.json);
    }

    @Override
    public int hashCode() {
        return json.hashCode();
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,d sub-words of a tokenizer", size());
    }
}
