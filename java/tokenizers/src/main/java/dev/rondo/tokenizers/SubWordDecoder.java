package dev.rondo.tokenizers;

import dev.rondo.text.Vocabulary;
import java.util.Arrays;

/**
 * Gives the text that each token adds to that of those before it: a token by itself may be part of a character, or have
 * another space before it. Of those before, the ones since the last text but one are enough to tell.
 */
final class SubWordDecoder implements Vocabulary.Decoder {
    private static final String PART = "\uFFFD"; // what the library makes of a part of a character

    private final SubWordVocabulary vocabulary;
    private long[] tokens;
    private int told; // tokens whose text was given

    SubWordDecoder(SubWordVocabulary vocabulary, long[] before) {
        this.vocabulary = vocabulary;
        this.tokens = before;
        this.told = before.length;
    }

    @Override
    public String next(int token) {
        if (token < 0 || token >= vocabulary.size()) {
            throw new IllegalArgumentException(
                    "token: expected 0 to " + (vocabulary.size() - 1) + ", got " + token);
        }
        tokens = Arrays.copyOf(tokens, tokens.length + 1);
        tokens[tokens.length - 1] = token;
        String added = added();
        if (added.isEmpty() || added.endsWith(PART)) {
            return "";
        }
        tell();
        return added;
    }

    @Override
    public String finish() {
        String added = added();
        tell();
        return added;
    }

    private String added() {
        String before = vocabulary.text(Arrays.copyOf(tokens, told));
        String all = vocabulary.text(tokens);
        return all.length() > before.length() ? all.substring(before.length()) : "";
    }

    private void tell() {
        tokens = Arrays.copyOfRange(tokens, told, tokens.length);
        told = tokens.length;
    }
}
