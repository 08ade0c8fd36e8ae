package dev.rondo.network;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/** Arithmetic element by element between pieces of memory; places and counts are in elements. */
final class Elementwise {
    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[1 << 12]).asReadOnly();

    private Elementwise() {}

    /** {@code to += from}. */
    static void add(Precision precision, MemorySegment from, long fromAt, MemorySegment to, long toAt, long count) {
        if (precision == Precision.FLOAT32) {
            for (long i = 0; i < count; i++) {
                float sum = to.getAtIndex(JAVA_FLOAT, toAt + i) + from.getAtIndex(JAVA_FLOAT, fromAt + i);
                to.setAtIndex(JAVA_FLOAT, toAt + i, sum);
            }
        } else {
            for (long i = 0; i < count; i++) {
                double sum = to.getAtIndex(JAVA_DOUBLE, toAt + i) + from.getAtIndex(JAVA_DOUBLE, fromAt + i);
                to.setAtIndex(JAVA_DOUBLE, toAt + i, sum);
            }
        }
    }

    /** {@code to += number}. */
    static void add(Precision precision, MemorySegment to, long toAt, long count, double number) {
        if (precision == Precision.FLOAT32) {
            for (long i = 0; i < count; i++) {
                to.setAtIndex(JAVA_FLOAT, toAt + i, (float) (to.getAtIndex(JAVA_FLOAT, toAt + i) + number));
            }
        } else {
            for (long i = 0; i < count; i++) {
                to.setAtIndex(JAVA_DOUBLE, toAt + i, to.getAtIndex(JAVA_DOUBLE, toAt + i) + number);
            }
        }
    }

    /** {@code to *= from}. */
    static void multiply(
            Precision precision, MemorySegment from, long fromAt, MemorySegment to, long toAt, long count) {
        if (precision == Precision.FLOAT32) {
            for (long i = 0; i < count; i++) {
                float product = to.getAtIndex(JAVA_FLOAT, toAt + i) * from.getAtIndex(JAVA_FLOAT, fromAt + i);
                to.setAtIndex(JAVA_FLOAT, toAt + i, product);
            }
        } else {
            for (long i = 0; i < count; i++) {
                double product = to.getAtIndex(JAVA_DOUBLE, toAt + i) * from.getAtIndex(JAVA_DOUBLE, fromAt + i);
                to.setAtIndex(JAVA_DOUBLE, toAt + i, product);
            }
        }
    }

    /** {@code to = from}. */
    static void copy(Precision precision, MemorySegment from, long fromAt, MemorySegment to, long toAt, long count) {
        int bytes = precision.bytes();
        MemorySegment.copy(from, fromAt * bytes, to, toAt * bytes, count * bytes);
    }

    /** {@code to = 0}. */
    static void zero(Precision precision, MemorySegment to, long toAt, long count) {
        long end = (toAt + count) * precision.bytes();
        for (long at = toAt * precision.bytes(); at < end; at += ZEROS.byteSize()) {
            MemorySegment.copy(ZEROS, 0, to, at, Math.min(ZEROS.byteSize(), end - at));
        }
    }
}
