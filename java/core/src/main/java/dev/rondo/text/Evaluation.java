package dev.rondo.text;

/**
 * What an evaluation during training gave.
 *
 * @param step steps since the beginning of the training
 * @param seconds time since the beginning of this run
 * @param trainLoss mean nats per character of the steps since the last evaluation
 * @param validationLoss mean nats per character of the validation text as one stream
 * @param charactersPerSecond learned from since the last evaluation
 * @param gradientNorm norm of all gradients of the last step, before clipping
 * @param best whether the validation loss is the lowest so far
 */
public record Evaluation(
        long step,
        double seconds,
        double trainLoss,
        double validationLoss,
        double charactersPerSecond,
        double gradientNorm,
        boolean best) {
    /** {@return the validation loss in bits per character} */
    public double bitsPerCharacter() {
        return validationLoss / Math.log(2);
    }
}
