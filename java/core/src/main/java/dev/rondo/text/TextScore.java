package dev.rondo.text;

/**
 * How well a model foresees a text.
 *
 * @param nats negative logarithm of the probability of the predicted characters, given those before; the
 *     log-probability is {@code -nats}
 * @param predictions how many characters were predicted
 */
public record TextScore(double nats, long predictions) {
    private static final double LN2 = Math.log(2);

    /** {@return mean nats per predicted character; not a number if none was predicted} */
    public double natsPerCharacter() {
        return nats / predictions;
    }

    /** {@return mean bits per predicted character; not a number if none was predicted} */
    public double bitsPerCharacter() {
        return natsPerCharacter() / LN2;
    }

    /**
     * {@return e to the power of the mean nats: among how many equally likely characters the model would be as unsure}
     */
    public double perplexity() {
        return Math.exp(natsPerCharacter());
    }
}
