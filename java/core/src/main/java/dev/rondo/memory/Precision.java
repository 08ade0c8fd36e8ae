package dev.rondo.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Element type of parameters, states, inputs and outputs. Segments are read and written by element; one that lies
 * outside throws {@code IndexOutOfBoundsException}, memory that is closed {@code IllegalStateException}.
 */
public enum Precision {
    /** 32-bit IEEE 754: every backend. */
    FLOAT32(Float.BYTES),
    /** 64-bit IEEE 754, for gradient checks and second-order learners: REFERENCE and NATIVE. */
    FLOAT64(Double.BYTES);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    /** {@return the size of one element in bytes} */
    public int bytes() {
        return bytes;
    }

    /** {@return the distance from 1 to the next larger number: 2^-23 or 2^-52} */
    public double epsilon() {
        return this == FLOAT32 ? 0x1p-23 : 0x1p-52;
    }

    /**
     * {@return one element}
     *
     * @param segment elements of this precision
     * @param index which of them
     */
    public double get(MemorySegment segment, long index) {
        checkSegment(segment);
        return this == FLOAT32
                ? segment.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    /**
     * Sets one element.
     *
     * @param segment elements of this precision
     * @param index which of them
     * @param value what it becomes, rounded to this precision
     */
    public void set(MemorySegment segment, long index, double value) {
        checkSegment(segment);
        if (this == FLOAT32) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
        } else {
            segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        }
    }

    /**
     * Reads elements, each times a factor.
     *
     * @param factor what each is multiplied by
     * @param segment elements of this precision
     * @param offset index of the first one read
     * @param values where they go, from index 0 on
     * @param count how many
     */
    public void readTimes(double factor, MemorySegment segment, long offset, double[] values, int count) {
        checkSegment(segment);
        checkValues(values);
        if (this == FLOAT32) {
            for (int i = 0; i < count; i++) {
                values[i] = factor * segment.getAtIndex(ValueLayout.JAVA_FLOAT, offset + i);
            }
        } else {
            for (int i = 0; i < count; i++) {
                values[i] = factor * segment.getAtIndex(ValueLayout.JAVA_DOUBLE, offset + i);
            }
        }
    }

    /**
     * Reads elements.
     *
     * @param segment elements of this precision
     * @param offset index of the first one read
     * @param values where they go, from index 0 on
     * @param count how many
     */
    public void read(MemorySegment segment, long offset, double[] values, int count) {
        checkSegment(segment);
        checkValues(values);
        if (this == FLOAT32) {
            for (int i = 0; i < count; i++) {
                values[i] = segment.getAtIndex(ValueLayout.JAVA_FLOAT, offset + i);
            }
        } else {
            MemorySegment.copy(segment, ValueLayout.JAVA_DOUBLE, offset * bytes, values, 0, count);
        }
    }

    /**
     * Writes elements.
     *
     * @param values what is written, from index 0 on, rounded to this precision
     * @param segment elements of this precision
     * @param offset index of the first one written
     * @param count how many
     */
    public void write(double[] values, MemorySegment segment, long offset, int count) {
        checkValues(values);
        checkSegment(segment);
        if (this == FLOAT32) {
            for (int i = 0; i < count; i++) {
                segment.setAtIndex(ValueLayout.JAVA_FLOAT, offset + i, (float) values[i]);
            }
        } else {
            MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_DOUBLE, offset * bytes, count);
        }
    }

    /**
     * {@return a view of a part of a segment}
     *
     * @param segment elements of this precision
     * @param offset index of the first one seen
     * @param count how many
     */
    public MemorySegment slice(MemorySegment segment, long offset, long count) {
        checkSegment(segment);
        return segment.asSlice(offset * bytes, count * bytes);
    }

    private static void checkSegment(MemorySegment segment) {
        Objects.requireNonNull(segment, "segment: expected one, got null");
    }

    private static void checkValues(double[] values) {
        Objects.requireNonNull(values, "values: expected an array, got null");
    }
}
