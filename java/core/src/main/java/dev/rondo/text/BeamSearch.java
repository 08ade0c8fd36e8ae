package dev.rondo.text;

/**
 * How continuations are searched for: at each step the {@code width} likeliest are kept, and each goes on with every
 * token. No random numbers are drawn; of a width of 1 it is the likeliest token at each step.
 *
 * <pre>{@code
 * BeamSearch.of(8).lengthPenalty(0.6)
 * }</pre>
 *
 * @param width how many are kept, at least 1
 * @param lengthPenalty a: continuations that end at different lengths are compared by their log-probability divided
 *     by the a-th power of their tokens; at least 0, finite. 0 = by their log-probability, which favours short ones; 1
 *     = by that of each token, in the mean
 */
public record BeamSearch(int width, double lengthPenalty) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public BeamSearch {
        if (width < 1) {
            throw new IllegalArgumentException("width: expected at least 1, got " + width);
        }
        if (!(lengthPenalty >= 0 && lengthPenalty < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("lengthPenalty: expected a number from 0 on, got " + lengthPenalty);
        }
    }

    /**
     * {@return a search without length penalty}
     *
     * @param width at least 1
     * @throws IllegalArgumentException if it is not
     */
    public static BeamSearch of(int width) {
        return new BeamSearch(width, 0);
    }

    /**
     * {@return this with another length penalty}
     *
     * @param value at least 0, the default; finite
     * @throws IllegalArgumentException if it is not
     */
    public BeamSearch lengthPenalty(double value) {
        return new BeamSearch(width, value);
    }

    /** {@return by what a continuation of so many tokens is compared, the greater the better} */
    double worth(double logProbability, int tokens) {
        return tokens == 0 ? logProbability : logProbability / Math.pow(tokens, lengthPenalty);
    }
}
