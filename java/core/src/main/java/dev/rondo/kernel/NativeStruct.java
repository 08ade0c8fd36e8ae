package dev.rondo.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One struct of {@code rondo.h}, filled field by field in the order of the header. All fields there are 64 bits wide,
 * and the first is the struct's size. Made once, filled again for every call; its memory lives as long as this object.
 */
final class NativeStruct {
    private final MemorySegment memory;
    private int next;

    /** A struct of {@code fields} fields, the size among them. */
    NativeStruct(int fields) {
        this.memory = Arena.ofAuto().allocate((long) fields * Long.BYTES, Long.BYTES);
    }

    /** Starts over: fills in the size, so that the second field is next. */
    NativeStruct start() {
        next = 0;
        return put(memory.byteSize());
    }

    /** Fills in the next field. */
    NativeStruct put(long value) {
        memory.setAtIndex(ValueLayout.JAVA_LONG, next++, value);
        return this;
    }

    /** Fills in the next field. */
    NativeStruct put(double value) {
        return put(Double.doubleToRawLongBits(value));
    }

    /** Fills in the next field: where {@code segment} lies, or NULL if there is none. */
    NativeStruct put(MemorySegment segment) {
        return put(segment == null ? 0 : segment.address());
    }

    /** {@return the struct's address, after checking that every field was filled in} */
    long address() {
        if (next * Long.BYTES != memory.byteSize()) {
            throw new IllegalStateException("fields: expected " + memory.byteSize() / Long.BYTES + ", got " + next);
        }
        return memory.address();
    }

    /** Checks that {@code count} elements of {@code bytes} bytes, from element {@code begin} on, lie in a segment. */
    static void checkRange(String name, MemorySegment segment, long begin, long count, int bytes) {
        if (segment == null) {
            throw new NullPointerException(name + ": expected a native segment, got null");
        }
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + ": expected a native segment, got one on the heap");
        }
        long elements = segment.byteSize() / bytes;
        if (begin < 0 || count < 1 || count > elements - begin) {
            throw new IllegalArgumentException(name + ": expected at least 1 of " + elements + " elements, got " + count
                    + " from " + begin + " on");
        }
    }
}
