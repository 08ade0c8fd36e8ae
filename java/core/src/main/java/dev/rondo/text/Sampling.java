package dev.rondo.text;

import dev.rondo.network.SeededRandom;

/**
 * How tokens are drawn from a model's distribution.
 *
 * <pre>{@code
 * Sampling.defaults().temperature(0.8).topK(40).topP(0.9).seed(7)
 * }</pre>
 *
 * @param temperature divides the logits, at least 0, finite: below 1 sharper, above 1 flatter, 0 = always the
 *     likeliest
 * @param topK draws only from so many of the likeliest tokens, at least 1; {@link #ALL} = from all
 * @param topP draws only from the likeliest of these that together have at least this share of their probability,
 *     above 0; 1 = from all
 * @param seed of the random numbers
 */
public record Sampling(double temperature, int topK, double topP, long seed) {
    /** As {@link #topK()}: draws from all tokens. */
    public static final int ALL = Integer.MAX_VALUE;

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public Sampling {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature: expected a number from 0 on, got " + temperature);
        }
        if (topK < 1) {
            throw new IllegalArgumentException("topK: expected at least 1, got " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP: expected above 0 to 1, got " + topP);
        }
    }

    /** {@return the model's own distribution: temperature 1, all tokens, seed 0} */
    public static Sampling defaults() {
        return new Sampling(1, ALL, 1, 0);
    }

    /**
     * {@return this with another temperature}
     *
     * @param value at least 0, finite; default 1
     * @throws IllegalArgumentException if it is not
     */
    public Sampling temperature(double value) {
        return new Sampling(value, topK, topP, seed);
    }

    /**
     * {@return this with another number of tokens to draw from} (Fan et al., "Hierarchical neural story generation",
     * 2018)
     *
     * @param value at least 1; default {@link #ALL}
     * @throws IllegalArgumentException if it is not
     */
    public Sampling topK(int value) {
        return new Sampling(temperature, value, topP, seed);
    }

    /**
     * {@return this with another share of the probability to draw from} (Holtzman et al., "The curious case of neural
     * text degeneration", 2020)
     *
     * @param value above 0, at most 1, the default
     * @throws IllegalArgumentException if it is not
     */
    public Sampling topP(double value) {
        return new Sampling(temperature, topK, value, seed);
    }

    /**
     * {@return this with another seed}
     *
     * @param value any number; default 0
     */
    public Sampling seed(long value) {
        return new Sampling(temperature, topK, topP, value);
    }

    /**
     * {@return this with the seed of one of many samples: the {@code index}-th number that a {@link SeededRandom} of
     * the seed draws}
     *
     * @param index from 0 on; sample 0 has the seed itself
     * @throws IllegalArgumentException if it is negative
     */
    public Sampling sample(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("index: expected at least 0, got " + index);
        }
        if (index == 0) {
            return this;
        }
        var random = new SeededRandom(seed);
        random.skip(index - 1);
        return seed(random.nextLong());
    }
}
