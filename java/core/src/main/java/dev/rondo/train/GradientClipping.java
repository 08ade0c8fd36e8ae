package dev.rondo.train;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What is done to gradients before an update, so that one wild batch cannot spoil a network. Clipped are the gradients
 * of the loss, before weight decay.
 *
 * <p>Clipping by a norm (Pascanu, Mikolov and Bengio 2013) scales gradients whose Euclidean norm is above the limit
 * down to it, and keeps their direction; the norm is that of all gradients, of those of each layer, or of those of each
 * parameter tensor. Clipping by value bounds every single number.
 *
 * @param scope what is clipped together
 * @param limit the greatest norm or value that is let through, above 0; infinite = none
 */
public record GradientClipping(Scope scope, double limit) {
    /** What is clipped together. */
    public enum Scope {
        /** Nothing is clipped. */
        NONE("none"),
        /** Each number by itself. */
        VALUE("value"),
        /** All gradients. */
        GLOBAL_NORM("norm"),
        /** The gradients of an embedding, a layer, the head; of whatever has one name before the dot. */
        LAYER_NORM("layer"),
        /** The gradients of a tensor: {@code layer0.weightHh}. */
        PARAMETER_NORM("parameter");

        private final String text;

        Scope(String text) {
            this.text = text;
        }
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if the limit is not above 0, or not a number
     */
    public GradientClipping {
        Objects.requireNonNull(scope, "scope: expected one, got null");
        if (!(limit > 0)) {
            throw new IllegalArgumentException("limit: expected a number above 0, got " + limit);
        }
    }

    /** {@return no clipping} */
    public static GradientClipping none() {
        return new GradientClipping(Scope.NONE, Double.POSITIVE_INFINITY);
    }

    /**
     * {@return clipping of each gradient to {@code -limit} to {@code limit}}
     *
     * @param limit above 0, of the unit of a gradient; infinite = none
     * @throws IllegalArgumentException if it is not above 0, or not a number
     */
    public static GradientClipping byValue(double limit) {
        return new GradientClipping(Scope.VALUE, limit);
    }

    /**
     * {@return clipping of all gradients to a norm of at most {@code limit}}
     *
     * @param limit above 0, of the unit of a gradient; infinite = none
     * @throws IllegalArgumentException if it is not above 0, or not a number
     */
    public static GradientClipping globalNorm(double limit) {
        return new GradientClipping(Scope.GLOBAL_NORM, limit);
    }

    /**
     * {@return clipping of each layer's gradients to a norm of at most {@code limit}}
     *
     * @param limit above 0, of the unit of a gradient; infinite = none
     * @throws IllegalArgumentException if it is not above 0, or not a number
     */
    public static GradientClipping perLayer(double limit) {
        return new GradientClipping(Scope.LAYER_NORM, limit);
    }

    /**
     * {@return clipping of each parameter tensor's gradients to a norm of at most {@code limit}}
     *
     * @param limit above 0, of the unit of a gradient; infinite = none
     * @throws IllegalArgumentException if it is not above 0, or not a number
     */
    public static GradientClipping perParameter(double limit) {
        return new GradientClipping(Scope.PARAMETER_NORM, limit);
    }

    /**
     * {@return the clipping that {@code text} says: {@code none}, a limit, {@code 5}, which is that of the norm of all
     * gradients, or {@code norm:5}, {@code value:1}, {@code layer:5}, {@code parameter:5}}
     *
     * @param text as {@link #text()} writes it, or a number alone
     * @throws IllegalArgumentException if it says none of these, or a limit that is not above 0
     */
    public static GradientClipping parse(String text) {
        Objects.requireNonNull(text, "text: expected a clipping, got null");
        String[] words = text.split(":", 2);
        String name = words.length == 2 ? words[0] : Scope.GLOBAL_NORM.text;
        if (text.equals(Scope.NONE.text)) {
            return none();
        }
        for (Scope scope : Scope.values()) {
            if (scope.text.equals(name) && scope != Scope.NONE) {
                return new GradientClipping(scope, limit(words[words.length - 1]));
            }
        }
        throw new IllegalArgumentException("clip: expected a number, or one of "
                + Arrays.stream(Scope.values()).map(scope -> scope.text).collect(Collectors.joining(", "))
                + " with one, as in value:1, got " + text);
    }

    private static double limit(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("clip: expected a number above 0, got " + text, e);
        }
    }

    /** {@return this as text that {@link #parse} reads: {@code norm:5.0}} */
    public String text() {
        return scope == Scope.NONE ? scope.text : scope.text + ":" + limit;
    }

    /** {@return the factor that brings gradients of norm {@code norm} down to the limit} */
    double scale(double norm) {
        return norm > limit ? limit / norm : 1;
    }
}
