package dev.rondo.kernel;

import dev.rondo.cell.Execution;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Matrix products in {@code jdk.incubator.vector}, float32, one thread. Operands are copied to arrays, where the loops
 * run twice as fast as on segments; the arrays are kept for the next product of the same sizes.
 *
 * <p>To be touched only after {@link Backends#require}.
 */
final class VectorProducts extends Products {
    private final VectorProduct product;
    private final int lanes;
    private final List<Operands> operands = new ArrayList<>();

    VectorProducts(Precision precision, Execution execution) {
        super(precision);
        VectorKernel.requireFloat32(precision);
        VectorWidth width = VectorWidth.of(execution.maxIsa());
        this.product = width.product();
        this.lanes = width.lanes();
    }

    @Override
    void run(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        Operands x = operandsFor(Math.toIntExact(c.rows()), Math.toIntExact(c.columns()), Math.toIntExact(a.columns()));
        x.readA(a);
        x.readB(b);
        for (int i = 0; i < x.m; i++) {
            x.c.read(i, accumulate ? c.values() : null, i * c.rowStride());
        }
        product.add(x.a, x.b, x.c);
        for (int i = 0; i < x.m; i++) {
            x.c.write(i, c.values(), i * c.rowStride());
        }
    }

    private Operands operandsFor(int m, int n, int k) {
        for (int i = 0; i < operands.size(); i++) { // no iterator: a product allocates nothing
            Operands x = operands.get(i);
            if (x.m == m && x.n == n && x.k == k) {
                return x;
            }
        }
        var x = new Operands(m, n, k, lanes);
        operands.add(x);
        return x;
    }

    /** Operands and result of a product C [m, n] = A [m, k] B [k, n]. */
    private static final class Operands {
        final int m;
        final int n;
        final int k;
        final VectorRows a; // [m, k]
        final VectorPanels b; // [k, n]
        final VectorRows c; // [m, n]
        private final float[] columnOfA; // [m]
        private final VectorRows bByRows; // [k, n], as b lies if it is row-major
        private final VectorRows bByColumns; // [n, k], as b lies if it is not

        Operands(int m, int n, int k, int lanes) {
            this.m = m;
            this.n = n;
            this.k = k;
            this.a = VectorRows.of(m, k, k);
            this.b = new VectorPanels(k, n, lanes);
            this.c = VectorRows.ofGroups(m, 1, n, lanes);
            this.columnOfA = new float[m];
            this.bByRows = VectorRows.of(k, n, n);
            this.bByColumns = VectorRows.of(n, k, k);
        }

        void readA(Matrix matrix) {
            if (matrix.columnStride() == 1) {
                readRows(a, m, matrix.values(), matrix.rowStride());
                return;
            }
            float[] values = a.values();
            for (int p = 0; p < k; p++) {
                long offset = p * matrix.columnStride() * Float.BYTES;
                MemorySegment.copy(matrix.values(), ValueLayout.JAVA_FLOAT, offset, columnOfA, 0, m);
                for (int i = 0; i < m; i++) {
                    values[a.at(i) + p] = columnOfA[i];
                }
            }
        }

        void readB(Matrix matrix) {
            if (matrix.columnStride() == 1) {
                readRows(bByRows, k, matrix.values(), matrix.rowStride());
                b.putRows(bByRows, 0);
            } else {
                readRows(bByColumns, n, matrix.values(), matrix.columnStride());
                b.putTransposed(bByColumns);
            }
        }

        private static void readRows(VectorRows rows, int count, MemorySegment values, long stride) {
            for (int i = 0; i < count; i++) {
                rows.read(i, values, i * stride);
            }
        }
    }
}
