package dev.rondo.cli.report;

import dev.rondo.cli.report.Axis.Fit;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The charts of one run, or of several whose lines lie over each other. */
final class Curves {
    /** What a gradient is said to reach back to, in % of lag 1; as GradientFlow has it. */
    private static final double REACH = 1;

    private static final Pattern CLIP = Pattern.compile("(?:norm:)?([0-9.]+(?:[eE]-?[0-9]+)?)");

    private final List<Run> runs;
    private final TextUnit unit;
    private final String nats;
    private final Time time;

    /** The unit in which a horizontal axis of time has handy numbers. */
    private record Time(String name, double seconds) {
        static Time of(double longest) {
            if (longest < 300) {
                return new Time("time (s)", 1);
            }
            return longest < 3 * 3600 ? new Time("time (min)", 60) : new Time("time (h)", 3600);
        }
    }

    Curves(List<Run> runs) {
        this.runs = runs;
        this.unit = runs.getFirst().unit();
        this.nats = "nats per " + unit.singular();
        this.time = Time.of(runs.stream().flatMap(run -> run.evaluations().stream())
                .mapToDouble(Evaluation::seconds).filter(Double::isFinite).max().orElse(0));
    }

    /** {@return the charts, as HTML; those alone that there is something to draw in} */
    String html() {
        var charts = new ArrayList<Chart>();
        if (runs.stream().anyMatch(run -> !run.evaluations().isEmpty())) {
            if (runs.size() == 1) {
                charts.add(losses("Loss", "step", Evaluation::step));
                charts.add(losses("Loss by time", time.name(), this::time));
            } else {
                charts.add(validation("Validation loss", "step", Evaluation::step));
                charts.add(validation("Validation loss by time", time.name(), this::time));
                charts.add(training());
            }
            charts.add(byStep("", Fit.FROM_ZERO, "Learning rate", Evaluation::learningRate));
            charts.add(byStep("norm, last step before an evaluation", Fit.FROM_ZERO, "Gradient before clipping",
                    Evaluation::gradientNorm).level(clip(), "clipped from " + Numbers.significant(clip(), 4) + " on"));
            charts.add(byStep(unit.plural() + " per second", Fit.LINEAR_FROM_ZERO, "Throughput",
                    Evaluation::unitsPerSecond));
        }
        if (runs.stream().anyMatch(run -> !run.gradientByLag().isEmpty())) {
            charts.add(byLag());
        }
        var html = new StringBuilder("<div class=\"charts\">\n");
        charts.forEach(chart -> html.append(chart.html()));
        return html.append(new StepBars(runs).html()).append("</div>\n").toString();
    }

    private double time(Evaluation e) {
        return e.seconds() / time.seconds();
    }

    private Chart losses(String title, String xName, ToDoubleFunction<Evaluation> x) {
        List<Evaluation> evaluations = runs.getFirst().evaluations();
        double[] ends = values(evaluations, x);
        return new Chart(title, xName, nats, Fit.CLOSE).measuredIn(unit)
                .add(new Series("training", 0, middles(ends), values(evaluations, Evaluation::trainLoss)))
                .add(new Series("validation", 1, ends, values(evaluations, Evaluation::validationLoss)));
    }

    private Chart validation(String title, String xName, ToDoubleFunction<Evaluation> x) {
        return lines(new Chart(title, xName, nats, Fit.CLOSE), x, Evaluation::validationLoss).measuredIn(unit);
    }

    private Chart training() {
        var chart = new Chart("Training loss", "step", nats, Fit.CLOSE).measuredIn(unit);
        for (int i = 0; i < runs.size(); i++) {
            List<Evaluation> evaluations = runs.get(i).evaluations();
            chart.add(new Series(runs.get(i).name(), i, middles(values(evaluations, Evaluation::step)),
                    values(evaluations, Evaluation::trainLoss)));
        }
        return chart;
    }

    private Chart byStep(String yName, Fit fit, String title, ToDoubleFunction<Evaluation> y) {
        return lines(new Chart(title, "step", yName, fit), Evaluation::step, y);
    }

    private Chart lines(Chart chart, ToDoubleFunction<Evaluation> x, ToDoubleFunction<Evaluation> y) {
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            chart.add(new Series(run.name(), i, values(run.evaluations(), x), values(run.evaluations(), y)));
        }
        return chart;
    }

    /** All layers of one run; of several runs the first layers. */
    private Chart byLag() {
        var chart = new Chart(runs.size() == 1 ? "Gradient by lag" : "Gradient by lag, first layer",
                "lag (" + unit.plural() + ")", "% of lag 1", Fit.LOGARITHMIC).level(REACH, "1 %");
        for (int i = 0; i < runs.size(); i++) {
            List<double[]> layers = runs.get(i).gradientByLag();
            int shown = runs.size() == 1 ? layers.size() : Math.min(1, layers.size());
            for (int layer = 0; layer < shown; layer++) {
                double[] norms = layers.get(layer);
                String name = runs.size() == 1 ? "layer " + (layer + 1) : runs.get(i).name();
                chart.add(new Series(name, runs.size() == 1 ? layer : i,
                        IntStream.rangeClosed(1, norms.length).asDoubleStream().toArray(),
                        Arrays.stream(norms).map(norm -> 100 * norm / norms[0]).toArray()));
            }
        }
        return chart;
    }

    /** {@return the norm that gradients are clipped to, if one run says so, or all the same; else NaN} */
    private double clip() {
        List<String> texts = runs.stream().map(run -> run.settings().getOrDefault("clip", "")).distinct().toList();
        Matcher m = CLIP.matcher(texts.getFirst());
        return texts.size() == 1 && m.matches() ? Double.parseDouble(m.group(1)) : Double.NaN;
    }

    /** {@return where training losses belong, being means over the steps since the evaluation before} */
    private static double[] middles(double[] ends) {
        return IntStream.range(0, ends.length)
                .mapToDouble(i -> (ends[i] + (i == 0 ? 0 : ends[i - 1])) / 2)
                .toArray();
    }

    private static double[] values(List<Evaluation> evaluations, ToDoubleFunction<Evaluation> value) {
        return evaluations.stream().mapToDouble(value).toArray();
    }
}
