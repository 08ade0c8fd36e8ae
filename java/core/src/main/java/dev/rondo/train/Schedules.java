package dev.rondo.train;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The list of built-in schedules of the learning rate, and how they are written, on command lines and in checkpoints: a
 * name, and numbers after a colon.
 *
 * <pre>
 *   constant                             exponential:factor=0.5,steps=1000      plateau:factor=0.5,patience=3
 *   step:factor=0.1,steps=1000           cosine:steps=9500                      each with warmUp=500, hold=2000
 * </pre>
 *
 * <p>Where it is known how many updates an epoch has, lengths may be given in epochs: {@code
 * step:factor=0.5,steps=1epoch,hold=3epochs} is the rate itself in the first four epochs, and half of that before in
 * each later one.
 */
public final class Schedules {
    private static final String FACTOR = "factor";
    private static final String STEPS = "steps";
    private static final String PATIENCE = "patience";
    private static final String WARM_UP = "warmUp";
    private static final String HOLD = "hold";

    /** A length in epochs. */
    private static final Pattern EPOCHS = Pattern.compile("(?<==)([0-9.]+(?:[eE]-?[0-9]+)?)epochs?(?=,|$)");

    private static final List<RuleText<LearningRate>> ENTRIES = List.of(
            entry("constant", List.of(), _ -> new Constant()),
            entry("step", List.of(FACTOR, STEPS), n -> new Step(n.get(FACTOR), RuleText.whole(n, STEPS))),
            entry("exponential", List.of(FACTOR, STEPS), n -> new Exponential(n.get(FACTOR), RuleText.whole(n, STEPS))),
            entry("cosine", List.of(STEPS), n -> new Cosine(RuleText.whole(n, STEPS))),
            entry("plateau", List.of(FACTOR, PATIENCE),
                    n -> LearningRate.onPlateau(n.get(FACTOR), patience(RuleText.whole(n, PATIENCE)))));

    private Schedules() {}

    private static RuleText<LearningRate> entry(
            String name, List<String> needed, Function<Map<String, Double>, LearningRate> maker) {
        return new RuleText<>(name, needed, Map.of(WARM_UP, 0.0, HOLD, 0.0), numbers -> {
            LearningRate schedule = maker.apply(numbers);
            LearningRate held = numbers.get(HOLD) == 0 ? schedule : schedule.hold(RuleText.whole(numbers, HOLD));
            return numbers.get(WARM_UP) == 0 ? held : held.warmUp(RuleText.whole(numbers, WARM_UP));
        });
    }

