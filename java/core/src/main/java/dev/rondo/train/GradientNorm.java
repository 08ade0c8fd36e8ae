package dev.rondo.train;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The Euclidean norm of all gradients, computed in float64. */
final class GradientNorm {
    private static final int CHUNK = 1024;

    private final Precision precision;
    private final double[] chunk = new double[CHUNK];

    GradientNorm(Precision precision) {
        this.precision = precision;
    }

    /** {@return the norm of {@code gradients}; not finite if one of them is not} */
    double of(MemorySegment gradients) {
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
