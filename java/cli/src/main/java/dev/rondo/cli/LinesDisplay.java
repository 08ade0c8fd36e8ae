package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TrainingProgress;
import java.io.PrintStream;

/** A table with one row for each evaluation: for files, pipes and logs. */
final class LinesDisplay implements ProgressDisplay {
    private static final String ROW = "%9s %8s %15s %15s %11s %13s %9s %8s";

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
            String nats = " nats/" + Figures.brief(e.unit());
            out.println(Figures.format(ROW, "step", "seconds", "train" + nats, "valid" + nats,
                    Figures.inBits(e.unit()) ? "bits/" + Figures.brief(e.unit()) : "perplexity",
                    e.unit().plural() + "/s", "gradient", "left"));
            headed = true;
        }
        out.println(Figures.format(ROW, Figures.format("%,d", e.step()), Figures.format("%.1f", e.seconds()),
                Figures.decimal(e.trainLoss(), 4), Figures.decimal(e.validationLoss(), 4),
                Figures.decimal(e.measure(), 4), Figures.rate(e.unitsPerSecond()),
                Figures.decimal(e.gradientNorm(), 3), Figures.duration(left.seconds())));
    }

    @Override
    public void close() {}
}
