package dev.rondo.cli.report;

import dev.rondo.text.Evaluation;
import dev.rondo.train.StepTimes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Bars of what a step's time goes into, one for each run, all of one scale, with the figures below. */
final class StepBars {
    private static final List<String> PARTS = List.of("input", "recurrent", "head", "optimiser");
    private static final int WIDTH = 480;
    private static final int ROW = 46;
    private static final int BAR = 20;

    private final List<Bar> bars = new ArrayList<>();

    /** Milliseconds of a step by part, on average over a run. */
    private record Bar(String name, double[] parts) {
        double total() {
            return IntStream.range(0, parts.length).mapToDouble(i -> parts[i]).sum();
        }
    }

    StepBars(List<Run> runs) {
        for (Run run : runs) {
            double[] parts = mean(run.evaluations());
            if (parts != null) {
                bars.add(new Bar(run.name(), parts));
            }
        }
    }

    /** {@return the means of all steps whose times are known; null if none are} */
    private static double[] mean(List<Evaluation> evaluations) {
        var sums = new double[PARTS.size()];
        long steps = 0;
        long before = 0;
        for (Evaluation e : evaluations) {
            StepTimes times = e.stepTimes();
            long weight = Math.max(1, e.step() - before);
            before = e.step();
            if (times.total() > 0) {
                long[] parts = {times.input(), times.recurrent(), times.head(), times.optimizer()};
                for (int i = 0; i < parts.length; i++) {
                    sums[i] += parts[i] / 1e6 * weight;
                }
                steps += weight;
            }
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= steps;
        }
        return steps == 0 ? null : sums;
    }

    /** {@return an element {@code figure}; empty if no run has times} */
    String html() {
        if (bars.isEmpty()) {
            return "";
        }
        double longest = bars.stream().mapToDouble(Bar::total).max().orElseThrow();
        var svg = new StringBuilder();
        for (int row = 0; row < bars.size(); row++) {
            Bar bar = bars.get(row);
            String name = (bars.size() == 1 ? "" : bar.name() + ": ") + milliseconds(bar.total()) + " ms";
            svg.append(Numbers.format("<text x=\"0\" y=\"%d\">%s</text>%n", row * ROW + 14, Html.escape(name)));
            double x = 0;
            for (int part = 0; part < PARTS.size(); part++) {
                double width = bar.parts[part] / longest * WIDTH;
                svg.append(Numbers.format("<rect class=\"part c%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">"
                        + "<title>%s</title></rect>%n", part, x, row * ROW + 20, width, BAR,
                        Html.escape(PARTS.get(part) + ", " + milliseconds(bar.parts[part]) + " ms")));
                x += width;
            }
        }
        return "<figure class=\"bars\">\n<figcaption><h3>Time of a training step</h3>" + legend() + "</figcaption>\n"
                + Numbers.format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Time of a training step by part"
                        + "\">%n", WIDTH, ROW * bars.size()) + svg + "</svg>\n" + table() + "</figure>\n";
    }

    private static String legend() {
        var html = new StringBuilder("<ul class=\"legend\">");
        for (int part = 0; part < PARTS.size(); part++) {
            html.append(Numbers.format("<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\">"
                    + "<rect class=\"part c%d\" width=\"24\" height=\"8\"/></svg>%s</li>", part, PARTS.get(part)));
        }
        return html.append("</ul>").toString();
    }

    private String table() {
        var rows = new ArrayList<List<String>>();
        for (Bar bar : bars) {
            var row = new ArrayList<>(List.of(bars.size() == 1 ? "ms" : bar.name()));
            for (double part : bar.parts) {
                row.add(milliseconds(part) + Numbers.format("\u00a0(%.0f\u00a0%%)", 100 * part / bar.total()));
            }
            rows.add(row);
        }
        var head = new ArrayList<>(List.of(bars.size() == 1 ? "" : "ms"));
        head.addAll(PARTS);
        return Html.table(head, rows);
    }

    private static String milliseconds(double value) {
        return Numbers.significant(value, 3);
    }
}