    private static int patience(long number) {
        return Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /** {@return the names of all schedules} */
    public static List<String> names() {
        return RuleText.names(ENTRIES);
    }

    /**
     * {@return the schedule that {@code text} says}
     *
     * @param text name, colon, numbers by name, as above
     * @throws IllegalArgumentException if there is no such schedule, or a number is missing, unknown, given twice or
     *     out of its range
     */
    public static LearningRate parse(String text) {
        return RuleText.parse("schedule", text, ENTRIES);
    }

    /**
     * {@return the schedule that {@code text} says, lengths in epochs taken as whole numbers of updates}
     *
     * @param text as {@link #parse(String)} reads it; lengths may be in epochs, {@code steps=1epoch}, {@code
     *     warmUp=0.5epochs}
     * @param updatesPerEpoch at least 1
     * @throws IllegalArgumentException as there, or if {@code updatesPerEpoch} is below 1
     */
    public static LearningRate parse(String text, long updatesPerEpoch) {
        Objects.requireNonNull(text, "text: expected one of " + names() + ", got null");
        Settings.atLeastOne("updatesPerEpoch", updatesPerEpoch);
        return parse(EPOCHS.matcher(text).replaceAll(length -> {
            double epochs = Double.parseDouble(length.group(1));
            return Long.toString(epochs == 0 ? 0 : Math.max(1, Math.round(epochs * updatesPerEpoch)));
        }));
    }

    /**
     * {@return {@code schedule} as text that {@link #parse} reads, without what it remembers}
     *
     * @param schedule one of the built-in ones, held at most once, and then with at most one warm-up
     * @throws IllegalArgumentException if it is none of the built-in ones
     */
    public static String text(LearningRate schedule) {
        return switch (Objects.requireNonNull(schedule, "schedule: expected one, got null")) {
            case Constant _ -> "constant";
            case Step(double factor, long steps) -> "step:factor=" + factor + ",steps=" + steps;
            case Exponential(double factor, long steps) -> "exponential:factor=" + factor + ",steps=" + steps;
            case Cosine(long steps) -> "cosine:steps=" + steps;
            case Plateau plateau -> "plateau:factor=" + plateau.fall + ",patience=" + plateau.patience;
            case Lead lead when !(lead.then instanceof Lead next && (next.rises || !lead.rises)) -> {
                String then = text(lead.then);
                yield then + (then.contains(":") ? "," : ":") + lead.name() + "=" + lead.steps;
            }
            default -> throw new IllegalArgumentException("schedule: expected one of " + names() + ", got " + schedule);
        };
    }

    record Constant() implements LearningRate {
        @Override
        public double factor(long step) {
            return 1;
        }
    }

    record Step(double factor, long steps) implements LearningRate {
        Step {
            Settings.positive("factor", factor);
            Settings.atLeastOne("steps", steps);
        }

        @Override
        public double factor(long step) {
            return Math.pow(factor, (step - 1) / steps);
        }
    }

    record Exponential(double factor, long steps) implements LearningRate {
        Exponential {
            Settings.positive("factor", factor);
            Settings.atLeastOne("steps", steps);
        }

        @Override
        public double factor(long step) {
            return Math.pow(factor, (step - 1.0) / steps);
        }
    }

    record Cosine(long steps) implements LearningRate {
        Cosine {
            Settings.atLeastOne("steps", steps);
        }

        @Override
        public double factor(long step) {
            return (1 + Math.cos(Math.PI * Math.min(step - 1, steps) / steps)) / 2;
        }
    }

    /**
     * Falls when the validation loss does not.
     *
     * @param fall what the factor is multiplied with
     * @param patience validations without a new lowest loss until then
     * @param current the present factor
     * @param lowest the lowest loss so far
     * @param waited validations since then, or since the last fall
     */
    record Plateau(double fall, int patience, double current, double lowest, int waited) implements LearningRate {
        Plateau {
            if (!(fall > 0 && fall < 1)) {
                throw new IllegalArgumentException("factor: expected above 0 and below 1, got " + fall);
            }
            Settings.atLeastOne("patience", patience);
        }

        @Override
        public double factor(long step) {
            return current;
        }

        @Override
        public LearningRate after(double validationLoss) {
            if (validationLoss < lowest) {
                return new Plateau(fall, patience, current, validationLoss, 0);
            }
            return waited + 1 < patience
                    ? new Plateau(fall, patience, current, lowest, waited + 1)
                    : new Plateau(fall, patience, current * fall, lowest, 0);
        }

        @Override
        public double[] memory() {
            return new double[] {current, lowest, waited};
        }

        @Override
        public LearningRate remembering(double[] memory) {
            Objects.requireNonNull(memory, "memory: expected an array, got null");
            if (memory.length != 3) {
                throw new IllegalArgumentException("memory: expected 3 numbers, got " + memory.length);
            }
            return new Plateau(fall, patience, memory[0], memory[1], (int) memory[2]);
        }
    }

    /**
     * A time before another schedule.
     *
     * @param steps updates that it lasts
     * @param rises whether the factor rises to 1 in it, else it is 1
     * @param then what comes after it
     */
    record Lead(long steps, boolean rises, LearningRate then) implements LearningRate {
        Lead {
            Settings.atLeastOne(name(rises), steps);
        }

        private static String name(boolean rises) {
            return rises ? WARM_UP : HOLD;
        }

        private String name() {
            return name(rises);
        }

        @Override
        public double factor(long step) {
            if (step > steps) {
                return then.factor(step - steps);
            }
            return rises ? (double) step / steps : 1;
        }

        @Override
        public LearningRate after(double validationLoss) {
            return new Lead(steps, rises, then.after(validationLoss));
        }

        @Override
        public double[] memory() {
            return then.memory();
        }

        @Override
        public LearningRate remembering(double[] memory) {
            return new Lead(steps, rises, then.remembering(memory));
        }
    }
}
