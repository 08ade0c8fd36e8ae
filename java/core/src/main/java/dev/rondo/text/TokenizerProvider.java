package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import java.util.Objects;
import java.util.ServiceLoader;

/**
 * Makes vocabularies of sub-words; found by {@link ServiceLoader}. The one there is comes with {@code
 * dev.rondo:rondo-tokenizers}.
 */
public interface TokenizerProvider {
    /**
     * {@return the vocabulary of a tokenizer, which writes itself by {@link #write}}
     *
     * @param tokenizerJson the content of a {@code tokenizer.json}
     * @throws IllegalArgumentException if it is no tokenizer
     */
    Vocabulary vocabulary(String tokenizerJson);

    /**
     * Writes such a vocabulary.
     *
     * @param checkpoint gets its sections
     * @param tokenizerJson all of it, so that a model needs no other file
     */
    static void write(Checkpoint.Builder checkpoint, String tokenizerJson) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        Objects.requireNonNull(tokenizerJson, "tokenizerJson: expected a text, got null");
        checkpoint.text(VocabularySections.UNIT, TextUnit.SUB_WORD.singular())
                .text(VocabularySections.TOKENIZER, tokenizerJson);
    }

    /**
     * {@return the provider that is there}
     *
     * @throws UnsupportedOperationException if none is
     */
    static TokenizerProvider find() {
        return ServiceLoader.load(TokenizerProvider.class).findFirst().orElseThrow(
                () -> new UnsupportedOperationException("sub-words need the module dev.rondo.tokenizers, which is not"
                        + " there: add dev.rondo:rondo-tokenizers to the program's dependencies"));
    }
}
