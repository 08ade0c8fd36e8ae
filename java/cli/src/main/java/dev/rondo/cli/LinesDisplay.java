package dev.rondo.cli;

import java.io.PrintStream;

/** A table with one row for each evaluation: for files, pipes and logs. */
final class LinesDisplay implements ProgressDisplay {
    private static final String ROW = "%8s %9s %12s %17s %10s %12s %9s %8s%n";

    private final PrintStream out;
    private boolean headed;

    LinesDisplay(PrintStream out) {
        this.out = out;
    }

    @Override
    public void stepped(Snapshot now) {}

    @Override
    public void evaluated(Snapshot now) {
        if (!headed) {
            out.print(Figures.format(ROW,
                    "step", "seconds", "train loss", "validation loss", "bits/char", "characters/s", "gradient", "left"));
            headed = true;
        }
        out.print(Figures.format(ROW, Figures.format("%,d", now.step()), Figures.format("%.1f", now.seconds()),
                Figures.format("%.4f", now.trainLoss()), Figures.format("%.4f", now.validationLoss()),
                Figures.format("%.4f", Figures.bits(now.validationLoss())), Figures.rate(now.charactersPerSecond()),
                Figures.format("%.3g", now.gradientNorm()), Figures.duration(now.secondsLeft())));
        out.flush();
    }

    @Override
    public void close() {}
}
