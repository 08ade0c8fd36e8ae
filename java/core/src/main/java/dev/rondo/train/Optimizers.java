package dev.rondo.train;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The list of built-in optimisers, and how they are written, on command lines and in checkpoints: a name, and numbers
 * after a colon, by the names that they have in the record.
 *
 * <pre>
 *   sgd:learningRate=0.5,momentum=0.9         rmsprop:learningRate=0.001       adam:learningRate=0.004,beta2=0.99
 *   nesterov:learningRate=0.5,momentum=0.9    adagrad:learningRate=0.05        adamw:learningRate=0.004,weightDecay=0.1
 * </pre>
 *
 * <p>The learning rate has to be given, and Nesterov's momentum; all else has its default.
 */
public final class Optimizers {
    private static final String RATE = "learningRate";
    private static final String MOMENTUM = "momentum";
    private static final String DECAY = "weightDecay";
    private static final String EPSILON = "epsilon";

    private static final List<RuleText<Optimizer>> ENTRIES = List.of(
            new RuleText<>("sgd", List.of(RATE), Map.of(MOMENTUM, 0.0, DECAY, 0.0),
                    n -> new Sgd(n.get(RATE), n.get(MOMENTUM), false, n.get(DECAY))),
            new RuleText<>("nesterov", List.of(RATE, MOMENTUM), Map.of(DECAY, 0.0),
                    n -> new Sgd(n.get(RATE), n.get(MOMENTUM), true, n.get(DECAY))),
            new RuleText<>("rmsprop", List.of(RATE), Map.of("decay", 0.99, EPSILON, 1e-8, DECAY, 0.0),
                    n -> new RmsProp(n.get(RATE), n.get("decay"), n.get(EPSILON), n.get(DECAY))),
            new RuleText<>("adagrad", List.of(RATE), Map.of(EPSILON, 1e-10, DECAY, 0.0),
                    n -> new Adagrad(n.get(RATE), n.get(EPSILON), n.get(DECAY))),
            adam("adam", 0, n -> new Adam(n.get(RATE), n.get("beta1"), n.get("beta2"), n.get(EPSILON), n.get(DECAY))),
            adam("adamw", 0.01,
                    n -> new AdamW(n.get(RATE), n.get("beta1"), n.get("beta2"), n.get(EPSILON), n.get(DECAY))));

    private Optimizers() {}

    private static RuleText<Optimizer> adam(String name, double decay, Function<Map<String, Double>, Optimizer> maker) {
        return new RuleText<>(name, List.of(RATE),
                Map.of("beta1", 0.9, "beta2", 0.999, EPSILON, 1e-8, DECAY, decay), maker);
    }

    /** {@return the names of all optimisers} */
    public static List<String> names() {
        return RuleText.names(ENTRIES);
    }

    /**
     * {@return the optimiser that {@code text} says}
     *
     * @param text name, colon, numbers by name, as above
     * @throws IllegalArgumentException if there is no such optimiser, or a number is missing, unknown, given twice
     *     or out of its range
     */
    public static Optimizer parse(String text) {
        return RuleText.parse("optimizer", text, ENTRIES);
    }

    /**
     * {@return {@code optimizer} as text that {@link #parse} reads}
     *
     * @param optimizer one of the built-in ones
     * @throws IllegalArgumentException if it is none of the built-in ones
     */
    public static String text(Optimizer optimizer) {
        return switch (Objects.requireNonNull(optimizer, "optimizer: expected one, got null")) {
            case Sgd(double rate, double momentum, boolean nesterov, double decay) ->
                    (nesterov ? "nesterov" : "sgd") + ":" + numbers(RATE, rate, MOMENTUM, momentum, DECAY, decay);
            case RmsProp(double rate, double mean, double epsilon, double decay) ->
                    "rmsprop:" + numbers(RATE, rate, "decay", mean, EPSILON, epsilon, DECAY, decay);
            case Adagrad(double rate, double epsilon, double decay) ->
                    "adagrad:" + numbers(RATE, rate, EPSILON, epsilon, DECAY, decay);
            case Adam(double rate, double beta1, double beta2, double epsilon, double decay) -> "adam:"
                    + numbers(RATE, rate, "beta1", beta1, "beta2", beta2, EPSILON, epsilon, DECAY, decay);
            case AdamW(double rate, double beta1, double beta2, double epsilon, double decay) -> "adamw:"
                    + numbers(RATE, rate, "beta1", beta1, "beta2", beta2, EPSILON, epsilon, DECAY, decay);
            default -> throw new IllegalArgumentException(
                    "optimizer: expected one of " + names() + ", got " + optimizer);
        };
    }

    private static String numbers(Object... namesAndValues) {
        var text = new StringBuilder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            text.append(i == 0 ? "" : ",").append(namesAndValues[i]).append('=').append(namesAndValues[i + 1]);
        }
        return text.toString();
    }
}
