package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TrainingProgress;
import java.io.PrintStream;

/** A table with one row for each evaluation: for files, pipes and logs. */
final class LinesDisplay implements ProgressDisplay {
    private static final String ROW = "%9s %8s %11s %16s %10s %13s %9s %8s";

    private final PrintStream out;
    private final TimeLeft left = new TimeLeft();
    private boolean headed;

    LinesDisplay(PrintStream out) {
        this.out = out;
    }

    @Override
    public void step(TrainingProgress now) {
        left.step(now);
    }

    @Override
    public void evaluation(Evaluation e) {
        if (!headed) {
            out.println(Figures.format(ROW, "step", "seconds", "train loss", "validation loss", "bits/char",
                    "characters/s", "gradient", "left"));
            headed = true;
        }
        out.println(Figures.format(ROW, Figures.format("%,d", e.step()), Figures.format("%.1f", e.seconds()),
                Figures.decimal(e.trainLoss(), 4), Figures.decimal(e.validationLoss(), 4),
                Figures.decimal(e.bitsPerCharacter(), 4), Figures.rate(e.charactersPerSecond()),
                Figures.decimal(e.gradientNorm(), 3), Figures.duration(left.seconds())));
    }

    @Override
    public void close() {}
}
