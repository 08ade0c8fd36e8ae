package dev.rondo.train;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Clipping by global norm (Pascanu, Mikolov and Bengio 2013): gradients whose Euclidean norm over all parameters is above a
 * limit are scaled down to it.
 *
 * @param limit the greatest norm that is let through; infinite = no clipping
 */
public record GradientClipping(double limit) {
    private static final int CHUNK = 1024;

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

    /** {@return the Euclidean norm of all of {@code gradients}, computed in float64; not finite if one of them is not} */
    public static double norm(Precision precision, MemorySegment gradients) {
        var chunk = new double[CHUNK];
        // Four sums, so that one addition need not wait for the last.
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        long total = gradients.byteSize() / precision.bytes();
        for (long at = 0; at < total; at += CHUNK) {
            int count = (int) Math.min(CHUNK, total - at);
            precision.read(gradients, at, chunk, count);
            Arrays.fill(chunk, count, CHUNK, 0);
            for (int i = 0; i < CHUNK; i += 4) {
                sum0 += chunk[i] * chunk[i];
                sum1 += chunk[i + 1] * chunk[i + 1];
                sum2 += chunk[i + 2] * chunk[i + 2];
                sum3 += chunk[i + 3] * chunk[i + 3];
            }
        }
        return Math.sqrt(sum0 + sum1 + sum2 + sum3);
    }
}
