package dev.rondo.train;

import java.util.Objects;

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
        NONE,
        /** Each number by itself. */
        VALUE,
        /** All gradients. */
        GLOBAL_NORM,
        /** The gradients of an embedding, a layer, the head; of whatever has one name before the dot. */
        LAYER_NORM,
        /** The gradients of a tensor: {@code layer0.weightHh}. */
        PARAMETER_NORM
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

    /** {@return the factor that brings gradients of norm {@code norm} down to the limit} */
    double scale(double norm) {
        return norm > limit ? limit / norm : 1;
    }
}
