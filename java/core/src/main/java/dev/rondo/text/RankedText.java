package dev.rondo.text;

import java.util.Objects;

/**
 * One of several candidates, and how well a model foresees it.
 *
 * @param index where it stood among the candidates, from 0 on
 * @param text the candidate
 * @param score of it; of what fills a gap, that of the whole line with it in place
 */
public record RankedText(int index, String text, TextScore score) {
    /** Checks its arguments. */
    public RankedText {
        Objects.requireNonNull(text, "text: expected one, got null");
        Objects.requireNonNull(score, "score: expected one, got null");
    }
}
