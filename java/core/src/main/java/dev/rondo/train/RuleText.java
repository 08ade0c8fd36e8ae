package dev.rondo.train;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Rules as text: a name, and numbers by name after a colon, as in {@code step:factor=0.1,steps=1000}.
 *
 * @param name of the rule
 * @param needed numbers that have to be given
 * @param defaults numbers that may be given, and what they are if not
 * @param maker makes the rule of all its numbers
 */
record RuleText<R>(
        String name, List<String> needed, Map<String, Double> defaults, Function<Map<String, Double>, R> maker) {
    /**
     * {@return the rule that {@code text} says}
     *
     * @param kind of rule, for messages: "optimizer"
     */
    static <R> R parse(String kind, String text, List<RuleText<R>> rules) {
        Objects.requireNonNull(text, "text: expected one of " + names(rules) + ", got null");
        String[] parts = text.split(":", 2);
        for (RuleText<R> rule : rules) {
            if (rule.name.equals(parts[0])) {
                return rule.make(kind, parts.length == 1 ? new String[0] : parts[1].split(",", -1));
            }
        }
        throw new IllegalArgumentException(kind + ": expected one of " + names(rules) + ", got " + parts[0]);
    }

    static <R> List<String> names(List<RuleText<R>> rules) {
        return rules.stream().map(RuleText::name).toList();
    }

    private R make(String kind, String[] options) {
        var known = new TreeSet<>(defaults.keySet());
        known.addAll(needed);
        var given = new HashMap<String, Double>();
        for (String option : options) {
            String[] pair = option.split("=", 2);
            if (pair.length < 2 || !known.contains(pair[0])) {
                throw new IllegalArgumentException(
                        kind + " " + name + ": expected options of " + known + ", got \"" + option + "\"");
            }
            if (given.put(pair[0], number(pair[0], pair[1])) != null) {
                throw new IllegalArgumentException(kind + " " + name + ": expected " + pair[0] + " once, got it twice");
            }
        }
        var numbers = new HashMap<>(defaults);
        numbers.putAll(given);
        for (String each : needed) {
            if (!numbers.containsKey(each)) {
                throw new IllegalArgumentException(kind + " " + name + ": expected " + each + "=NUMBER, got none");
            }
        }
        return maker.apply(numbers);
    }

    private static double number(String name, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected a number, got \"" + text + "\"", e);
        }
    }

    /** {@return number {@code name}, which has to be a whole one that fits into a long} */
    static long whole(Map<String, Double> numbers, String name) {
        double number = numbers.get(name);
        if (number != (long) number) {
            String expected = Math.abs(number) < Long.MAX_VALUE ? "a whole number" : "a whole number of 64 bits";
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + number);
        }
        return (long) number;
    }
}
