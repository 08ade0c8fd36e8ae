package dev.rondo.reservoir;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The triangular factor of a tall matrix that comes in blocks of rows: {@code A = Q R}, of which R and {@code Q^T y}
 * are kept, as is what no combination of columns explains. Each block is taken into R by Householder reflections,
 * which leave the condition of A as it is; {@code A^T A} would square it.
 *
 * <pre>
 *   H = I - tau v v^T,  v = [e_j; V_j]:  of the rows of R, reflection j touches row j alone
 *   H_1 ... H_w = I - V T V^T            (Schreiber and Van Loan 1989): w columns at a time, the rest by products
 * </pre>
 *
 * <p>n columns of A, o of y, M rows of a block at most, w columns of a panel.
 */
final class TriangularFactor implements AutoCloseable {
    /** Columns that are reduced together. */
    private static final int PANEL = 32;

    /** Rows that are taken in together: enough for the products to be fast, few enough for caches. */
    static final int BLOCK = 256;

    private static final Precision FLOAT64 = Precision.FLOAT64;

    private final int columns; // n
    private final int width; // n + o
    private final Products gemm;
    private final Workspace workspace;
    private final MemorySegment r; // [n, n + o]: R and Q^T y
    private final MemorySegment block; // [M, n + o]
    private final MemorySegment vectors; // V of a panel, [w, M]
    private final MemorySegment sums; // V^T C, [w, n + o]
    private final MemorySegment reflected; // -T^T V^T C, [w, n + o]
    private final MemorySegment minusT; // -T^T, [w, w]
    private final double[] v = new double[PANEL * BLOCK]; // [w, M]
    private final double[] top = new double[PANEL * PANEL]; // rows of R in a panel, [w, w]
    private final double[] t = new double[PANEL * PANEL]; // T, [w, w]
    private final double[] products = new double[PANEL]; // of a column of V with those before it
    private final double[] row;
    private final double[] unexplained; // [o], sums of squares

