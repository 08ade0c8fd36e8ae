package dev.rondo.text;

import java.util.Objects;

/**
 * How well a model foresees a text.
 *
 * @param unit what was predicted
 * @param nats negative logarithm of the probability of the predicted units, given those before; the log-probability is
 *     {@code -nats}
 * @param predictions how many units were predicted
 * @param unknown how many of these were unknown words, which the model knows only as {@code <unk>}; the probability is
 *     of there being one then, not of that word
 */
public record TextScore(TextUnit unit, double nats, long predictions, long unknown) {
    private static final double LN_2 = Math.log(2);

    /** Checks its arguments. */
    public TextScore {
        Objects.requireNonNull(unit, "unit: expected one, got null");
    }

    /** {@return mean nats per predicted unit; not a number if none was predicted} */
    public double natsPerUnit() {
        return nats / predictions;
    }

    /** {@return mean bits per predicted unit; not a number if none was predicted} */
    public double bitsPerUnit() {
        return natsPerUnit() / LN_2;
    }

    /** {@return e to the power of the mean nats: among how many equally likely units the model would be as unsure} */
    public double perplexity() {
        return Math.exp(natsPerUnit());
    }

    /**
     * {@return the score of two texts together}
     *
     * @param other of the same unit
     * @throws IllegalArgumentException if it is of another
     */
    public TextScore plus(TextScore other) {
        Objects.requireNonNull(other, "other: expected a score, got null");
        if (other.unit != unit) {
            throw new IllegalArgumentException(
                    "other: expected a score of " + unit.plural() + ", got one of " + other.unit.plural());
        }
        return new TextScore(unit, nats + other.nats, predictions + other.predictions, unknown + other.unknown);
    }
}
