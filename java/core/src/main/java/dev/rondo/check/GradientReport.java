package dev.rondo.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Gradients beside finite differences: one row for each tensor, with its worst element.
 *
 * @param rows at least one
 */
public record GradientReport(List<Row> rows) {
    /** Copies its argument. */
    public GradientReport {
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("rows: expected at least one, got none");
        }
        rows = List.copyOf(rows);
    }

    /**
     * The gradient of one tensor.
     *
     * @param tensor its name
     * @param elements how many elements were compared
     * @param worst the one that differs most, with its indices, as in {@code layer0.weightHh[3, 17]}
     * @param gradient what backward says of that element
     * @param difference what finite differences say
     * @param error the distance of the two, relative to the larger of them, or to a thousandth of the largest of all
     *     gradients where that is more
     */
    public record Row(String tensor, int elements, String worst, double gradient, double difference, double error) {}

    /** {@return the row with the largest error} */
    public Row worst() {
        // Not a number is the worst of all, and comparingDouble says so, too.
        return rows.stream().max(Comparator.comparingDouble(Row::error)).orElseThrow();
    }

    /** {@return the largest error} */
    public double error() {
        return worst().error();
    }

    /**
     * {@return this report, if all errors are below {@code tolerance}}
     *
     * @throws AssertionError with the table if one is not
     */
    public GradientReport assertBelow(double tolerance) {
        Row worst = worst();
        if (!(worst.error() < tolerance)) {
            throw new AssertionError(String.format(Locale.ROOT,
                    "gradient of %s: expected an error below %.1e, got %.3e%n%s",
                    worst.worst(), tolerance, worst.error(), this));
        }
        return this;
    }

    /** {@return a table of all rows} */
    @Override
    public String toString() {
        var table = new ArrayList<String>();
        int width = rows.stream().mapToInt(row -> row.tensor().length()).max().orElseThrow();
        table.add(String.format(
                Locale.ROOT, "%-" + width + "s %8s %10s  %s", "gradient of", "elements", "error", "worst element"));
        for (Row row : rows) {
            table.add(String.format(Locale.ROOT, "%-" + width + "s %8d %10.2e  %s: %.9g, by differences %.9g",
                    row.tensor(), row.elements(), row.error(), row.worst(), row.gradient(), row.difference()));
        }
        return String.join(System.lineSeparator(), table);
    }
}
