package dev.rondo.text;

/**
 * How tokens are drawn from a model's distribution.
 *
 * <pre>{@code
 * Sampling.defaults().temperature(0.8).topP(0.9).seed(7)
 * }</pre>
 *
 * @param temperature divides the logits, at least 0, finite: below 1 sharper, above 1 flatter, 0 = always the
 *     likeliest
 * @param topP draws only from the likeliest tokens that together have at least this probability, above 0;
 *     1 = from all
 * @param seed of the random numbers
 */
public record Sampling(double temperature, double topP, long seed) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public Sampling {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature: expected a number from 0 on, got " + temperature);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP: expected above 0 to 1, got " + topP);
        }
    }

    /** {@return the model's own distribution: temperature 1, all tokens, seed 0} */
    public static Sampling defaults() {
        return new Sampling(1, 1, 0);
    }

    /**
     * {@return this with another temperature}
     *
     * @param value at least 0, finite; default 1
     * @throws IllegalArgumentException if it is not
     */
    public Sampling temperature(double value) {
        return new Sampling(value, topP, seed);
    }

    /**
     * {@return this with another share of the probability to draw from} (Holtzman et al., "The curious case of neural
     * text degeneration", 2020)
     *
     * @param value above 0, at most 1, the default
     * @throws IllegalArgumentException if it is not
     */
    public Sampling topP(double value) {
        return new Sampling(temperature, value, seed);
    }

    /**
     * {@return this with another seed}
     *
     * @param value any number; default 0
     */
    public Sampling seed(long value) {
        return new Sampling(temperature, topP, value);
    }
}
