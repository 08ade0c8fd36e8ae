package dev.rondo.cli.report;

import dev.rondo.cli.report.Run.Sample;
import dev.rondo.text.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The page of one training. */
record RunPage(Run run) {
    private static final int MOST_ROWS = 40;
    private static final int MOST_SAMPLES = 12;

    String html() {
        var html = new StringBuilder("<h1>Training " + Html.escape(run.name()) + "</h1>\n");
        if (run.evaluations().isEmpty()) {
            html.append("<p>No evaluation yet.</p>\n");
        } else {
            html.append(tiles());
        }
        html.append(new Curves(List.of(run)).html());
        if (!run.evaluations().isEmpty()) {
            html.append("<details><summary>Figures</summary>\n").append(figures()).append("</details>\n");
        }
        if (!run.samples().isEmpty()) {
            html.append("<h2>Text that the model made up</h2>\n");
            List<Sample> shown = some(run.samples(), MOST_SAMPLES);
            for (Sample sample : shown.reversed()) {
                html.append(sample == shown.getLast() ? "<details open>" : "<details>")
                        .append("<summary>").append(Numbers.format("at step %,d", sample.step()))
                        .append("</summary>").append(pre(sample)).append("</details>\n");
            }
        }
        return html.append("<div class=\"halves\">\n").append(section("Settings", run.settings()))
                .append(section("Machine", run.machine())).append("</div>\n").toString();
    }

    private String tiles() {
        var html = new StringBuilder("<div class=\"tiles\">\n");
        Evaluation last = run.evaluations().getLast();
        run.best().ifPresent(best -> {
            tile(html, Numbers.decimal(best.validationLoss(), 4),
                    "nats per " + run.unit().singular() + ", best validation loss");
            tile(html, Numbers.decimal(best.measure(), 4), best.unit().measureName());
            tile(html, Numbers.format("%,d", best.step()), "step of the best");
        });
        tile(html, Numbers.decimal(last.trainLoss(), 4),
                "nats per " + run.unit().singular() + ", last training loss");
        tile(html, Numbers.format("%,d", last.step()), "steps");
        tile(html, Numbers.duration(last.seconds()), "time");
        tile(html, Numbers.rate(last.unitsPerSecond()), run.unit().plural() + " per second");
        return html.append("</div>\n").toString();
    }

    private static void tile(StringBuilder html, String value, String name) {
        html.append("<div>").append(Html.element("b", value)).append(Html.element("span", name)).append("</div>\n");
    }

    private String figures() {
        String unit = run.unit().singular();
        var rows = new ArrayList<List<String>>();
        for (Evaluation e : some(run.evaluations(), MOST_ROWS)) {
            rows.add(List.of(Numbers.format("%,d", e.step()), Numbers.duration(e.seconds()),
                    Numbers.decimal(e.trainLoss(), 4), Numbers.decimal(e.validationLoss(), 4),
                    Numbers.decimal(e.measure(), 4), Numbers.significant(e.learningRate(), 4),
                    Numbers.significant(e.gradientNorm(), 4), Numbers.rate(e.unitsPerSecond())));
        }
        return Html.table(List.of("step", "time", "training, nats per " + unit, "validation, nats per " + unit,
                run.unit().measureName(), "learning rate", "gradient", run.unit().plural() + "/s"), rows);
    }

    private static String section(String title, Map<String, String> values) {
        if (values.isEmpty()) {
            return "";
        }
        List<List<String>> rows = values.entrySet().stream()
                .map(entry -> List.of(entry.getKey(), entry.getValue())).toList();
        return "<section>" + Html.element("h2", title) + "\n" + Html.table(List.of(), rows) + "</section>\n";
    }

    static String pre(Sample sample) {
        return "<pre dir=\"auto\">\n" + Html.escape(sample.text()) + "</pre>"; // the first newline does not count
    }

    /** {@return {@code most} of them at most, evenly, the first and the last among them} */
    static <E> List<E> some(List<E> all, int most) {
        return all.size() <= most ? all : IntStream.range(0, most)
                .mapToObj(i -> all.get((int) ((long) i * (all.size() - 1) / (most - 1)))).toList();
    }
}
