package dev.rondo.cli.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.rondo.cli.report.Axis.Fit;
import dev.rondo.cli.report.Axis.Tick;
import dev.rondo.text.TextUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Lines over one axis, as an element {@code figure} with an SVG: drawn here, so that it shows where no script runs; the
 * points go along as JSON for the script that tells of them.
 */
final class Chart {
    private static final int WIDTH = 480;
    private static final int HEIGHT = 272;
    private static final int TOP = 30; // for the names of the axes
    private static final int BOTTOM = 44;
    private static final double CHARACTER = 7.2; // width of one in labels
    private static final int MOST_X_TICKS = 6;
    private static final int MOST_Y_TICKS = 7;
    private static final int MOST_POINTS = 400;

    /** Colours that can be told apart, by those too who see fewer of them: report.css has them. */
    static final int COLORS = 7;

    /** Of lines with so few points each is marked. */
    private static final int MARKED = 30;

    /** Times the greatest value: a level beyond would press the lines to the ground. */
    private static final double FAR = 2.5;

    /** Gson escapes what could end a script element. */
    private static final Gson GSON = new GsonBuilder().create();

    private final String title;
    private final String xName;
    private final String yName;
    private final Fit fit;
    private final List<Series> series = new ArrayList<>();
    private TextUnit unit; // null = one axis
    private double level = Double.NaN;
    private String levelName = "";

    // Laid out when it is drawn.
    private Axis x;
    private Axis y;
    private boolean levelIsDrawn;
    private int left;
    private int right;

    /** What the script reads. */
    private record Points(String name, int color, double[][] points) {}

    /** What the script reads. */
    private record Hover(String x, String y, List<Points> series) {}

    /**
     * An empty chart.
     *
     * @param title what it shows
     * @param xName of the horizontal axis, with its unit
     * @param yName of the vertical axis, likewise
     * @param fit of the vertical axis
     */
    Chart(String title, String xName, String yName, Fit fit) {
        this.title = title;
        this.xName = xName;
        this.yName = yName;
        this.fit = fit;
    }

    /** Adds a line. */
    Chart add(Series line) {
        series.add(line.thinned(MOST_POINTS));
        return this;
    }

    /** Adds a second axis, of what is customary for {@code of}; the first is of nats. */
    Chart measuredIn(TextUnit of) {
        unit = of;
        return this;
    }

    /** Draws a level across, or says where it is if the lines are far below; one that is not finite is none. */
    Chart level(double value, String name) {
        level = value;
        levelName = name;
        return this;
    }

