package dev.rondo.text;

import java.util.Arrays;
import java.util.Locale;

/** Cuts a text that comes in parts into words and line ends. */
abstract class WordSplitter implements Vocabulary.Encoder {
    /** What is longer is no text; and a word has to be in memory as a whole. */
    private static final int LONGEST = 1 << 20;

    private final boolean lowerCase;
    private char[] word = new char[64];
    private int length;

    WordSplitter(boolean lowerCase) {
        this.lowerCase = lowerCase;
    }

    /** Takes a word, the first {@code length} of {@code characters}. */
    abstract void word(char[] characters, int length);

    /** Takes the end of a line. */
    abstract void lineEnd();

    @Override
    public void accept(char[] text, int begin, int end) {
        for (int i = begin; i < end; i++) {
            char c = text[i];
            if (c > ' ' && c < 0x80 || !Character.isWhitespace(c)) {
                append(c);
            } else {
                finish();
                if (c == '\n') {
                    lineEnd();
                }
            }
        }
    }

    @Override
    public void finish() {
        if (length == 0) {
            return;
        }
        int count = length;
        length = 0;
        if (lowerCase) {
            char[] lower = new String(word, 0, count).toLowerCase(Locale.ROOT).toCharArray();
            word(lower, lower.length);
        } else {
            word(word, count);
        }
    }

    private void append(char c) {
        if (length == word.length) {
            if (length == LONGEST) {
                throw new IllegalArgumentException(
                        "text: expected words of at most " + LONGEST + " characters, got a longer one");
            }
            word = Arrays.copyOf(word, 2 * length);
        }
        word[length++] = c;
    }
}
