package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientClippingTest {
    private static double norm(float[] gradients) {
        return new GradientNorm(Precision.FLOAT32).of(MemorySegment.ofArray(gradients));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 1023, 1024, 1025, 5000})
    void theNormIsEuclidean(int count) {
        var gradients = new float[count];
        Arrays.fill(gradients, -3);
        double norm = norm(gradients);
        assertEquals(3 * Math.sqrt(count), norm, 1e-12 * norm);
    }

    @Test
    void squaresOfFloatsDoNotOverflow() {
        var gradients = new float[] {3e38f, 3e38f};
        assertEquals(3e38 * Math.sqrt(2), norm(gradients), 1e31);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void oneBadGradientMakesABadNorm(float bad) {
        var gradients = new float[2000];
        gradients[1999] = bad;
        assertFalse(Double.isFinite(norm(gradients)));
    }

    @Test
    void onlyNormsAboveTheLimitAreScaled() {
        GradientClipping clipping = GradientClipping.globalNorm(5);
        assertEquals(1, clipping.scale(4.9));
        assertEquals(1, clipping.scale(5));
        assertEquals(0.5, clipping.scale(10));
        assertEquals(1, GradientClipping.none().scale(1e300));
        assertThrows(IllegalArgumentException.class, () -> GradientClipping.globalNorm(0));
        assertThrows(IllegalArgumentException.class, () -> GradientClipping.globalNorm(Double.NaN));
    }
}
