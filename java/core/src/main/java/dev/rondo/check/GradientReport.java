package dev.rondo.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Gradients beside what they should be: one row for each tensor and what it was compared with, with its worst element.
 *
 * @param rows at least one
 */
public record GradientReport(List<Row> rows) {
    /**
     * Copies its argument.
     *
     * @throws IllegalArgumentException if there is no row
     */
    public GradientReport {
        Objects.requireNonNull(rows, "rows: expected a list, got null");
        for (int i = 0; i < rows.size(); i++) {
            Objects.requireNonNull(rows.get(i), "rows[" + i + "]: expected one, got null");
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("rows: expected at least one, got none");
        }
        rows = List.copyOf(rows);
    }

    /** What a gradient was compared with. */
    public enum Against {
        /**
         * Finite differences in float64. The error is that of the worst element: the distance, relative to the larger
         * of gradient and difference, or to a thousandth of the largest of all gradients where that is more.
         */
        DIFFERENCES,
        /**
         * The gradient of the same network in float64, on REFERENCE. The error is the root mean square of the
         * distance, relative to that of the tensor, or to a twentieth of the largest tensor's where that is more.
         */
        FLOAT64
    }

    /**
     * The gradient of one tensor.
     *
     * @param tensor its name
     * @param against what it was compared with
     * @param elements how many elements were compared
     * @param worst the one that differs most, with its indices, as in {@code layer0.weightHh[3, 17]}
     * @param gradient what backward says of that element
     * @param expected what it was compared with
     * @param error how far they are apart, relative, see {@link Against}; not a number if nothing could be compared
     * @param limit what the error should be below
     */
    public record Row(String tensor, Against against, int elements, String worst, double gradient, double expected,
            double error, double limit) {
        /** Checks its arguments. */
        public Row {
            Objects.requireNonNull(tensor, "tensor: expected a name, got null");
            Objects.requireNonNull(against, "against: expected one, got null");
            Objects.requireNonNull(worst, "worst: expected a text, got null");
        }

        /** {@return whether the error is below the limit} */
        public boolean passes() {
            return error < limit;
        }

        /** {@return the same without an error, for a loss that depends on nothing} */
        Row ofNothing() {
            return new Row(tensor, against, elements, tensor + " (all gradients and all differences are 0)", gradient,
                    expected, Double.NaN, limit);
        }

        /** {@return the same, measured by another limit} */
        Row limit(double other) {
            return new Row(tensor, against, elements, worst, gradient, expected, error, other);
        }
    }

    /** {@return the row whose error is largest, measured by its limit} */
    public Row worst() {
        // Not a number is the worst of all, and comparingDouble says so, too.
        return rows.stream().max(Comparator.comparingDouble(row -> row.error() / row.limit())).orElseThrow();
    }

    /** {@return the error of {@link #worst()}} */
    public double error() {
        return worst().error();
    }

    /** {@return whether all errors are below their limits} */
    public boolean passes() {
        return rows.stream().allMatch(Row::passes);
    }

    /**
     * {@return this report, if all errors are below their limits}
     *
     * @throws AssertionError with the table if one is not
     */
    public GradientReport assertPasses() {
        if (!passes()) {
            Row worst = worst();
            throw new AssertionError(String.format(Locale.ROOT,
                    "gradient of %s: expected an error below %.1e, got %.3e%n%s",
                    worst.worst(), worst.limit(), worst.error(), this));
        }
        return this;
    }

    /**
     * {@return this report with one limit for every row, if all errors are below it}
     *
     * @param limit relative, as {@link Row#error()} is
     * @throws AssertionError with the table if one is not
     */
    public GradientReport assertBelow(double limit) {
        return new GradientReport(rows.stream().map(row -> row.limit(limit)).toList()).assertPasses();
    }

    /** {@return a table of all rows} */
    @Override
    public String toString() {
        var table = new ArrayList<String>();
        int width = rows.stream().mapToInt(row -> row.tensor().length()).max().orElseThrow();
        width = Math.max(width, "gradient of".length());
        table.add(String.format(Locale.ROOT, "%-" + width + "s  %-11s %8s %9s %9s  %s",
                "gradient of", "against", "elements", "error", "limit", "worst element"));
        for (Row row : rows) {
            String against = row.against() == Against.DIFFERENCES ? "differences" : "float64";
            table.add(String.format(Locale.ROOT, "%-" + width + "s  %-11s %8d %9.2e %9.1e  %s: %.9g, expected %.9g%s",
                    row.tensor(), against, row.elements(), row.error(), row.limit(), row.worst(), row.gradient(),
                    row.expected(), row.passes() ? "" : "  TOO LARGE"));
        }
        return String.join(System.lineSeparator(), table);
    }
}