    TriangularFactor(int columns, int outputs, Products gemm) {
        this.columns = columns;
        this.width = Math.addExact(columns, outputs);
        this.gemm = gemm;
        this.workspace = new Workspace("regression");
        try {
            this.r = workspace.allocate(FLOAT64, (long) columns * width);
            this.block = workspace.allocate(FLOAT64, (long) BLOCK * width);
            this.vectors = workspace.allocate(FLOAT64, (long) PANEL * BLOCK);
            this.sums = workspace.allocate(FLOAT64, (long) PANEL * width);
            this.reflected = workspace.allocate(FLOAT64, (long) PANEL * width);
            this.minusT = workspace.allocate(FLOAT64, PANEL * PANEL);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
        this.row = new double[width];
        this.unexplained = new double[outputs];
    }

    /** Says so if it is closed. */
    void requireOpen() {
        if (workspace.isClosed()) {
            throw new IllegalStateException("regression is closed");
        }
    }

    /** Takes over what another factor of the same sizes has come to. */
    void copyFrom(TriangularFactor other) {
        r.copyFrom(other.r);
        System.arraycopy(other.unexplained, 0, unexplained, 0, unexplained.length);
    }

    /**
     * Takes in rows.
     *
     * @param rows [count, n + o]
     * @param count from 0 to {@value #BLOCK}
     */
    void append(double[] rows, int count) {
        if (count == 0) {
            return;
        }
        workspace.enter();
        try {
            MemorySegment.copy(rows, 0, block, ValueLayout.JAVA_DOUBLE, 0, count * width);
            reduce(count, 0);
        } finally {
            workspace.exit();
        }
    }

    /** Takes in rows {@code value * e_j} for all columns j from {@code first} on, their y 0. */
    void appendDiagonal(double value, int first) {
        workspace.enter();
        try {
            for (int j = first; j < columns; j += BLOCK) {
                int count = Math.min(BLOCK, columns - j);
                block.fill((byte) 0);
                for (int i = 0; i < count; i++) {
                    FLOAT64.set(block, (long) i * width + j + i, value);
                }
                reduce(count, j); // columns before have nothing there
            }
        } finally {
            workspace.exit();
        }
    }

    private void reduce(int count, int first) {
        for (int p = first; p < columns; p += PANEL) {
            int w = Math.min(PANEL, columns - p);
            reducePanel(p, w, count);
            if (p + w < width) {
                reduceRest(p, w, count);
            }
        }
        for (int i = 0; i < count; i++) {
            FLOAT64.read(block, (long) i * width, row, width);
            for (int o = columns; o < width; o++) {
                unexplained[o - columns] += row[o] * row[o];
            }
        }
    }

    /** Makes the reflections of columns p to p + w - 1, and applies them to these. */
    private void reducePanel(int p, int w, int count) {
        readPanel(p, w, count);
        for (int j = 0; j < w; j++) {
            double squares = dot(j, j, count);
            double tau = 0;
            if (squares > 0) {
                double diagonal = top[j * w + j];
                double norm = Math.sqrt(diagonal * diagonal + squares);
                double beta = diagonal > 0 ? -norm : norm; // of the other sign: nothing cancels
                tau = (beta - diagonal) / beta;
                scale(j, 1 / (diagonal - beta), count);
                top[j * w + j] = beta;
                for (int k = j + 1; k < w; k++) {
                    double s = tau * (top[j * w + k] + dot(j, k, count));
                    top[j * w + k] -= s;
                    subtract(s, j, k, count);
                }
            }
            extend(j, tau, w, count);
        }
        writePanel(p, w, count);
    }

    /** Adds column j to T: {@code -tau T V^T V_j} above the diagonal, where the unit vectors of V have no part. */
    private void extend(int j, double tau, int w, int count) {
        for (int k = 0; k < j; k++) {
            products[k] = dot(k, j, count);
        }
        for (int i = 0; i < j; i++) {
            double sum = 0;
            for (int k = i; k < j; k++) {
                sum += t[i * w + k] * products[k];
            }
            t[i * w + j] = -tau * sum;
        }
        t[j * w + j] = tau;
    }

    /** Applies the reflections of a panel to the columns behind it: {@code C - V T^T (V^T C)}. */
    private void reduceRest(int p, int w, int count) {
        int rest = width - p - w;
        Matrix behind = matrix(block, p + w, count, rest, width);
        Matrix above = matrix(r, (long) p * width + p + w, w, rest, width);
        Matrix v = matrix(vectors, 0, w, count, BLOCK); // transposed
        Matrix sums = matrix(this.sums, 0, w, rest, width);
        Matrix minus = matrix(reflected, 0, w, rest, width);
        for (int i = 0; i < w; i++) {
            MemorySegment.copy(r, ((long) (p + i) * width + p + w) * Double.BYTES,
                    this.sums, (long) i * width * Double.BYTES, (long) rest * Double.BYTES);
        }
        gemm.multiply(v, behind, sums, true);
        gemm.multiply(matrix(minusT, 0, w, w, w), sums, minus, false);
        gemm.multiply(matrix(minusT, 0, w, w, w), sums, above, true);
        gemm.multiply(v.transposed(), minus, behind, true);
    }

    private static Matrix matrix(MemorySegment memory, long offset, long rows, long columns, long rowStride) {
        return new Matrix(memory.asSlice(offset * Double.BYTES), rows, columns, rowStride, 1);
    }

    private void readPanel(int p, int w, int count) {
        for (int i = 0; i < count; i++) {
            FLOAT64.read(block.asSlice(((long) i * width + p) * Double.BYTES), 0, row, w);
            for (int j = 0; j < w; j++) {
                v[j * BLOCK + i] = row[j];
            }
        }
        for (int i = 0; i < w; i++) {
            FLOAT64.read(r, (long) (p + i) * width + p, row, w);
            System.arraycopy(row, 0, top, i * w, w);
        }
    }

    /** Below R nothing is left, so the panel of the block is not written back. */
    private void writePanel(int p, int w, int count) {
        for (int i = 0; i < w; i++) {
            MemorySegment.copy(top, i * w, r, ValueLayout.JAVA_DOUBLE, ((long) (p + i) * width + p) * Double.BYTES, w);
            for (int j = 0; j < w; j++) {
                FLOAT64.set(minusT, (long) j * w + i, i <= j ? -t[i * w + j] : 0);
            }
        }
        MemorySegment.copy(v, 0, vectors, ValueLayout.JAVA_DOUBLE, 0, w * BLOCK);
    }

    private double dot(int j, int k, int count) {
        double s0 = 0;
        double s1 = 0;
        int i = 0;
        for (; i + 1 < count; i += 2) { // two sums: one addition need not wait for the one before
            s0 += v[j * BLOCK + i] * v[k * BLOCK + i];
            s1 += v[j * BLOCK + i + 1] * v[k * BLOCK + i + 1];
        }
        return i < count ? s0 + s1 + v[j * BLOCK + i] * v[k * BLOCK + i] : s0 + s1;
    }

    private void scale(int j, double factor, int count) {
        for (int i = 0; i < count; i++) {
            v[j * BLOCK + i] *= factor;
        }
    }

    private void subtract(double factor, int j, int k, int count) {
        for (int i = 0; i < count; i++) {
            v[k * BLOCK + i] -= factor * v[j * BLOCK + i];
        }
    }

    /**
     * {@return the first column that is, to rounding, a combination of those before it; -1 if there is none} Its
     * diagonal element is its distance from these.
     */
    int undecided() {
        var squares = new double[columns]; // of the columns of R, which are as long as those of A
        var distances = new double[columns];
        for (int i = 0; i < columns; i++) {
            FLOAT64.read(r, (long) i * width, row, width);
            for (int j = i; j < columns; j++) {
                squares[j] += row[j] * row[j];
            }
            distances[i] = Math.abs(row[i]);
        }
        for (int j = 0; j < columns; j++) {
            if (distances[j] <= columns * FLOAT64.epsilon() * Math.sqrt(squares[j])) {
                return j;
            }
        }
        return -1;
    }

    /** {@return R^-1 Q^T y, [o, n]: the least squares solution} */
    double[] solve() {
        var solution = new double[Math.multiplyExact(unexplained.length, columns)];
        for (int i = columns - 1; i >= 0; i--) {
            FLOAT64.read(r, (long) i * width, row, width);
            for (int o = 0; o < unexplained.length; o++) {
                double sum = row[columns + o];
                for (int j = i + 1; j < columns; j++) {
                    sum -= row[j] * solution[o * columns + j];
                }
                solution[o * columns + i] = sum / row[i];
            }
        }
        return solution;
    }

    /** {@return the sum of squares that a solution leaves of each y, [o]} */
    double[] residuals(double[] solution) {
        double[] sums = unexplained.clone();
        for (int i = 0; i < columns; i++) {
            FLOAT64.read(r, (long) i * width, row, width);
            for (int o = 0; o < sums.length; o++) {
                double rest = row[columns + o];
                for (int j = i; j < columns; j++) {
                    rest -= row[j] * solution[o * columns + j];
                }
                sums[o] += rest * rest;
            }
        }
        return sums;
    }

    @Override
    public void close() {
        workspace.close();
    }
}
