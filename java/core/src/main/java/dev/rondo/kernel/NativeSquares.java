package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Sums of squares of the native library, in float64: not finite if one of the numbers is not. The number of threads
 * changes no bit. An object serves one thread at a time, and allocates nothing once made. To be made only after {@link
 * Backends#require}.
 */
public final class NativeSquares {
    private static final int FIELDS = 6;

    private final Precision precision;
    private final int threads;
    private final IsaTier tier;
    private final NativeStruct squares = new NativeStruct(FIELDS);
    private final MemorySegment sum = Arena.ofAuto().allocate(JAVA_DOUBLE);

    /**
     * Sums of numbers of {@code precision}.
     *
     * @param precision of the numbers
     * @param execution threads and cap on the instruction set
     */
    public NativeSquares(Precision precision, Execution execution) {
        this.precision = Objects.requireNonNull(precision, "precision: expected one, got null");
        Objects.requireNonNull(execution, "execution: expected one, got null");
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
    }

    /**
     * {@return the sum of the squares of {@code count} numbers}
     *
     * @param values native segment
     * @param begin number of the first
     * @param count how many there are, at least 1
     * @throws IllegalArgumentException if they do not lie in {@code values}, or that is on the heap
     * @throws IllegalStateException if the memory was closed
     */
    public double sum(MemorySegment values, long begin, long count) {
        NativeStruct.checkRange("values", values, begin, count, precision.bytes());
        squares.start()
                .put(precision.bytes() * Byte.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(count)
                .put(values.address() + begin * precision.bytes());
        NativeCalls.sumSquares(squares, sum, values, this);
        return sum.get(JAVA_DOUBLE, 0);
    }

    @Override
    public String toString() {
        return "sum of squares NATIVE " + precision;
    }
}
