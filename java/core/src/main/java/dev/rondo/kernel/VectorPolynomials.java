package dev.rondo.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.rondo.cell.Activation;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sigmoid and tanh by way of E(x) = e^x - 1, which unlike e^x keeps its relative accuracy near 0:
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
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final Class<? extends IntVector> INT_TYPE =
            SPECIES.withLanes(int.class).vectorType().asSubclass(IntVector.class);
    private static final int LANES = SPECIES.length();

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0x1.62e4p-1f; // few enough bits that n * LN2_HIGH is exact
    private static final float LN2_LOW = 0x1.7f7d1cp-20f; // ln 2 - LN2_HIGH
    private static final float ROUNDER = 0x1.8p23f; // x + ROUNDER has x, rounded, in its lowest bits
    private static final int MANTISSA_BITS = 23;
    private static final int ONE_BITS = Float.floatToRawIntBits(1);

    // Below LOW E(x) is -1 in float32; above HIGH 1 / E(x) is less than a normal number. Between, 2^n is a normal one.
    private static final float LOW = -20f;
    private static final float HIGH = 88f;

    @Override
    public void sigmoid(float[] x, int at, int count) {
        exponential(x, at, count, -1);
    }

    @Override
    public void tanh(float[] x, int at, int count) {
        exponential(x, at, count, 2);
    }

    @Override
    public void activate(Activation f, float[] x, int at, int count) {
        Objects.requireNonNull(f, "f: expected an activation, got null");
        if (f == Activation.TANH) {
            tanh(x, at, count);
        } else if (f == Activation.SIGMOID) {
            sigmoid(x, at, count);
        } else {
            rectify(x, at, count);
        }
    }

    /** x = 0 where x is less than 0; NaN stays. */
    private static void rectify(float[] x, int at, int count) {
        for (int k = 0; k < count; k += LANES) {
            FloatVector v = TYPE.cast(fromArray(SPECIES, x, at + k));
            v.blend(0, v.compare(VectorOperators.LT, 0)).intoArray(x, at + k);
        }
    }

    @Override
    public void differentiate(Activation f, float[] y, int at, float[] dy, int dyAt, int count) {
        Objects.requireNonNull(f, "f: expected an activation, got null");
        int whole = Math.ceilDiv(count, LANES) * LANES;
        Objects.checkFromIndexSize(at, whole, y.length);
        Objects.checkFromIndexSize(dyAt, whole, dy.length);
        FloatVector zero = TYPE.cast(broadcast(SPECIES, 0));
        FloatVector one = TYPE.cast(broadcast(SPECIES, 1));
        if (f == Activation.TANH) {
            for (int k = 0; k < count; k += LANES) {
                FloatVector h = TYPE.cast(fromArray(SPECIES, y, at + k));
                FloatVector dh = TYPE.cast(fromArray(SPECIES, dy, dyAt + k));
                dh.mul(one.sub(h.mul(h))).intoArray(y, at + k);
            }
        } else if (f == Activation.SIGMOID) {
            for (int k = 0; k < count; k += LANES) {
                FloatVector h = TYPE.cast(fromArray(SPECIES, y, at + k));
                FloatVector dh = TYPE.cast(fromArray(SPECIES, dy, dyAt + k));
                dh.mul(h).mul(one.sub(h)).intoArray(y, at + k);
            }
        } else {
            for (int k = 0; k < count; k += LANES) {
                FloatVector h = TYPE.cast(fromArray(SPECIES, y, at + k));
                FloatVector dh = fromArray(SPECIES, dy, dyAt + k);
                h.blend(dh, h.compare(VectorOperators.GT, zero)).intoArray(y, at + k);
            }
        }
    }

    /** x = E(2x) / (E(2x) + 2) if {@code factor} is 2, and 1 / (E(-x) + 2) if it is -1. */
    private static void exponential(float[] x, int at, int count, float factor) {
        Objects.requireNonNull(x, "x: expected an array, got null");
        int whole = Math.ceilDiv(count, LANES) * LANES;
        Objects.checkFromIndexSize(at, whole, x.length);
        // The numerator is a E + b.
        FloatVector a = broadcast(SPECIES, factor > 0 ? 1 : 0);
        FloatVector b = broadcast(SPECIES, factor > 0 ? 0 : 1);
        for (int k = 0; k < whole; k += LANES) {
            // Blending takes two instructions a side, fewer than minimum and maximum, and NaN stays NaN.
            FloatVector any = TYPE.cast(fromArray(SPECIES, x, at + k)).mul(factor);
            FloatVector atLeast = any.blend(LOW, any.compare(VectorOperators.LT, LOW));
            FloatVector v = atLeast.blend(HIGH, any.compare(VectorOperators.GT, HIGH));

            FloatVector rounded = v.fma(LOG2_E, ROUNDER);
            FloatVector n = rounded.sub(ROUNDER);
            FloatVector high = n.fma(broadcast(SPECIES, -LN2_HIGH), v);
            FloatVector r = n.fma(broadcast(SPECIES, -LN2_LOW), high);

            FloatVector sum = r.fma(1f / 5040, 1f / 720);
            sum = sum.fma(r, broadcast(SPECIES, 1f / 120));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 24));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 6));
            sum = sum.fma(r, broadcast(SPECIES, 1f / 2));
            sum = sum.fma(r.mul(r), r);

            // 2^n: n moves from the lowest bits to the exponent.
            IntVector bits = INT_TYPE.cast(rounded.reinterpretAsInts());
            IntVector exponent = INT_TYPE.cast(bits.lanewise(VectorOperators.LSHL, MANTISSA_BITS));
            FloatVector power = TYPE.cast(exponent.add(ONE_BITS).reinterpretAsFloats());
            FloatVector e = sum.fma(power, power.sub(1));
            e.fma(a, b).div(e.add(2)).intoArray(x, at + k);
        }
    }
}
