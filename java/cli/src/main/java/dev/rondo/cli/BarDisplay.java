package dev.rondo.cli;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import dev.rondo.text.TrainingProgress;
import java.io.PrintStream;
import java.util.List;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;

/** One line that is redrawn a few times a second: how far, the losses, the speed, the gradient, the time left. */
final class BarDisplay implements ProgressDisplay {
    private static final int PARTS = 1000;
    private static final int INTERVAL_MILLIS = 200;
    private static final int SHORTEST_BAR = 12;
    private static final int SHORTEST_BRIEF_BAR = 6;

    /** How much of the shown training loss a step leaves as it is: single batches differ too much to be read. */
    private static final double SMOOTHING = 0.95;


    private final TextUnit unit;
    private final ProgressBar bar;
    private final TimeLeft left = new TimeLeft();
    private double trainLoss = Double.NaN;
    private double validationLoss = Double.NaN;
    private volatile View view = new View(0, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /** The figures of the line; NaN where there is none yet. */
    record View(double share, double trainLoss, double validationLoss, double unitsPerSecond, double gradientNorm,
            double secondsLeft) {}

    BarDisplay(PrintStream out, TextUnit unit) {
        this.unit = unit;
        var consumer = new ConsoleProgressBarConsumer(out);
        // Opens the terminal, which resets signal handlers: now, so that those installed from here on stay.
        consumer.getMaxRenderedLength();
        this.bar = new ProgressBarBuilder()
                .setInitialMax(PARTS)
                .setUpdateIntervalMillis(INTERVAL_MILLIS)
                .continuousUpdate()
                .setConsumer(consumer)
                .setRenderer(this::render)
                .build();
    }

    @Override
    public void step(TrainingProgress now) {
        left.step(now);
        trainLoss = Double.isNaN(trainLoss) ? now.loss() : SMOOTHING * trainLoss + (1 - SMOOTHING) * now.loss();
        view = new View(now.share(), trainLoss, validationLoss,
                now.unitsPerSecond(), now.gradientNorm(), left.seconds());
    }

    @Override
    public void evaluation(Evaluation e) {
        validationLoss = e.validationLoss();
        view = new View(view.share, view.trainLoss, validationLoss,
                view.unitsPerSecond, view.gradientNorm, view.secondsLeft);
    }

    @Override
    public void close() {
        bar.close();
    }

    private String render(ProgressState state, int width) {
        return line(view, unit, width);
    }

    /** {@return exactly {@code width} characters, so that they cover the line before} */
    static String line(View view, TextUnit unit, int width) {
        String percent = Figures.format("%3.0f%% ", 100 * view.share);
        String figures = figures(view, unit, full(unit), 3);
        if (percent.length() + SHORTEST_BAR + figures.length() > width) {
            figures = figures(view, unit, brief(unit), 2);
        }
        int room = Math.max(width - percent.length() - figures.length(), SHORTEST_BRIEF_BAR) - 2; // 2 for [ and ]
        int filled = (int) Math.round(room * view.share);
        String line = percent + "[" + "=".repeat(filled) + " ".repeat(room - filled) + "]" + figures;
        return line.substring(0, Math.min(line.length(), width));
    }

    private static List<String> full(TextUnit unit) {
        String measure = Figures.inBits(unit) ? " nats %s bits/" : " nats perplexity %s/";
        return List.of("  train %s", "  validation %s", measure + unit.singular(), "  %s " + unit.plural() + "/s",
                "  gradient %s", "  %s left");
    }

    private static List<String> brief(TextUnit unit) {
        return List.of(" train %s", " valid %s", Figures.inBits(unit) ? " (%s bits)" : " (perp. %s)",
                " %s " + Figures.brief(unit) + "/s", " |g| %s", " %s");
    }

    private static String figures(View view, TextUnit unit, List<String> words, int digits) {
        var text = new StringBuilder();
        append(text, words.get(0), view.trainLoss, Figures.decimal(view.trainLoss, 3));
        append(text, words.get(1), view.validationLoss, Figures.decimal(view.validationLoss, 3));
        append(text, words.get(2), view.validationLoss, Figures.decimal(unit.measure(view.validationLoss), digits));
        append(text, words.get(3), view.unitsPerSecond, Figures.rate(view.unitsPerSecond));
        append(text, words.get(4), view.gradientNorm, Figures.decimal(view.gradientNorm, 2));
        append(text, words.get(5), view.secondsLeft, Figures.duration(view.secondsLeft));
        return text.toString();
    }

    private static void append(StringBuilder text, String format, double value, String shown) {
        if (Double.isFinite(value)) {
            text.append(Figures.format(format, shown));
        }
    }
}
