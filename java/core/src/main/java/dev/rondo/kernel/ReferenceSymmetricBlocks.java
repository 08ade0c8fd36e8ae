package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.rondo.kernel.Products.Matrix;
import java.lang.foreign.MemorySegment;

/** Symmetric blocks in plain Java: the definitions. */
final class ReferenceSymmetricBlocks extends SymmetricBlocks {
    ReferenceSymmetricBlocks(int... sizes) {
        super(sizes);
    }

    @Override
    void runProduct(MemorySegment p, Matrix h, Matrix g) {
        for (long k = 0; k < h.rows(); k++) {
            long at = 0;
            long first = 0;
            for (int size : sizes()) {
                long left = k * h.rowStride() + first;
                long to = k * g.rowStride() + first;
                for (int i = 0; i < size; i++) {
                    double sum = 0;
                    for (int j = 0; j < i; j++) {
                        double element = get(p, at + j);
                        sum += get(h.values(), left + j) * element;
                        set(g.values(), to + j, get(g.values(), to + j) + get(h.values(), left + i) * element);
                    }
                    set(g.values(), to + i, sum + get(h.values(), left + i) * get(p, at + i));
                    at += i + 1;
                }
                first += size;
            }
        }
    }

    @Override
    void runUpdate(MemorySegment p, Matrix v, double scale, double shift) {
        long at = 0;
        long first = 0;
        for (int size : sizes()) {
            for (int i = 0; i < size; i++) {
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (long k = 0; k < v.rows(); k++) {
                        long row = k * v.rowStride() + first;
                        sum += get(v.values(), row + i) * get(v.values(), row + j);
                    }
                    set(p, at + j, (get(p, at + j) - sum) * scale + (i == j ? shift : 0));
                }
                at += i + 1;
            }
            first += size;
        }
    }

    private static double get(MemorySegment values, long index) {
        return values.getAtIndex(JAVA_DOUBLE, index);
    }

    private static void set(MemorySegment values, long index, double value) {
        values.setAtIndex(JAVA_DOUBLE, index, value);
    }

    @Override
    public String toString() {
        return "symmetric blocks REFERENCE";
    }
}
