package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.io.PrintStream;
import java.util.List;

/** What trainings by several seeds gave: one row each, and what they give on average. */
final class SeedTable {
    private SeedTable() {}

    /**
     * Prints the table.
     *
     * @param first the seed of the first; the others follow it
     * @param best the best evaluation of each
     */
    static void print(PrintStream out, long first, List<Evaluation> best) {
        TextUnit unit = best.getFirst().unit();
        out.println(Figures.format("%6s %8s %15s %18s", "seed", "step", "valid nats/" + Figures.brief(unit),
                unit.measureName()));
        for (int i = 0; i < best.size(); i++) {
            Evaluation e = best.get(i);
            out.println(Figures.format("%6d %8d %15s %18s", first + i, e.step(),
                    Figures.decimal(e.validationLoss(), 4), Figures.decimal(e.measure(), 4)));
        }
        double[] losses = best.stream().mapToDouble(Evaluation::validationLoss).toArray();
        double[] measures = best.stream().mapToDouble(Evaluation::measure).toArray();
        out.println(Figures.format("%6s %8s %15s %18s", "mean", "", Figures.decimal(mean(losses), 4),
                Figures.decimal(mean(measures), 4)));
        out.println(Figures.format("%6s %8s %15s %18s", "+-", "", Figures.decimal(deviation(losses), 4),
                Figures.decimal(deviation(measures), 4)));
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** {@return the standard deviation of a sample, by n - 1} */
    private static double deviation(double[] values) {
        double mean = mean(values);
        double sum = 0;
        for (double value : values) {
            sum += (value - mean) * (value - mean);
        }
        return Math.sqrt(sum / (values.length - 1));
    }
}
