package dev.rondo.kernel;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Softmax and cross-entropy of the native library: loss and gradient of rows of outputs z, each with a class y, in one
 * pass over memory.
 *
 * <pre>
 *   loss = w_y (log(sum_c exp(z_c)) - z_y)          dz_c = scale w_y (exp(z_c) / sum exp(z) - [c = y])
 * </pre>
 *
 * <p>Exponentials are in the precision of the outputs, sums in float64. The number of threads changes no bit. VECTOR
 * has no body of its own: in plain Java the loss is less than a hundredth of its step. An object serves one thread
 * at a time, and allocates nothing once made. To be made only after {@link Backends#require}.
 */
public final class NativeSoftmax {
    private static final int FIELDS = 12;

    private final Precision precision;
    private final int threads;
    private final IsaTier tier;
    private final int classes;
    private final MemorySegment classWeights; // float64 [C]; NULL = all 1
    private final MemorySegment losses; // float64 [N]
    private final MemorySegment firstClass; // int32 [1]
    private final NativeStruct loss = new NativeStruct(FIELDS);

    /**
     * A softmax over {@code classes} outputs, of up to {@code mostRows} rows at once.
     *
     * @param precision of outputs and gradients
     * @param execution threads and cap on the instruction set
     * @param mostRows the most rows of a run
     * @param classes outputs per row
     * @param classWeights w, one per class; none = all 1
     * @throws IllegalArgumentException if there are weights, but not as many as classes
     */
    public NativeSoftmax(Precision precision, Execution execution, int mostRows, int classes, double... classWeights) {
        this.precision = Objects.requireNonNull(precision, "precision: expected one, got null");
        Objects.requireNonNull(execution, "execution: expected one, got null");
        Objects.requireNonNull(classWeights, "classWeights: expected one per output or none, got null");
        boolean weighted = classWeights.length > 0;
        if (weighted && classWeights.length != classes) {
            throw new IllegalArgumentException(
                    "classWeights: expected " + classes + ", one per output, got " + classWeights.length);
        }
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
        this.classes = classes;
        Arena arena = Arena.ofAuto();
        this.classWeights =
                weighted ? arena.allocateFrom(ValueLayout.JAVA_DOUBLE, classWeights) : MemorySegment.NULL;
        this.losses = arena.allocate(ValueLayout.JAVA_DOUBLE, mostRows);
        this.firstClass = arena.allocate(ValueLayout.JAVA_INT, 1);
    }

    /**
     * {@return the sum of the losses of {@code rows} rows}
     *
     * @param rows how many there are
     * @param outputs z, [rows, classes]
     * @param targets y, int32 [rows]; a row of -1 does not count: its loss and gradient are zero
     * @param scale factor of the gradient
     * @param gradient [rows, classes], assigned; {@link MemorySegment#NULL} = not wanted
     * @throws IllegalArgumentException if a segment is too short or on the heap, there are too many rows, or a class is
     *     out of range
     * @throws IllegalStateException if memory of a segment was closed
     */
    public double run(int rows, MemorySegment outputs, MemorySegment targets, double scale, MemorySegment gradient) {
        NativeStruct.checkRange("losses", losses, 0, rows, Double.BYTES);
        NativeStruct.checkRange("outputs", outputs, 0, (long) rows * classes, precision.bytes());
        NativeStruct.checkRange("targets", targets, 0, rows, Integer.BYTES);
        if (!MemorySegment.NULL.equals(gradient)) {
            NativeStruct.checkRange("gradient", gradient, 0, (long) rows * classes, precision.bytes());
        }
        describe(rows, outputs.address(), targets).put(classWeights).put(scale).put(losses).put(gradient);
        NativeCalls.softmaxLoss(loss, outputs, targets, gradient, this);
        double sum = 0;
        for (int n = 0; n < rows; n++) {
            sum += losses.getAtIndex(ValueLayout.JAVA_DOUBLE, n);
        }
        return sum;
    }

    /**
     * {@return the loss of one row of the last run}
     *
     * @param row from 0 to below the rows of that run
     */
    public double loss(int row) {
        return losses.getAtIndex(ValueLayout.JAVA_DOUBLE, row);
    }

    /**
     * {@return log(sum_c exp(z_c)) of one row}
     *
     * @param outputs z from element {@code begin} on
     * @param begin number of the first
     * @throws IllegalArgumentException if the row does not lie in {@code outputs}, or that is on the heap
     * @throws IllegalStateException if the memory was closed
     */
    public double logSumExp(MemorySegment outputs, long begin) {
        NativeStruct.checkRange("outputs", outputs, begin, classes, precision.bytes());
        describe(1, outputs.address() + begin * precision.bytes(), firstClass)
                .put(MemorySegment.NULL).put(1.0).put(losses).put(MemorySegment.NULL);
        NativeCalls.softmaxLoss(loss, outputs, firstClass, MemorySegment.NULL, this);
        return losses.getAtIndex(ValueLayout.JAVA_DOUBLE, 0) + precision.get(outputs, begin);
    }

    private NativeStruct describe(int rows, long outputs, MemorySegment targets) {
        return loss.start()
                .put(precision.bytes() * Byte.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(rows)
                .put(classes)
                .put(outputs)
                .put(targets);
    }

    @Override
    public String toString() {
        return "softmax NATIVE " + precision;
    }
}
