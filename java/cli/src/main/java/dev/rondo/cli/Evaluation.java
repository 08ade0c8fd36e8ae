package dev.rondo.cli;

/**
 * A run's figures at one evaluation. Losses are nats per character.
 *
 * @param step training steps taken
 * @param seconds trained so far
 * @param trainLoss mean since the evaluation before
 * @param validationLoss over all validation text
 * @param charactersPerSecond trained on, since the evaluation before
 */
record Evaluation(long step, double seconds, double trainLoss, double validationLoss, double charactersPerSecond) {
    /** {@return one line of JSON} */
    String toJson() {
        return Figures.format("{\"step\": %d, \"seconds\": %.3f, \"train_loss\": %.6f, \"validation_loss\": %.6f, "
                + "\"characters_per_second\": %.1f}", step, seconds, trainLoss, validationLoss, charactersPerSecond);
    }
}
