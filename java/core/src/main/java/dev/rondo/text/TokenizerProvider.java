package dev.rondo.text;

import java.util.ServiceLoader;

/**
 * Makes vocabularies of sub-words; found by {@link ServiceLoader}. The one there is comes with {@code
 * dev.rondo:rondo-tokenizers}.
 */
public interface TokenizerProvider {
    /**
     * {@return the vocabulary of a tokenizer, which writes {@code tokenizerJson} into checkpoints}
     *
     * @param tokenizerJson the content of a {@code tokenizer.json}
     * @throws IllegalArgumentException if it is no tokenizer
     */
    Vocabulary vocabulary(String tokenizerJson);

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
