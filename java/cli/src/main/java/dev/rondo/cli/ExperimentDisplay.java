package dev.rondo.cli;

import dev.rondo.cli.experiment.Progress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Shows an experiment under way: lines, and on a terminal a bar for a part that says how much of it is done. */
final class ExperimentDisplay implements Progress, AutoCloseable {
    private static final int PARTS = 1000;
    private static final int INTERVAL_MILLIS = 200;
    private static final int SHORTEST_BAR = 12;

    private final Streams streams;
    private ProgressBar bar; // null while there is none
    private volatile double done;
    private volatile String found = "";

    ExperimentDisplay(Streams streams) {
        this.streams = streams;
    }

    @Override
    public void line(String text) {
        close();
        streams.out().println("  " + text);
    }

    @Override
    public void share(double now, String text) {
        if (!streams.terminal()) {
            return;
        }
        done = now;
        found = text;
        if (bar == null) {
            bar = new ProgressBarBuilder().setInitialMax(PARTS).setUpdateIntervalMillis(INTERVAL_MILLIS)
                    .continuousUpdate().setConsumer(new ConsoleProgressBarConsumer(streams.out()))
                    .setRenderer((_, width) -> line(done, found, width)).build();
        }
        if (now >= 1) {
            close();
        }
    }

    /** {@return exactly {@code width} characters, so that they cover the line before} */
    static String line(double share, String text, int width) {
        String percent = Figures.format("%3.0f%% ", 100 * share);
        int room = Math.max(width - percent.length() - text.length() - 4, SHORTEST_BAR); // 4: brackets and spaces
        int filled = (int) Math.round(room * share);
        String line = percent + "[" + "=".repeat(filled) + " ".repeat(room - filled) + "]  " + text;
        return line.substring(0, Math.min(line.length(), width));
    }

    /** Ends a bar, with its last figures. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
