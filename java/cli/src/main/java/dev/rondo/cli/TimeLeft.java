package dev.rondo.cli;

import dev.rondo.text.TrainingProgress;

/** Estimates the time that is left, if the rest of the budget goes as fast as what this run used of it. */
final class TimeLeft {
    private double firstShare = Double.NaN; // a resumed training begins with a share used up
    private double firstSeconds;
    private double seconds = Double.NaN;

    /** Takes note of one more step. */
    void step(TrainingProgress now) {
        if (Double.isNaN(firstShare)) {
            firstShare = now.share();
            firstSeconds = now.seconds();
            return;
        }
        seconds = (now.seconds() - firstSeconds) * (1 - now.share()) / (now.share() - firstShare);
    }

    /** {@return seconds; NaN if it is too early to tell} */
    double seconds() {
        return seconds;
    }
}
