package dev.rondo.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Element type of parameters, states, inputs and outputs. */
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

    /** {@return element {@code index} of {@code segment}} */
    public double get(MemorySegment segment, long index) {
        return this == FLOAT32
                ? segment.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    /** Sets element {@code index} of {@code segment} to {@code value}, rounded to this precision. */
    public void set(MemorySegment segment, long index, double value) {
        if (this == FLOAT32) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
        } else {
            segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        }
    }

    /**
     * Reads {@code count} elements of {@code segment}, from element {@code offset} on, into {@code values}, each times
     * {@code factor}.
     */
    public void readTimes(double factor, MemorySegment segment, long offset, double[] values, int count) {
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

    /** Reads {@code count} elements of {@code segment}, from element {@code offset} on, into {@code values}. */
    public void read(MemorySegment segment, long offset, double[] values, int count) {
        if (this == FLOAT32) {
            for (int i = 0; i < count; i++) {
                values[i] = segment.getAtIndex(ValueLayout.JAVA_FLOAT, offset + i);
            }
        } else {
            MemorySegment.copy(segment, ValueLayout.JAVA_DOUBLE, offset * bytes, values, 0, count);
        }
    }

    /**
     * Writes the first {@code count} of {@code values}, rounded to this precision, to {@code segment} from element
     * {@code offset} on.
     */
    public void write(double[] values, MemorySegment segment, long offset, int count) {
        if (this == FLOAT32) {
            for (int i = 0; i < count; i++) {
                segment.setAtIndex(ValueLayout.JAVA_FLOAT, offset + i, (float) values[i]);
            }
        } else {
            MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_DOUBLE, offset * bytes, count);
        }
    }

    /** {@return a view of {@code count} elements of {@code segment}, from element {@code offset} on} */
    public MemorySegment slice(MemorySegment segment, long offset, long count) {
        return segment.asSlice(offset * bytes, count * bytes);
    }
}
