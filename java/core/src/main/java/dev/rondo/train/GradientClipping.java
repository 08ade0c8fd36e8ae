package dev.rondo.train;

/**
 * Clipping by global norm (Pascanu, Mikolov and Bengio 2013): gradients whose Euclidean norm over all parameters is
 * above a limit are scaled down to it.
 *
 * @param limit the greatest norm that is let through; infinite = no clipping
 */
public record GradientClipping(double limit) {
    /** Checks its argument. */
    public GradientClipping {
        if (!(limit > 0)) {
            throw new IllegalArgumentException("limit: expected a number above 0, got " + limit);
        }
    }

    /** {@return clipping to a norm of at most {@code limit}} */
    public static GradientClipping globalNorm(double limit) {
        return new GradientClipping(limit);
    }

    /** {@return no clipping} */
    public static GradientClipping none() {
        return new GradientClipping(Double.POSITIVE_INFINITY);
    }

    /** {@return the factor to apply to gradients whose norm is {@code norm}} */
    public double scale(double norm) {
        return norm > limit ? limit / norm : 1;
    }
}
