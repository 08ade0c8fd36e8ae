package dev.rondo.check;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A matrix in native memory with marked elements before it, after it and between its rows. The marks are NaN as floats
 * and doubles: reading one spoils the result, writing one is noticed. Rows start at no multiple of a vector.
 */
final class GuardedMatrix {
    /** Wide enough for a register tile of four vectors that runs past the end, and odd. */
    private static final int GUARD = 67;

    private static final byte MARK = -1;

    private final String name;
    private final int rows;
    private final int width;
    private final int stride;
    private final int elementBytes;
    private final MemorySegment region;
    private final MemorySegment values;
    private byte[] written;

    /** Extents in elements of {@code elementBytes} bytes. */
    GuardedMatrix(Workspace workspace, String name, Extent extent, int elementBytes) {
        this.name = name;
        this.rows = extent.rows;
        this.width = extent.width;
        this.stride = extent.stride;
        this.elementBytes = elementBytes;
        long count = (long) (rows - 1) * stride + width;
        this.region = workspace.allocateBytes((count + 2 * GUARD) * elementBytes);
        this.values = region.asSlice((long) GUARD * elementBytes, count * elementBytes);
        clear();
    }

    /** Rows, their width, and the distance between their starts. */
    record Extent(int rows, int width, int stride) {}

    MemorySegment segment() {
        return values;
    }

    int stride() {
        return stride;
    }

    /** Marks everything: what a kernel shall assign is not zero before. */
    void clear() {
        region.fill(MARK);
        written = null;
    }

    void write(double[] numbers, Precision precision) {
        clear();
        for (int i = 0; i < numbers.length; i++) {
            precision.set(values, place(i), numbers[i]);
        }
        written = region.toArray(ValueLayout.JAVA_BYTE);
    }

    void write(int[] numbers) {
        clear();
        for (int i = 0; i < numbers.length; i++) {
            values.setAtIndex(ValueLayout.JAVA_INT, place(i), numbers[i]);
        }
        written = region.toArray(ValueLayout.JAVA_BYTE);
    }

    void write(byte[] numbers) {
        clear();
        for (int i = 0; i < numbers.length; i++) {
            values.set(ValueLayout.JAVA_BYTE, place(i), numbers[i]);
        }
        written = region.toArray(ValueLayout.JAVA_BYTE);
    }

    double[] read(Precision precision) {
        var numbers = new double[rows * width];
        var row = new double[width];
        for (int r = 0; r < rows; r++) {
            precision.read(values, (long) r * stride, row, width);
            System.arraycopy(row, 0, numbers, r * width, width);
        }
        return numbers;
    }

    private long place(int i) {
        return (long) (i / width) * stride + i % width;
    }

    /** What is wrong with an operand that is only read, or null. */
    String changed() {
        return Arrays.equals(region.toArray(ValueLayout.JAVA_BYTE), written) ? null : name + " was written to";
    }

    /** What is wrong around a result, or null. */
    String overrun() {
        String fault = overwritten(-GUARD, 0);
        for (int r = 0; r < rows && fault == null; r++) {
            long end = (long) r * stride + width;
            fault = overwritten(end, r < rows - 1 ? (long) (r + 1) * stride : end + GUARD);
        }
        return fault;
    }

    /** What is wrong with elements {@code from} to before {@code to}, which are marks, or null. */
    private String overwritten(long from, long to) {
        for (long i = (GUARD + from) * elementBytes; i < (GUARD + to) * elementBytes; i++) {
            if (region.get(ValueLayout.JAVA_BYTE, i) != MARK) {
                return name + " was overrun: element " + (i / elementBytes - GUARD) + " of " + rows + " rows of "
                        + width + ", stride " + stride;
            }
        }
        return null;
    }
}
