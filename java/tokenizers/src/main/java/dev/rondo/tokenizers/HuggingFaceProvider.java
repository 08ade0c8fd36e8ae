package dev.rondo.tokenizers;

import dev.rondo.text.TokenizerProvider;
import dev.rondo.text.Vocabulary;
import java.util.Objects;

/** Makes vocabularies of the content of a {@code tokenizer.json}. */
public final class HuggingFaceProvider implements TokenizerProvider {
    /** Its usage statistics are off, unless the program itself has said something of them. */
    private static final String STATISTICS_OFF = "OPT_OUT_TRACKING";

    /** For {@link java.util.ServiceLoader}. */
    public HuggingFaceProvider() {}

    @Override
    public Vocabulary vocabulary(String tokenizerJson) {
        Objects.requireNonNull(tokenizerJson, "tokenizerJson: expected a text, got null");
        if (System.getenv(STATISTICS_OFF) == null && System.getProperty(STATISTICS_OFF) == null) {
            System.setProperty(STATISTICS_OFF, "true");
        }
        return new SubWordVocabulary(tokenizerJson);
    }
}
