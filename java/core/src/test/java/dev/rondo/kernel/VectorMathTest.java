package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The vector activations against {@link Math} in float64, at every width. */
class VectorMathTest {
    private static final int EXPONENTS = 255;
    private static final int PER_EXPONENT = 4096;
    private static final int MANTISSA_BITS = 23;

    // What VectorMath promises.
    private static final double RELATIVE = 2e-7;
    private static final double ABSOLUTE = 1e-38;

    enum Function {
        SIGMOID(x -> 1 / (1 + Math.exp(-x))),
        TANH(Math::tanh);

        private final DoubleUnaryOperator exact;

        Function(DoubleUnaryOperator exact) {
            this.exact = exact;
        }

        float[] apply(IsaTier tier, float... x) {
            VectorMath math = VectorWidth.of(tier).math();
            float[] y = Arrays.copyOf(x, VectorRows.roundUp(x.length, VectorWidth.of(tier).lanes()));
            switch (this) {
                case SIGMOID -> math.sigmoid(y, 0, x.length);
                case TANH -> math.tanh(y, 0, x.length);
            }
            return Arrays.copyOf(y, x.length);
        }
    }

    static Stream<Arguments> functions() {
        return Arrays.stream(IsaTier.values())
                .flatMap(tier -> Arrays.stream(Function.values()).map(function -> Arguments.of(function, tier)));
    }

    @BeforeAll
    static void assumeVectors() {
        Available.assume(Backend.VECTOR);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void errorsAreWithinThePromise(Function function, IsaTier tier) {
        var random = new SplittableRandom(1);
        var x = new float[2 * PER_EXPONENT];
        for (int exponent = 0; exponent < EXPONENTS; exponent++) {
            for (int i = 0; i < x.length; i++) {
                int magnitude = exponent << MANTISSA_BITS | random.nextInt(1 << MANTISSA_BITS);
                x[i] = Float.intBitsToFloat(i < PER_EXPONENT ? magnitude : magnitude | Integer.MIN_VALUE);
            }
            float[] y = function.apply(tier, x);
            for (int i = 0; i < x.length; i++) {
                double expected = function.exact.applyAsDouble(x[i]);
                double bound = Math.abs(expected) < Float.MIN_NORMAL ? ABSOLUTE : RELATIVE * Math.abs(expected);
                if (!(Math.abs(y[i] - expected) <= bound)) {
                    fail(function + "(" + x[i] + "): expected " + expected + ", got " + y[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void infinitiesSaturate(IsaTier tier) {
        float[] infinities = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        assertArrayEquals(new float[] {1, -1}, Function.TANH.apply(tier, infinities));
        float[] sigmoid = Function.SIGMOID.apply(tier, infinities);
        assertEquals(1, sigmoid[0]);
        assertEquals(0, sigmoid[1], ABSOLUTE);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void notANumberStaysSoWhateverItsBits(Function function, IsaTier tier) {
        float signalling = Float.intBitsToFloat(0x7f800001);
        float[] y = function.apply(tier, Float.NaN, signalling, Float.intBitsToFloat(0xffffffff), 0);
        assertTrue(Float.isNaN(y[0]) && Float.isNaN(y[1]) && Float.isNaN(y[2]), Arrays.toString(y));
        assertEquals(function.exact.applyAsDouble(0), y[3]);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void allWidthsGiveTheSameBits(Function function, IsaTier tier) {
        double[] x = new SplittableRandom(2).doubles(1000, -30, 30).toArray();
        var values = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            values[i] = (float) x[i];
        }
        assertArrayEquals(function.apply(IsaTier.BASELINE, values), function.apply(tier, values));
    }
}
