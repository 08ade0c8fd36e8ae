package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.NativeActivation.Function;
import dev.rondo.memory.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The native activations against {@link StrictMath} in float64, at every tier and over all exponents. */
class NativeActivationTest {
    private static final double OF_ORACLE = 5 * 0x1p-53; // its documented errors: 1 unit in the last place, tanh 2.5

    @BeforeEach
    void assumeNative() {
        Available.assume(Backend.NATIVE);
    }

    static Stream<Arguments> bodies() {
        return Arrays.stream(Function.values()).flatMap(function -> Arrays.stream(Precision.values())
                .flatMap(precision -> Arrays.stream(IsaTier.values())
                        .map(tier -> Arguments.of(function, precision, tier))));
    }

    private static double exact(Function function, double x) {
        return switch (function) {
            case EXP -> StrictMath.exp(x);
            case SIGMOID -> 1 / (1 + StrictMath.exp(-x));
            case TANH -> StrictMath.tanh(x);
        };
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void errorsAreWithinThePromise(Function function, Precision precision, IsaTier tier) {
        double relative = precision == Precision.FLOAT32 ? 2.5e-7 : 1e-15 + OF_ORACLE;
        double smallest = precision == Precision.FLOAT32 ? Float.MIN_NORMAL : Double.MIN_NORMAL;
        double greatest = precision == Precision.FLOAT32 ? Float.MAX_VALUE : Double.MAX_VALUE;
        double[] x = ofAllExponents(precision, precision == Precision.FLOAT32 ? 500 : 60);
        double[] y = run(function, precision, new Execution(1, tier), x);
        for (int i = 0; i < x.length; i++) {
            double expected = exact(function, x[i]);
            boolean right = Math.abs(expected) < smallest ? Math.abs(y[i]) <= smallest
                    : expected > greatest ? y[i] >= greatest * (1 - relative)
                    : Math.abs(y[i] - expected) <= relative * Math.abs(expected);
            if (!right) {
                fail(function + "(" + x[i] + "): expected " + expected + ", got " + y[i]);
            }
        }
    }

    /** Both signs, {@code perExponent} random mantissas of every exponent but that of infinity. */
    private static double[] ofAllExponents(Precision precision, int perExponent) {
        var random = new SplittableRandom(1);
        boolean single = precision == Precision.FLOAT32;
        int exponents = single ? 255 : 2047;
        var x = new double[2 * exponents * perExponent];
        for (int i = 0; i < x.length; i++) {
            long exponent = i / 2 / perExponent;
            double magnitude = single
                    ? Float.intBitsToFloat((int) exponent << 23 | random.nextInt(1 << 23))
                    : Double.longBitsToDouble(exponent << 52 | random.nextLong(1L << 52));
            x[i] = i % 2 == 0 ? magnitude : -magnitude;
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void limitsAndNotANumber(Function function, Precision precision, IsaTier tier) {
        double[] y = run(function, precision, new Execution(1, tier),
                Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0);
        assertTrue(Double.isNaN(y[0]));
        double[] limits = switch (function) {
            case EXP -> new double[] {Double.POSITIVE_INFINITY, 0, 1};
            case SIGMOID -> new double[] {1, 0, 0.5};
            case TANH -> new double[] {1, -1, 0};
        };
        assertArrayEquals(limits, Arrays.copyOfRange(y, 1, 4), Float.MIN_NORMAL);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void threadsChangeNoBit(Function function, Precision precision, IsaTier tier) {
        double[] x = new SplittableRandom(2).doubles(300_001, -10, 10).toArray();
        assertArrayEquals(run(function, precision, new Execution(1, tier), x),
                run(function, precision, new Execution(3, tier), x));
    }

    private static double[] run(Function function, Precision precision, Execution execution, double... x) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate((long) x.length * precision.bytes(), 64);
            MemorySegment to = arena.allocate(from.byteSize(), 64);
            for (int i = 0; i < x.length; i++) {
                precision.set(from, i, x[i]);
            }
            var activation = new NativeActivation(function, precision, execution);
            activation.run(from, to, x.length);
            var y = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                y[i] = precision.get(to, i);
            }
            return y;
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        var tanh = new NativeActivation(Function.TANH, Precision.FLOAT32, Execution.threads(1));
        assertEquals("activation TANH NATIVE FLOAT32", tanh.toString());
        MemorySegment closed;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(2 * Float.BYTES, 64);
            closed = two;
            refused("x: expected at least 1 of 2 elements, got 3 from 0 on", () -> tanh.run(two, two, 3));
            refused("y: expected at least 1 of 1 elements, got 2 from 0 on",
                    () -> tanh.run(two, two.asSlice(0, Float.BYTES), 2));
            refused("y: expected a native segment, got one on the heap",
                    () -> tanh.run(two, MemorySegment.ofArray(new float[2]), 2));
            Allocation.assertNone(() -> tanh.run(two, two, 2));
        }
        assertThrows(IllegalStateException.class, () -> tanh.run(closed, closed, 2));
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
