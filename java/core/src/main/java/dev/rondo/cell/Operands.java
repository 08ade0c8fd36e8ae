package dev.rondo.cell;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The segments of a pass or its gradients: checked once when they are given, asked for life before each call. All
 * segments of one arena live as long, so the first of each stands for it.
 */
final class Operands {
    private final List<String> names = new ArrayList<>();
    private final List<MemorySegment> arenas = new ArrayList<>();

    /**
     * Keeps {@code segment} after checking that it is native, aligned to {@code elementBytes} and holds at least {@code
     * elements} elements.
     */
    MemorySegment add(String name, MemorySegment segment, long elements, int elementBytes) {
        Objects.requireNonNull(segment, () -> name + ": expected a segment, got null");
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
        if (!isOfOneOf(arenas, segment)) {
            names.add(name);
            arenas.add(segment);
        }
        return segment;
    }

    private static boolean isOfOneOf(List<MemorySegment> arenas, MemorySegment segment) {
        return arenas.stream().anyMatch(known -> known.scope().equals(segment.scope()));
    }

    /** {@return {@code known} and a segment of each arena of these operands that none of {@code known} is of} */
    List<MemorySegment> arenasBeside(List<MemorySegment> known) {
        var all = new ArrayList<>(known);
        all.addAll(arenas.stream().filter(segment -> !isOfOneOf(known, segment)).toList());
        return all;
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
        for (int i = 0; i < arenas.size(); i++) {
            MemorySegment segment = arenas.get(i);
            if (!segment.scope().isAlive()) {
                throw new IllegalStateException(names.get(i) + ": its memory is closed");
            }
            if (!segment.isAccessibleBy(Thread.currentThread())) {
                throw new IllegalStateException(names.get(i) + ": its memory belongs to another thread");
            }
        }
    }
}
