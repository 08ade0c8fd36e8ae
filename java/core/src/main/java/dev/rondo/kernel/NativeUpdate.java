package dev.rondo.kernel;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Updates of parameters w by their gradients g in the native library, each by itself, with up to two numbers m and v
 * that are remembered of each:
 *
 * <pre>
 *   g = min(max(scale g, -bound), bound) + decay w
 *   m = keep m + gain g              of {@link #mean}; without, m = 0
 *   v = keep v + gain g^2            of {@link #square}; without, the divisor is 1
 *   w = weightKeep w - (gradientRate g + meanRate m) / (sqrt(correction v) + epsilon)
 * </pre>
 *
 * <p>That is every built-in optimiser, by its coefficients. All is float64, rounded where it is stored: the bits of
 * plain Java, whatever the instruction set and the number of threads. VECTOR has no body of its own: the update in
 * plain Java is a fiftieth of its step. An object serves one thread at a time, and allocates nothing once made. To be
 * made only after {@link Backends#require}.
 */
public final class NativeUpdate {
    private static final int FIELDS = 21;
    private static final String[] REMEMBERED = {"remembered[0]", "remembered[1]"};

    private final Precision precision;
    private final int threads;
    private final IsaTier tier;
    private final NativeStruct rule = new NativeStruct(FIELDS);
    private double scale = 1;
    private double bound = Double.POSITIVE_INFINITY;
    private double decay;
    private double weightKeep = 1;
    private double gradientRate;
    private boolean hasMean;
    private double meanKeep;
    private double meanGain;
    private double meanRate;
    private boolean hasSquare;
    private double squareKeep;
    private double squareGain;
    private double correction;
    private double epsilon;

    /**
     * Updates of parameters of {@code precision}.
     *
     * @param precision of all numbers
     * @param execution threads and cap on the instruction set
     */
    public NativeUpdate(Precision precision, Execution execution) {
        this.precision = Objects.requireNonNull(precision, "precision: expected one, got null");
        Objects.requireNonNull(execution, "execution: expected one, got null");
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
    }

    /**
     * {@return this, with a rule that subtracts {@code gradientRate g}, and neither decays nor remembers}
     *
     * @param gradientRate rate of the gradient
     */
    public NativeUpdate rule(double gradientRate) {
        this.gradientRate = gradientRate;
        hasMean = false;
        hasSquare = false;
        return decay(1, 0);
    }

    /**
     * {@return this, with an m}
     *
     * @param keep factor of m in the next m
     * @param gain factor of g in it
     * @param rate rate of m
     */
    public NativeUpdate mean(double keep, double gain, double rate) {
        hasMean = true;
        meanKeep = keep;
        meanGain = gain;
        meanRate = rate;
        return this;
    }

    /**
     * {@return this, with a v}
     *
     * @param keep factor of v in the next v
     * @param gain factor of the square of g in it
     * @param correction of v where the root is taken
     * @param epsilon what is added to the root
     */
    public NativeUpdate square(double keep, double gain, double correction, double epsilon) {
        hasSquare = true;
        squareKeep = keep;
        squareGain = gain;
        this.correction = correction;
        this.epsilon = epsilon;
        return this;
    }

    /**
     * {@return this, with decay of the parameters}
     *
     * @param keep factor of each parameter in the next one
     * @param added factor of the parameter that is added to its gradient
     */
    public NativeUpdate decay(double keep, double added) {
        weightKeep = keep;
        decay = added;
        return this;
    }

    /**
     * {@return this, with gradients clipped so}
     *
     * @param factor of each gradient
     * @param greatest what a gradient is bounded to, in size, after that; infinite = not at all
     */
    public NativeUpdate clip(double factor, double greatest) {
        scale = factor;
        bound = greatest;
        return this;
    }

    /**
     * Updates {@code count} parameters.
     *
     * @param w slab of the parameters
     * @param g their gradients, laid out alike
     * @param remembered twins of the parameters: m, if the rule has one, then v, if it has one
     * @param begin number of the first parameter
     * @param count how many there are, at least 1
     * @throws IllegalArgumentException if they do not lie in a segment, or one is on the heap
     * @throws IllegalStateException if the memory of a segment was closed
     */
    public void run(MemorySegment w, MemorySegment g, MemorySegment[] remembered, long begin, long count) {
        NativeStruct.checkRange("w", w, begin, count, precision.bytes());
        NativeStruct.checkRange("g", g, begin, count, precision.bytes());
        Objects.requireNonNull(remembered, "remembered: expected twins of the parameters, got null");
        for (int i = 0; i < remembered.length; i++) {
            NativeStruct.checkRange(REMEMBERED[Math.min(i, 1)], remembered[i], begin, count, precision.bytes());
        }
        int needed = (hasMean ? 1 : 0) + (hasSquare ? 1 : 0);
        if (remembered.length < needed) {
            throw new IllegalArgumentException("remembered: expected " + needed + ", got " + remembered.length);
        }
        MemorySegment m = hasMean ? remembered[0] : MemorySegment.NULL;
        MemorySegment v = hasSquare ? remembered[hasMean ? 1 : 0] : MemorySegment.NULL;
        rule.start()
                .put(precision.bytes() * Byte.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(count)
                .put(address(w, begin))
                .put(address(g, begin))
                .put(hasMean ? address(m, begin) : 0)
                .put(hasSquare ? address(v, begin) : 0)
                .put(scale)
                .put(bound)
                .put(decay)
                .put(weightKeep)
                .put(gradientRate)
                .put(meanKeep)
                .put(meanGain)
                .put(meanRate)
                .put(squareKeep)
                .put(squareGain)
                .put(correction)
                .put(epsilon);
        NativeCalls.update(rule, w, g, m, v, this);
    }

    private long address(MemorySegment values, long begin) {
        return values.address() + begin * precision.bytes();
    }

    @Override
    public String toString() {
        return "update NATIVE " + precision;
    }
}
