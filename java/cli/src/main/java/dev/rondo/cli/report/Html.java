package dev.rondo.cli.report;

import java.util.List;

/** Text within a page: whatever it is, it shows as it is, and does nothing. */
final class Html {
    private Html() {}

    /** {@return {@code text} for an element or a quoted attribute; control characters as pictures of them} */
    static String escape(String text) {
        var escaped = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                case '\n', '\t' -> escaped.append(c);
                case '\u007f' -> escaped.append('\u2421');
                default -> escaped.append(c < ' ' ? (char) ('\u2400' + c) : c);
            }
        }
        return escaped.toString();
    }

    /** {@return {@code <name>text</name>}, the text escaped} */
    static String element(String name, String text) {
        return "<" + name + ">" + escape(text) + "</" + name + ">";
    }

    /**
     * {@return a table that scrolls by itself where it is too wide}
     *
     * @param head names of the columns; empty = none
     * @param rows of cells, the first of each of them its name
     */
    static String table(List<String> head, List<List<String>> rows) {
        var html = new StringBuilder("<div class=\"scroll\"><table>\n");
        if (!head.isEmpty()) {
            html.append("<thead><tr>");
            head.forEach(cell -> html.append("<th scope=\"col\">").append(escape(cell)).append("</th>"));
            html.append("</tr></thead>\n");
        }
        for (List<String> row : rows) {
            html.append("<tr><th scope=\"row\">").append(escape(row.getFirst())).append("</th>");
            row.stream().skip(1).forEach(cell -> html.append(element("td", cell)));
            html.append("</tr>\n");
        }
        return html.append("</table></div>\n").toString();
    }
}
