package dev.rondo.bench;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes figures for other programs to read. */
final class Json {
    private Json() {}

    /** {@return an array with one object per line; values are numbers or text, and what is no finite number is null} */
    static String array(List<Map<String, Object>> objects) {
        return objects.stream().map(Json::object).collect(Collectors.joining(",\n ", "[", "]\n"));
    }

    private static String object(Map<String, Object> fields) {
        return fields.entrySet().stream()
                .map(field -> text(field.getKey()) + ": " + value(field.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String value(Object value) {
        return switch (value) {
            case null -> "null";
            case Double number when !Double.isFinite(number) -> "null";
            case Number number -> number.toString();
            default -> text(value.toString());
        };
    }

    private static String text(String text) {
        var quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < ' ' || c == '"' || c == '\\') {
                quoted.append("\\u%04x".formatted(c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
