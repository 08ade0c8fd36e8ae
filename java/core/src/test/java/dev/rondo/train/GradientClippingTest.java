package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.List;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradientClippingTest {
    private static Gradients gradients(float... values) {
        TensorLayout layout = TensorLayout.builder().add("w", values.length).build();
        return new Gradients(MemorySegment.ofArray(values), layout, Precision.FLOAT32, null);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 1023, 1024, 1025, 5000})
    void theNormIsEuclidean(int count) {
        var values = new float[count];
        Arrays.fill(values, -3);
        double norm = gradients(values).norm();
        assertEquals(3 * Math.sqrt(count), norm, 1e-12 * norm);
    }

    @Test
    void squaresOfFloatsDoNotOverflow() {
        assertEquals(3e38 * Math.sqrt(2), gradients(3e38f, 3e38f).norm(), 1e31);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void oneBadGradientMakesABadNorm(float bad) {
        var values = new float[2000];
        values[1998] = 1;
        values[1999] = bad;
        assertFalse(Double.isFinite(gradients(values).norm()));
        assertEquals(1999, gradients(values).worst());
    }

    /**
     * By hand: layer0 has tensors of norms 3 and 4, together 5; the head one of norm 12; all together 13.
     */
    static Stream<Arguments> clippings() {
        return Stream.of(
                Arguments.of(GradientClipping.none(), new double[] {3, 0, -4, 12}),
                Arguments.of(GradientClipping.byValue(3.5), new double[] {3, 0, -3.5, 3.5}),
                Arguments.of(GradientClipping.globalNorm(6.5), new double[] {1.5, 0, -2, 6}),
                Arguments.of(GradientClipping.globalNorm(13), new double[] {3, 0, -4, 12}),
                Arguments.of(GradientClipping.perLayer(2.5), new double[] {1.5, 0, -2, 2.5}),
                Arguments.of(GradientClipping.perLayer(6), new double[] {3, 0, -4, 6}),
                Arguments.of(GradientClipping.perParameter(2), new double[] {2, 0, -2, 2}),
                Arguments.of(GradientClipping.perParameter(3), new double[] {3, 0, -3, 3}),
                Arguments.of(GradientClipping.globalNorm(Double.POSITIVE_INFINITY), new double[] {3, 0, -4, 12}));
    }

    @ParameterizedTest
    @MethodSource("clippings")
    void whatIsAboveTheLimitIsClipped(GradientClipping clipping, double[] expected) {
        TensorLayout layout = TensorLayout.builder()
                .add("layer0.weightHh", 2, 1).add("layer0.bias", 1).add("head.bias", 1).build();
        var gradients = new Gradients(
                MemorySegment.ofArray(new double[] {3, 0, -4, 12}), layout, Precision.FLOAT64, null);
        assertEquals(13, gradients.norm(), "the norm is that of all gradients, unclipped");
        gradients.clip(clipping);
        var clipped = new double[4];
        for (int tensor = 0; tensor < 3; tensor++) {
            var values = new double[2];
            int count = (int) (gradients.end(tensor) - gradients.offset(tensor));
            gradients.read(tensor, gradients.offset(tensor), values, count);
            System.arraycopy(values, 0, clipped, (int) gradients.offset(tensor), count);
        }
        assertArrayEquals(expected, clipped, 1e-15);
    }

    @Test
    void gradientsOfZeroStayZero() {
        Gradients gradients = gradients(0, 0);
        for (GradientClipping.Scope scope : GradientClipping.Scope.values()) {
            assertEquals(0, gradients.norm());
            gradients.clip(new GradientClipping(scope, 1));
            var values = new double[] {1, 1};
            gradients.read(0, 0, values, 2);
            assertArrayEquals(new double[2], values);
        }
    }

    @Test
    void limitsOutOfRangeAreRefused() {
        assertEquals("limit: expected a number above 0, got 0.0",
                assertThrows(IllegalArgumentException.class, () -> GradientClipping.globalNorm(0)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> GradientClipping.byValue(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> GradientClipping.perLayer(-1));
        assertThrows(IllegalArgumentException.class, () -> GradientClipping.perParameter(-1));
    }

    @Test
    void aClippingComesBackFromItsText() {
        for (GradientClipping clipping : List.of(GradientClipping.none(), GradientClipping.byValue(0.5),
                GradientClipping.globalNorm(Double.POSITIVE_INFINITY), GradientClipping.perLayer(3),
                GradientClipping.perParameter(1e-7))) {
            assertEquals(clipping, GradientClipping.parse(clipping.text()));
        }
        assertEquals(GradientClipping.globalNorm(5), GradientClipping.parse("5"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0 | limit: expected a number above 0, got 0.0",
        "value:-1 | limit: expected a number above 0, got -1.0",
        "value:much | clip: expected a number above 0, got much",
        "much | clip: expected a number above 0, got much",
        "none:1 | clip: expected a number, or one of none, value, norm, layer, parameter with one, as in value:1, got none:1",
        "all:1 | clip: expected a number, or one of none, value, norm, layer, parameter with one, as in value:1, got all:1"})
    void aWrongClippingIsRefused(String text, String message) {
        assertEquals(message,
                assertThrows(IllegalArgumentException.class, () -> GradientClipping.parse(text)).getMessage());
    }
}
