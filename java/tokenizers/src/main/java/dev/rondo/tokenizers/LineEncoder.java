package dev.rondo.tokenizers;

import dev.rondo.text.Vocabulary;
import java.util.function.Consumer;

/** Cuts a text that comes in parts into lines; those that are very long, before a space. */
final class LineEncoder implements Vocabulary.Encoder {
    /** Characters of a line that is cut at the next space. */
    private static final int LONG = 1 << 16;

    /** Characters of a piece without a space that is no text any more. */
    private static final int LONGEST = 1 << 20;

    private final Consumer<String> lines;
    private final StringBuilder line = new StringBuilder();

    LineEncoder(Consumer<String> lines) {
        this.lines = lines;
    }

    @Override
    public void accept(char[] text, int begin, int end) {
        for (int i = begin; i < end; i++) {
            if (text[i] == ' ' && line.length() >= LONG) {
                finish();
            }
            line.append(text[i]);
            if (text[i] == '\n') {
                finish();
            } else if (line.length() > LONGEST) {
                throw new IllegalArgumentException(
                        "text: expected a space or newline after at most " + LONGEST + " characters, got none");
            }
        }
    }

    @Override
    public void finish() {
        if (line.isEmpty()) {
            return;
        }
        String whole = line.toString();
        line.setLength(0);
        for (int i = 0; i < whole.length(); i++) {
            if (Character.isSurrogate(whole.charAt(i)) && Character.charCount(whole.codePointAt(i++)) == 1) {
                throw new IllegalArgumentException(
                        "text: expected Unicode, got a surrogate without its partner in the line " + whole.strip());
            }
        }
        lines.accept(whole);
    }
}
