package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Products with a symmetric matrix that is zero outside of square blocks on its diagonal, and updates of it: what a
 * Kalman filter does with the covariance of groups of parameters. All is float64. Of each block the lower half is kept,
 * the diagonal with it, row by row, one block after the other: element (i, j), j &le; i, of a block is number i (i + 1)
 * / 2 + j of it. Each call reads that once. Threads change no bit. An object serves one thread at a time, and allocates
 * nothing once made.
 */
public abstract class SymmetricBlocks {
    private final int[] sizes;
    private final int size; // n
    private final long elements;

    /** For bodies. */
    SymmetricBlocks(int... sizes) {
        this.sizes = sizes.clone();
        int sum = 0;
        long all = 0;
        for (int each : sizes) {
            if (each < 1) {
                throw new IllegalArgumentException("sizes: expected numbers from 1 on, got " + each);
            }
            sum = Math.addExact(sum, each);
            all = Math.addExact(all, elements(each));
        }
        this.size = sum;
        this.elements = all;
    }

    /**
     * {@return those of a backend; of VECTOR, which has no float64, those of REFERENCE}
     *
     * @param backend whose
     * @param execution threads and cap on the instruction set
     * @param sizes rows of each block, at least one of at least 1
     * @throws IllegalArgumentException if there is none, or one is below 1
     * @throws UnsupportedOperationException if the backend does not run here; the message says why
     */
    public static SymmetricBlocks of(Backend backend, Execution execution, int... sizes) {
        Backends.require(backend);
        Objects.requireNonNull(execution, "execution: expected one, got null");
        Objects.requireNonNull(sizes, "sizes: expected some, got null");
        if (sizes.length == 0) {
            throw new IllegalArgumentException("sizes: expected at least one, got none");
        }
        return backend == Backend.NATIVE
                ? new NativeSymmetricBlocks(execution, sizes) : new ReferenceSymmetricBlocks(sizes);
    }

    /**
     * {@return the numbers that are kept of a block of {@code size} rows}
     *
     * @param size at least 0
     */
    public static long elements(int size) {
        return size * (size + 1L) / 2;
    }

    /**
     * G = H P.
     *
     * @param p the blocks
     * @param h [m, n], row-major; n is the sum of the sizes of all blocks
     * @param g [m, n], row-major; shares no element with {@code p} or {@code h}
     * @throws IllegalArgumentException if sizes do not fit each other or the memory
     * @throws IllegalStateException if memory was closed or is another thread's alone
     */
    public final void multiply(MemorySegment p, Matrix h, Matrix g) {
        Objects.requireNonNull(h, "h: expected a matrix, got null");
        Objects.requireNonNull(g, "g: expected a matrix, got null");
        check(p);
        check("h", h);
        check("g", g);
        if (g.rows() != h.rows()) {
            throw new IllegalArgumentException("g.rows: expected " + h.rows() + " as h has, got " + g.rows());
        }
        runProduct(p, h, g);
    }

    /**
     * P = scale (P - V^T V) + shift I.
     *
     * @param p the blocks
     * @param v [m, n], row-major; shares no element with {@code p}
     * @param scale factor of all elements
     * @param shift what is added to the diagonal
     * @throws IllegalArgumentException if sizes do not fit each other or the memory
     * @throws IllegalStateException if memory was closed or is another thread's alone
     */
    public final void update(MemorySegment p, Matrix v, double scale, double shift) {
        Objects.requireNonNull(v, "v: expected a matrix, got null");
        check(p);
        check("v", v);
        runUpdate(p, v, scale, shift);
    }

    /** Runs a checked product. */
    abstract void runProduct(MemorySegment p, Matrix h, Matrix g);

    /** Runs a checked update. */
    abstract void runUpdate(MemorySegment p, Matrix v, double scale, double shift);

    final int[] sizes() {
        return sizes;
    }

    private void check(MemorySegment p) {
        NativeStruct.checkRange("p", p, 0, elements, Double.BYTES);
        Products.checkAccess("p", p, Precision.FLOAT64);
    }

    private void check(String name, Matrix matrix) {
        if (matrix.columns() != size || matrix.columnStride() != 1) {
            throw new IllegalArgumentException(name + ": expected rows of " + size + " numbers side by side, got "
                    + matrix.columns() + " at a distance of " + matrix.columnStride());
        }
        Products.checkMemory(name, matrix, Precision.FLOAT64);
    }
}
