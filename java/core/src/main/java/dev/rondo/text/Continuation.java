package dev.rondo.text;

import java.util.Objects;

/**
 * What a {@link BeamSearch} found.
 *
 * @param text that goes on with the prompt, up to a stop, which it does not have
 * @param logProbability natural, of all its tokens given the prompt, those of the stop included
 * @param tokens how many these are
 */
public record Continuation(String text, double logProbability, int tokens) {
    /** Checks its arguments. */
    public Continuation {
        Objects.requireNonNull(text, "text: expected one, got null");
    }
}
