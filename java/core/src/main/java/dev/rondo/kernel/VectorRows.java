package dev.rondo.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Rows of floats in an array: vector loops run on arrays, segments as their operands cost half the speed. A row of
 * {@code groups * width} columns lies as {@code groups} groups of {@code groupStride}, so that each group starts a
 * whole number of vectors after the row; what is between is zero and stays so. The last group may have another width.
 * Products work on a window of the rows.
 */
final class VectorRows {
    private final float[] values;
    private final int groups;
    private final int width;
    private final int groupStride;
    private final int stride;
    private int lastWidth; // of the last group
    private int columns; // with what is after each group
    private int window; // where the window starts
    private int first; // and where in it what products see of it does
    private int count;

    /** Zeroed rows, {@code stride} apart, of {@code groups} groups {@code groupStride} apart. */
    VectorRows(long rows, int groups, int width, int groupStride, int stride) {
        this.values = new float[elements(rows, stride)];
        this.groups = groups;
        this.width = width;
        this.groupStride = groupStride;
        this.stride = stride;
        this.lastWidth = width;
        this.columns = groups * groupStride;
        this.count = values.length / stride;
    }

    /** Gives the last group another width; {@return this} */
    VectorRows last(int width, int lanes) {
        this.lastWidth = width;
        this.columns = (groups - 1) * groupStride + roundUp(width, lanes);
        return this;
    }

    /** {@return zeroed rows of {@code width} columns, {@code stride} apart} */
    static VectorRows of(long rows, int width, int stride) {
        return new VectorRows(rows, 1, width, width, stride);
    }

    /** {@return zeroed rows of {@code groups * width} columns that a product at {@code lanes} can write} */
    static VectorRows ofGroups(long rows, int groups, int width, int lanes) {
        return new VectorRows(rows, groups, width, roundUp(width, lanes), strideOfGroups(groups, width, lanes));
    }

    /** {@return the smallest multiple of {@code unit} that is not below {@code value}} */
    static int roundUp(int value, int unit) {
        return Math.ceilDiv(value, unit) * unit;
    }

    /** {@return the distance between the starts of rows of {@link #ofGroups}} */
    static int strideOfGroups(int groups, int width, int lanes) {
        return roundUp(groups * roundUp(width, lanes), VectorPanels.width(lanes));
    }

    /** {@return {@code rows * stride}, if an array can be that long} */
    static int elements(long rows, long stride) {
        if (rows * stride > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("shape: expected at most " + (Integer.MAX_VALUE - 8)
                    + " elements in an array of VECTOR, got " + rows + " x " + stride);
        }
        return (int) (rows * stride);
    }

    float[] values() {
        return values;
    }

    /** {@return columns of a group, without what is after it} */
    int width() {
        return width;
    }

    int stride() {
        return stride;
    }

    /** {@return the distance between the starts of two groups} */
    int groupStride() {
        return groupStride;
    }

    /** {@return the number of columns, with what is after each group} */
    int columns() {
        return columns;
    }

    /** Lets products see {@code rows} rows from row {@code from} on; {@return this} */
    VectorRows window(int from, int rows) {
        return window(from, rows, 0);
    }

    /** Lets products see {@code rows} rows from row {@code from} on, from {@code column} on; {@return this} */
    VectorRows window(int from, int rows, int column) {
        this.window = at(from);
        this.first = window + column;
        this.count = rows;
        return this;
    }

    /** Lets products see the same rows from {@code column} on; {@return this} */
    VectorRows fromColumn(int column) {
        this.first = window + column;
        return this;
    }

    /** Lets products see all rows; {@return this} */
    VectorRows all() {
        return window(0, values.length / stride);
    }

    /** {@return the number of rows in the window} */
    int count() {
        return count;
    }

    /** {@return where row {@code i} of the window starts} */
    int windowRow(int i) {
        return first + i * stride;
    }

    /** {@return where row {@code row} starts, whatever the window} */
    int at(int row) {
        return row * stride;
    }

    void clear(int row) {
        Arrays.fill(values, at(row), at(row) + stride, 0);
    }

    /** Copies row {@code from} of {@code source}, which is laid out alike, to row {@code to}. */
    void copyRow(VectorRows source, int from, int to) {
        System.arraycopy(source.values, source.at(from), values, at(to), stride);
    }

    /** Copies {@code count} columns, from {@code column} on, of row {@code from} of {@code source}, laid out alike. */
    void copyColumns(VectorRows source, int from, int to, int column, int count) {
        System.arraycopy(source.values, source.at(from) + column, values, at(to) + column, count);
    }

    /** Adds row {@code from} of {@code source}, which is laid out alike, to row {@code to}. */
    void addRow(VectorProduct product, VectorRows source, int from, int to) {
        product.addRow(source.values, source.at(from), values, at(to), columns());
    }

    /** Multiplies the window by as many rows of {@code factors}, laid out alike, from row {@code from} on. */
    void multiply(VectorRows factors, int from) {
        float[] other = factors.values;
        int at = factors.at(from);
        for (int i = 0; i < count * stride; i++) {
            values[first + i] *= other[at + i];
        }
    }

    /** Reads row {@code row} from {@code element} of {@code segment} on; an absent segment reads as zero. */
    void read(int row, MemorySegment segment, long element) {
        if (segment == null) {
            clear(row);
            return;
        }
        for (int g = 0; g < groups; g++) {
            long offset = (element + (long) g * width) * Float.BYTES;
            int count = g < groups - 1 ? width : lastWidth;
            MemorySegment.copy(segment, ValueLayout.JAVA_FLOAT, offset, values, at(row) + g * groupStride, count);
        }
    }

    /** Writes row {@code row} to {@code element} of {@code segment} on, if there is a segment. */
    void write(int row, MemorySegment segment, long element) {
        for (int g = 0; segment != null && g < groups; g++) {
            long offset = (element + (long) g * width) * Float.BYTES;
            int count = g < groups - 1 ? width : lastWidth;
            MemorySegment.copy(values, at(row) + g * groupStride, segment, ValueLayout.JAVA_FLOAT, offset, count);
        }
    }

    /** Copies the first {@code rows} rows as they lie to byte {@code at} of {@code cache}; {@return where they end} */
    long save(int rows, MemorySegment cache, long at) {
        MemorySegment.copy(values, 0, cache, ValueLayout.JAVA_FLOAT, at, rows * stride);
        return at + savedBytes(rows);
    }

    /** Takes back what {@link #save} copied. */
    long restore(int rows, MemorySegment cache, long at) {
        MemorySegment.copy(cache, ValueLayout.JAVA_FLOAT, at, values, 0, rows * stride);
        return at + savedBytes(rows);
    }

    /** {@return bytes that {@link #save} writes} */
    private long savedBytes(int rows) {
        return (long) rows * stride * Float.BYTES;
    }
}
