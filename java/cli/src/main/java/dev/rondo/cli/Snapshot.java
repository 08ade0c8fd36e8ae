package dev.rondo.cli;

/**
 * What is shown of a run under way. Losses are nats per character, NaN where there is none yet.
 *
 * @param done how much of the run is over, 0 to 1
 * @param seconds since it began
 * @param step training steps taken
 * @param trainLoss a recent mean
 * @param validationLoss of the latest evaluation
 * @param charactersPerSecond recently trained on
 * @param gradientNorm before clipping
 */
record Snapshot(double done, double seconds, long step, double trainLoss, double validationLoss,
        double charactersPerSecond, double gradientNorm) {
    /** {@return seconds until the end, if the rest takes as long as what is done} */
    double secondsLeft() {
        return done > 0 ? seconds * (1 - done) / done : Double.NaN;
    }
}
