package dev.rondo.kernel;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Execution;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Matrix products on native memory, for heads and whatever else is not a cell. The checks of arguments stand here,
 * above the three bodies. Once warm a product allocates nothing. An object serves one thread at a time. The memory of
 * its matrices cannot be closed during a NATIVE product; from one in Java, closing it makes the product throw {@code
 * IllegalStateException}.
 *
 * <pre>{@code
 * Products products = Products.of(backend, Precision.FLOAT32, execution);
 * products.multiply(h, weight.transposed(), logits, false);    // [T * B, H] [C, H]^T = [T * B, C]
 * }</pre>
 */
public abstract class Products {
    private final Precision precision;

    /** For bodies. */
    Products(Precision precision) {
        this.precision = precision;
    }

    /**
     * A matrix in native memory; element (i, j) lies at {@code i * rowStride + j * columnStride}.
     *
     * @param values native segment
     * @param rows rows, at least 1
     * @param columns columns, at least 1
     * @param rowStride elements between rows; one of the two strides is 1, and the other leaves room for what lies
     *     between
     * @param columnStride elements between columns
     */
    public record Matrix(MemorySegment values, long rows, long columns, long rowStride, long columnStride) {
        /**
         * Checks sizes and strides; whether the segment is as long a product checks, which knows the element type.
         *
         * @throws IllegalArgumentException if the segment is on the heap, or a size or stride is none of these
         */
        public Matrix {
            Objects.requireNonNull(values, "values: expected a segment, got null");
            if (!values.isNative()) {
                throw new IllegalArgumentException("values: expected a native segment, got one on the heap");
            }
            if (rows < 1 || columns < 1) {
                throw new IllegalArgumentException(
                        "rows x columns: expected at least 1 x 1, got " + rows + " x " + columns);
            }
            boolean rowMajor = columnStride == 1 && rowStride >= columns;
            boolean columnMajor = rowStride == 1 && columnStride >= rows;
            if (!rowMajor && !columnMajor) {
                throw new IllegalArgumentException("strides of " + rows + " x " + columns + ": expected 1 and at least "
                        + "the extent that it strides over, got " + rowStride + " and " + columnStride);
            }
        }

        /**
         * {@return a row-major matrix without gaps}
         *
         * @param values native segment
         * @param rows rows, at least 1
         * @param columns columns, at least 1
         * @throws IllegalArgumentException if the segment is on the heap, or a size is below 1
         */
        public static Matrix of(MemorySegment values, long rows, long columns) {
            return new Matrix(values, rows, columns, columns, 1);
        }

        /** {@return the same elements with rows and columns exchanged} */
        public Matrix transposed() {
            return new Matrix(values, columns, rows, columnStride, rowStride);
        }

        /** {@return the number of elements from the first to the last} */
        long extent() {
            long lastRow = Math.multiplyExact(rows - 1, rowStride);
            return Math.addExact(lastRow, Math.multiplyExact(columns - 1, columnStride)) + 1;
        }
    }

    /**
     * {@return the products of a backend}
     *
     * @param backend whose
     * @param precision element type
     * @param execution threads and cap on the instruction set
     * @throws UnsupportedOperationException if the backend does not run here or lacks the precision; the message says
     *     why
     */
    public static Products of(Backend backend, Precision precision, Execution execution) {
        Backends.require(backend);
        Objects.requireNonNull(precision, "precision: expected one, got null");
        Objects.requireNonNull(execution, "execution: expected one, got null");
        return switch (backend) {
            case REFERENCE -> new ReferenceProducts(precision);
            case VECTOR -> new VectorProducts(precision, execution);
            case NATIVE -> new NativeProducts(precision, execution);
        };
    }

    /** {@return the element type} */
    public final Precision precision() {
        return precision;
    }

    /**
     * C = A B, or C = C + A B.
     *
     * @param a [m, k]
     * @param b [k, n]
     * @param c [m, n], row-major; shares no element with {@code a} or {@code b}
     * @param accumulate whether the product is added to what is in {@code c}
     * @throws IllegalArgumentException if sizes do not fit each other or the memory, or that is not aligned to elements
     * @throws IllegalStateException if memory of a matrix was closed or is another thread's alone
     */
    public final void multiply(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Objects.requireNonNull(a, "a: expected a matrix, got null");
        Objects.requireNonNull(b, "b: expected a matrix, got null");
        Objects.requireNonNull(c, "c: expected a matrix, got null");
        if (a.columns != b.rows) {
            throw new IllegalArgumentException("b.rows: expected " + a.columns + " as a has columns, got " + b.rows);
        }
        if (c.rows != a.rows || c.columns != b.columns) {
            throw new IllegalArgumentException("c: expected " + a.rows + " x " + b.columns + ", got " + c.rows + " x "
                    + c.columns);
        }
        if (c.columnStride != 1) {
            throw new IllegalArgumentException("c.columnStride: expected 1, got " + c.columnStride);
        }
        checkMemory("a", a, precision);
        checkMemory("b", b, precision);
        checkMemory("c", c, precision);
        run(a, b, c, accumulate);
    }

    /** Runs a checked product. */
    abstract void run(Matrix a, Matrix b, Matrix c, boolean accumulate);

    /** Checks that a matrix lies in its memory, and that this may be used now, here. */
    static void checkMemory(String name, Matrix matrix, Precision precision) {
        MemorySegment values = matrix.values;
        if (values.byteSize() / precision.bytes() < matrix.extent()) {
            throw new IllegalArgumentException(name + ": expected at least " + matrix.extent() + " elements, got "
                    + values.byteSize() / precision.bytes());
        }
        checkAccess(name, values, precision);
    }

    /** Checks that memory is aligned, open, and this thread's to use. */
    static void checkAccess(String name, MemorySegment values, Precision precision) {
        if (values.address() % precision.bytes() != 0) {
            throw new IllegalArgumentException(name + ": expected an address that is a multiple of " + precision.bytes()
                    + ", got " + values.address());
        }
        if (!values.scope().isAlive()) {
            throw new IllegalStateException(name + ": its memory is closed");
        }
        if (!values.isAccessibleBy(Thread.currentThread())) {
            throw new IllegalStateException(name + ": its memory belongs to another thread");
        }
    }
}