    /** {@return the element} */
    String html() {
        layOut();
        var svg = new StringBuilder();
        grid(svg);
        if (levelIsDrawn) {
            level(svg);
        }
        series.forEach(line -> draw(svg, line));
        svg.append("<line class=\"cursor\" y1=\"").append(TOP).append("\" y2=\"").append(HEIGHT - BOTTOM)
                .append("\" hidden=\"hidden\"/>\n");
        return "<figure class=\"chart\">\n<figcaption>" + Html.element("h3", title) + legend() + "</figcaption>\n"
                + Numbers.format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n", WIDTH, HEIGHT,
                        Html.escape(title + ": " + yName + " by " + xName))
                + svg + "</svg>\n<div class=\"tip\" hidden></div>\n<script type=\"application/json\">"
                + GSON.toJson(new Hover(xName, yName, series.stream().map(this::points).toList()))
                + "</script>\n</figure>\n";
    }

    private void layOut() {
        double[] places = series.stream().flatMapToDouble(line -> Arrays.stream(line.x())).toArray();
        double end = DoubleStream.of(places).max().orElse(1);
        x = new Axis(0, end > 0 ? end : 1, false);
        DoubleStream values = series.stream().flatMapToDouble(line -> Arrays.stream(line.y()));
        double[] all = values.toArray();
        double most = Arrays.stream(all).filter(Double::isFinite).max().orElse(0);
        levelIsDrawn = Double.isFinite(level) && level < FAR * most;
        double alsoShown = levelIsDrawn ? level : Double.NaN;
        y = Axis.around(DoubleStream.concat(Arrays.stream(all), DoubleStream.of(alsoShown)), fit);
        left = margin(y);
        right = WIDTH - (second() == null ? 18 : margin(second()));
    }

    private static int margin(Axis axis) {
        int longest = axis.ticks(MOST_Y_TICKS).stream().mapToInt(tick -> tick.label().length()).max().orElse(0);
        return 12 + (int) Math.max(2 * CHARACTER, CHARACTER * longest);
    }

    /** {@return the axis at the right; null if there is none, or nothing to write at it} */
    private Axis second() {
        boolean perplexity = unit != null && unit.measure(0) == 1;
        if (unit == null || perplexity && y.logarithmic()) {
            return null;
        }
        Axis measured = y.measured(unit);
        return Double.isFinite(measured.high()) ? measured : null;
    }

    private double px(double value) {
        return left + x.at(value) * (right - left);
    }

    private double py(double value) {
        return py(y, value);
    }

    private static double py(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - BOTTOM - TOP);
    }

    private void grid(StringBuilder svg) {
        for (Tick tick : y.ticks(MOST_Y_TICKS)) {
            line(svg, "grid", left, py(tick.value()), right, py(tick.value()));
            text(svg, "end", left - 6, py(tick.value()) + 4, tick.label());
        }
        for (Tick tick : x.ticks(MOST_X_TICKS)) {
            line(svg, "tick", px(tick.value()), HEIGHT - BOTTOM, px(tick.value()), HEIGHT - BOTTOM + 4);
            text(svg, "middle", px(tick.value()), HEIGHT - BOTTOM + 17, tick.label());
        }
        line(svg, "axis", left, HEIGHT - BOTTOM, right, HEIGHT - BOTTOM);
        text(svg, "middle", (left + right) / 2.0, HEIGHT - 8, xName);
        text(svg, "start", 2, 14, yName + (y.logarithmic() ? " (logarithmic)" : "")
                + (Double.isFinite(level) && !levelIsDrawn ? "; " + levelName : ""));
        Axis second = second();
        if (second != null) {
            for (Tick tick : second.ticks(MOST_Y_TICKS)) {
                text(svg, "start", right + 6, py(second, tick.value()) + 4, tick.label());
                line(svg, "tick", right, py(second, tick.value()), right + 3, py(second, tick.value()));
            }
            text(svg, "end", WIDTH - 2, 14, unit.measureName());
        }
    }

    private void level(StringBuilder svg) {
        line(svg, "level", left, py(level), right, py(level));
        text(svg, "end", right - 4, py(level) - 5, levelName);
    }

    private static void line(StringBuilder svg, String style, double x1, double y1, double x2, double y2) {
        svg.append(Numbers.format("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                style, x1, y1, x2, y2));
    }

    private static void text(StringBuilder svg, String anchor, double x, double y, String text) {
        svg.append(Numbers.format("<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>%n",
                anchor, x, y, Html.escape(text)));
    }

    /** A path, broken where there is no number; a dot for a point that nothing joins, or for each of a few. */
    private void draw(StringBuilder svg, Series line) {
        var path = new StringBuilder();
        var dots = new StringBuilder();
        boolean few = line.x().length <= MARKED;
        for (int i = 0; i < line.x().length; i++) {
            if (!isDrawn(line, i)) {
                continue;
            }
            boolean joined = isDrawn(line, i - 1);
            double py = visible(py(line.y()[i]));
            path.append(Numbers.format("%s%.1f %.1f", joined ? "L" : "M", px(line.x()[i]), py));
            if (few || !joined && !isDrawn(line, i + 1)) {
                dots.append(Numbers.format("<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>%n",
                        colour(line), px(line.x()[i]), py));
            }
        }
        svg.append("<path class=\"").append(style(line)).append("\" d=\"").append(path).append("\"/>\n").append(dots);
    }

    private boolean isDrawn(Series line, int i) {
        return i >= 0 && i < line.x().length && Double.isFinite(py(line.y()[i])) && Double.isFinite(px(line.x()[i]));
    }

    /** What lies beyond the axis, being next to nothing or beyond measure, is drawn at its end. */
    private static double visible(double py) {
        return Math.clamp(py, TOP, HEIGHT - BOTTOM);
    }

    private String legend() {
        if (series.size() < 2) {
            return "";
        }
        var html = new StringBuilder("<ul class=\"legend\">");
        for (Series line : series) {
            html.append("<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"")
                    .append(style(line)).append("\" d=\"M0 4H24\"/></svg>").append(Html.escape(line.name()))
                    .append("</li>");
        }
        return html.append("</ul>").toString();
    }

    /** Beyond the colours that can be told apart, lines are dashed. */
    private static String style(Series line) {
        int round = line.color() / COLORS;
        return "line c" + colour(line) + (round > 0 ? " d" + Math.min(round, 2) : "");
    }

    private static int colour(Series line) {
        return line.color() % COLORS;
    }

    private Points points(Series line) {
        var points = new ArrayList<double[]>();
        for (int i = 0; i < line.x().length; i++) {
            if (isDrawn(line, i)) {
                points.add(new double[] {rounded(px(line.x()[i])), rounded(visible(py(line.y()[i]))),
                    brief(line.x()[i]), brief(line.y()[i])});
            }
        }
        return new Points(line.name(), colour(line), points.toArray(double[][]::new));
    }

    private static double rounded(double pixels) {
        return Math.rint(pixels * 10) / 10;
    }

    private static double brief(double value) {
        double brief = Double.parseDouble(Numbers.format("%.5g", value));
        return Double.isInfinite(brief) ? value : brief; // rounded up, beyond all numbers
    }
}
