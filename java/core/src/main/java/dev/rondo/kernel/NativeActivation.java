package dev.rondo.kernel;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * One activation of the native library over numbers in memory, as its cells and its softmax compute it. Relative errors
 * are at most 2.5e-7 in float32 and 1e-15 in float64 where the result is a normal number; NaN gives NaN. The number of
 * threads changes no bit. An object serves one thread at a time, and allocates nothing once made. To be made only after
 * {@link Backends#require}.
 */
public final class NativeActivation {
    private static final int FIELDS = 8;

    private final Function function;
    private final Precision precision;
    private final int threads;
    private final IsaTier tier;
    private final NativeStruct activation = new NativeStruct(FIELDS);

    /** What is computed. */
    public enum Function {
        /** e^x. */
        EXP,
        /** 1 / (1 + e^-x). */
        SIGMOID,
        /** The hyperbolic tangent. */
        TANH
    }

    /**
     * An activation of numbers of {@code precision}.
     *
     * @param function what is computed
     * @param precision of the numbers
     * @param execution threads and cap on the instruction set
     */
    public NativeActivation(Function function, Precision precision, Execution execution) {
        this.function = Objects.requireNonNull(function, "function: expected one, got null");
        this.precision = Objects.requireNonNull(precision, "precision: expected one, got null");
        Objects.requireNonNull(execution, "execution: expected one, got null");
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
    }

    /**
     * y = f(x) for the first {@code count} numbers.
     *
     * @param x native segment
     * @param y native segment; may be {@code x}, but not overlap it in part
     * @param count how many there are, at least 1
     * @throws IllegalArgumentException if there are fewer in a segment, or one is on the heap
     * @throws IllegalStateException if memory of a segment was closed
     */
    public void run(MemorySegment x, MemorySegment y, long count) {
        NativeStruct.checkRange("x", x, 0, count, precision.bytes());
        NativeStruct.checkRange("y", y, 0, count, precision.bytes());
        activation.start()
                .put(precision.bytes() * Byte.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(function.ordinal())
                .put(count)
                .put(x)
                .put(y);
        NativeCalls.activate(activation, x, y, this);
    }

    @Override
    public String toString() {
        return "activation " + function + " NATIVE " + precision;
    }
}
