package dev.rondo.check;

import dev.rondo.check.PassOption.Axis;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/** One option of each axis: what a pass looks like, apart from its sizes and numbers. */
final class PassVariant {
    /** The first option of each axis, with every gradient there is. */
    static final PassVariant PLAIN = new PassVariant(Map.of()).with(PassOption.INPUT_GRADIENT);

    private final Map<Axis, PassOption> options = new EnumMap<>(Axis.class);

    private PassVariant(Map<Axis, PassOption> chosen) {
        for (PassOption option : PassOption.values()) {
            options.putIfAbsent(option.axis(), option);
        }
        options.putAll(chosen);
    }

    boolean has(PassOption option) {
        return options.get(option.axis()) == option;
    }

    /** This variant with {@code changed} in place of other options of their axes. */
    PassVariant with(PassOption... changed) {
        var chosen = new EnumMap<>(options);
        for (PassOption option : changed) {
            chosen.put(option.axis(), option);
        }
        return new PassVariant(chosen);
    }

    /** The variant with the same numbers whose memory is laid out in the plainest way and that puts out everything. */
    PassVariant plainMemory() {
        var chosen = new EnumMap<>(options);
        chosen.keySet().removeAll(Set.of(Axis.INPUT, Axis.LAST, Axis.OUTPUT, Axis.PARAMS, Axis.INITIAL_GRADIENT,
                Axis.PRE_ACTIVATIONS, Axis.THREADS, Axis.PLAN));
        chosen.put(Axis.INPUT_GRADIENT, PassOption.INPUT_GRADIENT);
        return new PassVariant(chosen);
    }

    /** All that is not plain, as in "tokens, ragged, reversed". */
    @Override
    public String toString() {
        String text = options.values().stream().filter(option -> !PLAIN.has(option)).map(PassOption::toString)
                .collect(Collectors.joining(", "));
        return text.isEmpty() ? "plain" : text;
    }

    /**
     * Variants in which every pair of options that go together occurs at least once; some twenty of them. Which other
     * options a pair meets depends on the seed.
     *
     * @param seed of the choice
     * @param without options to leave out
     */
    static List<PassVariant> allPairs(long seed, Set<PassOption> without) {
        var random = new Random(seed);
        var options = new ArrayList<>(List.of(PassOption.values()));
        options.removeAll(without);
        Set<Set<PassOption>> uncovered = new HashSet<>();
        for (PassOption a : options) {
            options.stream().filter(a::goesWith).forEach(b -> uncovered.add(EnumSet.of(a, b)));
        }
        var variants = new ArrayList<PassVariant>();
        while (!uncovered.isEmpty()) {
            Collections.shuffle(options, random);
            var chosen = EnumSet.copyOf(firstUncovered(options, uncovered));
            var axes = new ArrayList<>(EnumSet.allOf(Axis.class));
            Collections.shuffle(axes, random);
            for (Axis axis : axes) {
                if (chosen.stream().noneMatch(option -> option.axis() == axis)) {
                    chosen.add(mostUncovered(axis, options, chosen, uncovered));
                }
            }
            for (PassOption a : chosen) {
                chosen.stream().filter(a::goesWith).forEach(b -> uncovered.remove(EnumSet.of(a, b)));
            }
            variants.add(PLAIN.with(chosen.toArray(PassOption[]::new)));
        }
        return variants;
    }

    /** The order of a hash set is not the same everywhere, so the pair is looked for in the order of the options. */
    private static Set<PassOption> firstUncovered(List<PassOption> options, Set<Set<PassOption>> uncovered) {
        for (PassOption a : options) {
            for (PassOption b : options) {
                if (uncovered.contains(EnumSet.of(a, b))) {
                    return EnumSet.of(a, b);
                }
            }
        }
        throw new AssertionError("no pair is left");
    }

    private static PassOption mostUncovered(
            Axis axis, List<PassOption> options, Set<PassOption> chosen, Set<Set<PassOption>> uncovered) {
        PassOption best = null;
        long most = -1;
        for (PassOption option : options) {
            if (option.axis() == axis && chosen.stream().allMatch(option::goesWith)) {
                long pairs = chosen.stream().filter(other -> uncovered.contains(EnumSet.of(option, other))).count();
                if (pairs > most) {
                    best = option;
                    most = pairs;
                }
            }
        }
        return best;
    }
}
