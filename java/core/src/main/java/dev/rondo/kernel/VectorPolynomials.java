package dev.rondo.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activations by way of E(x) = e^x - 1, which unlike e^x keeps its relative accuracy near 0:
 *
 * <pre>
 *   sigmoid(x) = 1 / (E(-x) + 2)        tanh(x) = E(2x) / (E(2x) + 2)
 *   E(x) = 2^n (e^r - 1) + (2^n - 1)    with x = n ln 2 + r, n whole, |r| at most ln 2 / 2 (Cody and Waite 1980)
 *   e^r - 1 = r + r^2 / 2! + ... + r^7 / 7!    leaves out less than 5.3e-9
 * </pre>
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class VectorPolynomials implements VectorMath {
    private static final VectorSpecies<Float> SPECIES = VectorWidth.ofClass(MethodHandles.lookup()).species();
    private static final int LANES = SPECIES.length();

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0x1.62e4p-1f; // few enough bits that n * LN2_HIGH is exact
    private static final float LN2_LOW = 0x1.7f7d1cp-20f; // ln 2 - LN2_HIGH
    private static final float ROUNDER = 0x1.8p23f; // x + ROUNDER has x, rounded, in its lowest bits
    private static final int MANTISSA_BITS = 23;
    private static final int ONE_BITS = Float.floatToRawIntBits(1);

    // Below LOW E(x) is -1 in float32; above HIGH 1 / E(x) is less than a normal number. Between, 2^n is a normal number.
    private static final float LOW = -20f;
    private static final float HIGH = 88f;

    @Override
    public void sigmoid(float[] x, int xAt, float[] y, int yAt, int count) {
        for (int k = 0; k < count; k += LANES) {
            fromArray(SPECIES, x, xAt + k).neg().intoArray(y, yAt + k);
        }
        expm1(y, yAt, count);
        for (int k = 0; k < count; k += LANES) {
            broadcast(SPECIES, 1).div(fromArray(SPECIES, y, yAt + k).add(2)).intoArray(y, yAt + k);
        }
    }

    @Override
    public void tanh(float[] x, int xAt, float[] y, int yAt, int count) {
        for (int k = 0; k < count; k += LANES) {
            fromArray(SPECIES, x, xAt + k).mul(2).intoArray(y, yAt + k);
        }
        expm1(y, yAt, count);
        for (int k = 0; k < count; k += LANES) {
            FloatVector e = fromArray(SPECIES, y, yAt + k);
            e.div(e.add(2)).intoArray(y, yAt + k);
        }
    }

    /** y = e^y - 1, for y taken to the range from LOW to HIGH. */
    private static void expm1(float[] y, int at, int count) {
        for (int k = 0; k < count; k += LANES) {
            // Blending takes two instructions a side, fewer than minimum and maximum, and NaN stays NaN.
            FloatVector any = fromArray(SPECIES, y, at + k);
            FloatVector atLeast = any.blend(LOW, any.compare(VectorOperators.LT, LOW));
            FloatVector x = atLeast.blend(HIGH, any.compare(VectorOperators.GT, HIGH));

            FloatVector rounded = x.fma(LOG2_E, ROUNDER);
            FloatVector n = rounded.sub(ROUNDER);
            FloatVector high = n.fma(broadcast(SPECIES, -LN2_HIGH), x);
            FloatVector r = n.fma(broadcast(SPECIES, -LN2_LOW), high);

            FloatVector sum = r.fma(1f / 5040, 1f / 720);
            sum = sum.fma(r, broadcast(SPECIES, 1f / 120));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 24));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 6));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 2));
            FloatVector e = sum.fma(r.mul(r), r);

            // 2^n: n moves from the lowest bits to the exponent.
            FloatVector power = rounded.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                    .add(ONE_BITS)
                    .reinterpretAsFloats();
            e.fma(power, power.sub(1)).intoArray(y, at + k);
        }
    }
}
