package dev.rondo.cli.experiment;

import java.util.List;
import java.util.Map;
import org.knowm.xchart.XYChart;

/**
 * What an experiment found.
 *
 * @param report lines of text: the published figures, and ours beside them
 * @param figures one object per row of the report, by the names of its columns; values are numbers, texts or booleans
 * @param picture the same as a drawing
 */
public record Findings(List<String> report, List<Map<String, Object>> figures, XYChart picture) {
    /** Copies the lists. */
    public Findings {
        report = List.copyOf(report);
        figures = List.copyOf(figures);
    }
}
