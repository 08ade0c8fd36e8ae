package dev.rondo.cli;

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
    private static final List<String> FULL = List.of("  train %.3f", "  validation %.3f nats", " %.3f bits/character",
            "  %s characters/s", "  gradient %.2f", "  %s left");
    private static final List<String> BRIEF = List.of(" train %.3f", " valid %.3f", " (%.2f bits)",
            " %s char/s", " |g| %.2f", " %s");

    private final ProgressBar bar;
    private volatile Snapshot now = new Snapshot(0, 0, 0, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    BarDisplay(PrintStream out) {
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
    public void stepped(Snapshot snapshot) {
        now = snapshot;
        bar.stepTo(Math.round(PARTS * snapshot.done()));
    }

    @Override
    public void evaluated(Snapshot snapshot) {
        stepped(snapshot);
    }

    @Override
    public void close() {
        bar.close();
    }

    private String render(ProgressState state, int width) {
        return line(now, state.getNormalizedProgress(), width);
    }

    /** {@return exactly {@code width} characters, so that they cover the line before} */
    static String line(Snapshot now, double done, int width) {
        String percent = Figures.format("%3.0f%% ", 100 * done);
        String figures = figures(now, FULL);
        if (percent.length() + SHORTEST_BAR + figures.length() > width) {
            figures = figures(now, BRIEF);
        }
        int room = Math.max(width - percent.length() - figures.length(), SHORTEST_BAR) - 2; // 2 for [ and ]
        int filled = (int) Math.round(room * Math.min(done, 1));
        String line = percent + "[" + "=".repeat(filled) + " ".repeat(room - filled) + "]" + figures;
        return line.substring(0, Math.min(line.length(), width));
    }

    private static String figures(Snapshot now, List<String> words) {
        var text = new StringBuilder();
        append(text, words.get(0), now.trainLoss());
        append(text, words.get(1), now.validationLoss());
        append(text, words.get(2), Figures.bits(now.validationLoss()));
        if (now.charactersPerSecond() > 0) {
            text.append(Figures.format(words.get(3), Figures.rate(now.charactersPerSecond())));
        }
        append(text, words.get(4), now.gradientNorm());
        if (now.secondsLeft() >= 0) {
            text.append(Figures.format(words.get(5), Figures.duration(now.secondsLeft())));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, String format, double value) {
        if (!Double.isNaN(value)) {
            text.append(Figures.format(format, value));
        }
    }
}
