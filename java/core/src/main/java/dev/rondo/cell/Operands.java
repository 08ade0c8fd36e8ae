package dev.rondo.cell;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The segments of a pass or its gradients: checked once when they are given, asked for life before each call. */
final class Operands {
    private final List<String> names = new ArrayList<>();
    private final List<MemorySegment> segments = new ArrayList<>();

    /**
     * Keeps {@code segment} after checking that it is native, aligned to {@code elementBytes} and holds at least {@code
     * elements} elements.
     */
    MemorySegment add(String name, MemorySegment segment, long elements, int elementBytes) {
        if (segment == null) {
            throw new IllegalArgumentException(name + ": expected a segment, got null");
        }
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + ": expected a native segment, got one on the heap");
        }
        if (segment.address() % elementBytes != 0) {
            throw new IllegalArgumentException(name + ": expected an address that is a multiple of " + elementBytes
                    + ", got " + segment.address());
        }
        long bytes = Math.multiplyExact(elements, elementBytes);
        if (segment.byteSize() < bytes) {
            throw new IllegalArgumentException(name + ": expected at least " + elements + " elements of " + elementBytes
                    + " bytes, got " + segment.byteSize() + " bytes");
        }
        names.add(name);
        segments.add(segment);
        return segment;
    }

    /** Keeps a matrix of {@code rows} rows of {@code width} elements whose starts are {@code stride} elements apart. */
    MemorySegment addRows(String name, MemorySegment segment, Extent extent, Precision precision) {
        if (extent.stride < extent.width) {
            throw new IllegalArgumentException(
                    name + ": expected a row stride of at least " + extent.width + ", got " + extent.stride);
        }
        long elements = Math.addExact(Math.multiplyExact(extent.rows - 1, extent.stride), extent.width);
        return add(name, segment, elements, precision.bytes());
    }

    /** {@return {@code segment}, which kernels will write to, past the segment's own guard} */
    static MemorySegment writable(String name, MemorySegment segment) {
        if (segment != null && segment.isReadOnly()) {
            throw new IllegalArgumentException(name + ": expected a segment to write to, got a read-only one");
        }
        return segment;
    }

    /** Extents of a matrix whose rows may lie apart. */
    record Extent(long rows, long width, long stride) {}

    void checkAlive() {
        for (int i = 0; i < segments.size(); i++) {
            if (!segments.get(i).scope().isAlive()) {
                throw new IllegalStateException(names.get(i) + ": its memory is closed");
            }
        }
    }
}
