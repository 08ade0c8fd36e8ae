package dev.rondo.cli.report;

import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** The page of several trainings of one unit. */
record ComparisonPage(List<Run> runs) {
    String html() {
        var html = new StringBuilder("<h1>" + runs.size() + " trainings, of " + unit().plural() + "</h1>\n");
        html.append(best());
        if (differ(Run.VOCABULARY) || differ(Run.VALIDATION)) {
            html.append("<p>Their vocabularies or validation texts differ: their losses cannot be compared as they are."
                    + "</p>\n");
        } else if (differ(Run.FINGERPRINT)) {
            html.append("<p>Their texts differ: their losses can be compared only if they were validated with the same "
                    + "part.</p>\n");
        }
        String what = differences("Settings that differ", Run::settings);
        String where = differences("Machines and software that differ", Run::machine);
        if (what.isEmpty() && where.isEmpty()) {
            html.append("<p class=\"soft\">Their settings, as far as they are known, are the same.</p>\n");
        }
        html.append(new Curves(runs).html()).append(what).append(where);
        if (runs.stream().anyMatch(run -> !run.samples().isEmpty())) {
            html.append("<h2>Text that the models made up in the end</h2>\n<div class=\"halves\">\n");
            for (Run run : runs) {
                if (!run.samples().isEmpty()) {
                    var last = run.samples().getLast();
                    html.append("<section><h3>").append(Html.escape(run.name())).append("</h3>")
                            .append(Numbers.format("<p class=\"soft\">at step %,d</p>", last.step()))
                            .append(RunPage.pre(last)).append("</section>\n");
                }
            }
            html.append("</div>\n");
        }
        return html.toString();
    }

    private boolean differ(String setting) {
        return runs.stream().map(run -> run.settings().get(setting)).filter(Objects::nonNull).distinct().count() > 1;
    }

    private TextUnit unit() {
        return runs.getFirst().unit();
    }

    private String best() {
        var rows = new ArrayList<List<String>>();
        for (Run run : runs) {
            var row = new ArrayList<>(List.of(run.name()));
            row.add(run.best().map(e -> Numbers.decimal(e.validationLoss(), 4)).orElse("-"));
            row.add(run.best().map(e -> Numbers.decimal(e.measure(), 4)).orElse("-"));
            row.add(run.best().map(e -> Numbers.format("%,d", e.step())).orElse("-"));
            row.add(run.best().map(e -> Numbers.duration(e.seconds())).orElse("-"));
            row.add(run.last().map(e -> Numbers.decimal(e.trainLoss(), 4)).orElse("-"));
            row.add(run.last().map(e -> Numbers.format("%,d", e.step())).orElse("-"));
            row.add(run.last().map(e -> Numbers.duration(e.seconds())).orElse("-"));
            row.add(run.last().map(e -> Numbers.rate(e.unitsPerSecond())).orElse("-"));
            rows.add(row);
        }
        String nats = "nats per " + unit().singular();
        return Html.table(List.of("training", "best validation, " + nats, unit().measureName(), "at step", "after",
                "last training loss, " + nats, "steps", "time", unit().plural() + "/s"), rows);
    }

    /** {@return a table of what is not the same for all; empty if all is} */
    private String differences(String title, Function<Run, Map<String, String>> part) {
        var names = new LinkedHashSet<String>();
        runs.forEach(run -> names.addAll(part.apply(run).keySet()));
        var rows = new ArrayList<List<String>>();
        for (String name : names) {
            List<String> values = runs.stream().map(run -> part.apply(run).getOrDefault(name, "-")).toList();
            if (values.stream().distinct().count() > 1) {
                var row = new ArrayList<>(List.of(name));
                row.addAll(values);
                rows.add(row);
            }
        }
        if (rows.isEmpty()) {
            return "";
        }
        var head = new ArrayList<>(List.of(""));
        runs.forEach(run -> head.add(run.name()));
        return Html.element("h2", title) + "\n" + Html.table(head, rows);
    }
}
