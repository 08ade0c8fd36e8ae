package dev.rondo.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.BiFunction;

/**
 * Rows of figures and texts: a table for people, or for programs JSON, an object a line, or tab-separated values below
 * their names. Numbers for programs have all their digits; what is no number is null, or nothing.
 */
final class Rows {
    /** How rows are written. */
    enum Format { TABLE, JSON, TSV }

    /**
     * A column.
     *
     * @param name for programs
     * @param title for people; null where they have no use for it
     * @param width of it in a table; 0 of the last one, a text of any width
     * @param digits after the point, of fractions in a table
     * @param quoted whether a table shows where its texts begin and end, which may be spaces
     */
    record Column(String name, String title, int width, int digits, boolean quoted) {
        Column(String name, String title, int width, int digits) {
            this(name, title, width, digits, false);
        }

        static Column forPrograms(String name) {
            return new Column(name, null, 0, 0);
        }

        static Column text(String name, String title) {
            return new Column(name, title, 0, 0);
        }

        static Column quoted(String name, String title) {
            return new Column(name, title, 0, 0, true);
        }
    }

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    private final Format format;
    private final PrintStream out;
    private final List<Column> columns;
    private final StringBuilder waiting = new StringBuilder(); // to be seen at once
    private boolean headed;

    Rows(Format format, PrintStream out, List<Column> columns) {
        this.format = format;
        this.out = out;
        this.columns = columns;
    }

    /** Adds a row: for each column a text, a whole number or a fraction. */
    void add(Object... values) {
        head();
        line(switch (format) {
            case TABLE -> tableRow((column, i) -> tableCell(column, values[i]));
            case JSON -> json(values);
            case TSV -> tsv(values);
        });
    }

    /** Adds a row that sums others up: programs do that themselves. */
    void addTotal(Object... values) {
        if (format == Format.TABLE) {
            add(values);
        }
    }

    /** Before the first row, so that nothing but the error is said of a text that cannot be scored. */
    private void head() {
        if (!headed && format != Format.JSON) {
            line(format == Format.TSV
                    ? String.join("\t", columns.stream().map(Column::name).toList())
                    : tableRow((column, _) -> padded(column, column.title)));
        }
        headed = true;
    }

    private void line(String text) {
        waiting.append(text).append(System.lineSeparator());
    }

    /** Lets all rows so far be seen. */
    void flush() {
        out.print(waiting);
        waiting.setLength(0);
        if (out.checkError()) {
            throw new Failure("standard output: cannot be written");
        }
    }

    /** {@return the cells of those columns that people see} */
    private String tableRow(BiFunction<Column, Integer, String> cell) {
        var row = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            if (column.title != null) {
                String gap = row.isEmpty() ? "" : column.width == 0 ? "  " : " ";
                row.append(gap).append(cell.apply(column, i));
            }
        }
        return row.toString();
    }

    private static String tableCell(Column column, Object value) {
        String text = switch (value) {
            case Double fraction when !Double.isFinite(fraction) -> "-";
            case Double fraction -> Figures.format("%." + column.digits + "f", fraction);
            default -> column.quoted ? '"' + escaped(value.toString()) + '"' : escaped(value.toString());
        };
        return padded(column, text);
    }

    private static String padded(Column column, String text) {
        return column.width == 0 ? text : Figures.format("%" + column.width + "s", text);
    }

    private String json(Object... values) {
        var object = new LinkedHashMap<String, Object>();
        for (int i = 0; i < values.length; i++) {
            boolean none = values[i] instanceof Double fraction && !Double.isFinite(fraction);
            object.put(columns.get(i).name, none ? null : values[i]);
        }
        return GSON.toJson(object);
    }

    private static String tsv(Object... values) {
        var row = new StringJoiner("\t");
        for (Object value : values) {
            boolean none = value instanceof Double fraction && !Double.isFinite(fraction);
            row.add(none ? "" : escaped(value.toString()));
        }
        return row.toString();
    }

    /** {@return a text without tabs, newlines and other control characters: \t, \n, \r, \\, \}{@code u001B} */
    static String escaped(String text) {
        var escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\t' -> escaped.append("\\t");
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\\' -> escaped.append("\\\\");
                default -> escaped.append(Character.isISOControl(c) ? Figures.format("\\u%04X", (int) c) : c);
            }
        }
        return escaped.toString();
    }
}
