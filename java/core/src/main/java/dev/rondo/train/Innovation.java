package dev.rondo.train;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.kernel.SymmetricBlocks;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;

/**
 * What is measured at once: up to M rows of derivatives H and errors e, and the memory in which a filter makes an
 * update of them. Columns are parameters, group by group; all is float64.
 */
final class Innovation {
    private static final Precision FLOAT64 = Precision.FLOAT64;
    private static final int BUFFERS = 3; // of a row's width

    private final KalmanGroups groups;
    private final int columns; // W
    private final MemorySegment derivatives; // H [M, W]
    private final MemorySegment gains; // H P [M, W]
    private final MemorySegment factors; // V = L^-1 H P [M, W], of P = P - V^T V
    private final MemorySegment covariance; // H P H^T [m, m]
    private final MemorySegment inverse; // L^-1 [m, m]
    private final MemorySegment errors; // e [1, m], then L^-1 e
    private final MemorySegment vector; // [1, W]
    private final Matrix asMatrix;
    private final double[] values; // as the slab has them
    private final double[] ordered; // [W]
    private final double[] error; // e [M]
    private final double[] lower; // L, then L^-1, [m, m]
    private final Shape[] shapes; // by m; made when one turns up
    private int rows; // m

    /** The matrices of an update by {@code m} rows. */
    private record Shape(Matrix derivatives, Matrix gains, Matrix factors, Matrix covariance, Matrix inverse,
            Matrix errors) {}

    Innovation(KalmanGroups groups, int mostRows, Workspace memory) {
        this.groups = groups;
        this.columns = groups.parameters();
        long wide = Math.multiplyExact((long) mostRows, columns);
        int square = Math.multiplyExact(mostRows, mostRows);
        MemorySegment all = memory.allocate(FLOAT64, Math.multiplyExact(wide, BUFFERS));
        this.derivatives = FLOAT64.slice(all, 0, wide);
        this.gains = FLOAT64.slice(all, wide, wide);
        this.factors = FLOAT64.slice(all, 2 * wide, wide);
        this.covariance = memory.allocate(FLOAT64, square);
        this.inverse = memory.allocate(FLOAT64, square);
        this.errors = memory.allocate(FLOAT64, mostRows);
        this.vector = memory.allocate(FLOAT64, columns);
        this.asMatrix = Matrix.of(vector, 1, columns);
        this.values = new double[groups.all()];
        this.ordered = new double[columns];
        this.error = new double[mostRows];
        this.lower = new double[square];
        this.shapes = new Shape[mostRows + 1];
    }

    /** {@return the bytes of native memory that up to {@code rows} rows of {@code columns} derivatives take} */
    static long bytes(int rows, int columns) {
        long wide = Math.multiplyExact(Math.multiplyExact((long) rows, columns), BUFFERS);
        long square = Math.multiplyExact(2L * rows, rows);
        return Math.multiplyExact(Math.addExact(Math.addExact(wide, square), (long) columns + rows), Double.BYTES);
    }

    void clear() {
        rows = 0;
    }

    /** {@return m} */
    int rows() {
        return rows;
    }

    /** Adds a row. */
    void add(MemorySegment gradients, Precision precision, double rowError) {
        precision.read(gradients, 0, values, values.length);
        for (int c = 0; c < columns; c++) {
            ordered[c] = values[groups.order()[c]];
        }
        FLOAT64.write(ordered, derivatives, (long) rows * columns, columns);
        error[rows] = rowError;
        rows++;
    }

    /** {@return H^T e, in the order of the columns; good until the next call of something here} */
    double[] gradient(Products products) {
        FLOAT64.write(error, errors, 0, rows);
        products.multiply(shape().errors, shape().derivatives, asMatrix, false);
        FLOAT64.read(vector, 0, ordered, columns);
        return ordered;
    }

    /** Finds H P and H P H^T. */
    void measure(SymmetricBlocks blocks, MemorySegment p, Products products) {
        blocks.multiply(p, shape().derivatives, shape().gains);
        products.multiply(shape().gains, shape().derivatives.transposed(), shape().covariance, false);
    }

    /**
     * Makes of H P the factors V, and V^T L^-1 e, which is what the parameters change by.
     *
     * @param noise variance of each error, beside what P explains
     * @return that, in the order of the columns; null, and nothing made, if H P H^T + noise is not positive definite
     */
    double[] factor(Products products, double noise) {
        if (!decompose(noise)) {
            return null;
        }
        invert();
        FLOAT64.write(lower, inverse, 0, rows * rows);
        products.multiply(shape().inverse, shape().gains, shape().factors, false);
        for (int i = 0; i < rows; i++) {
            double sum = 0;
            for (int j = 0; j <= i; j++) {
                sum += lower[i * rows + j] * error[j];
            }
            FLOAT64.set(errors, i, sum);
        }
        products.multiply(shape().errors, shape().factors, asMatrix, false);
        FLOAT64.read(vector, 0, ordered, columns);
        return ordered;
    }

    /** P = scale (P - V^T V) + shift. */
    void explain(SymmetricBlocks blocks, MemorySegment p, double scale, double shift) {
        blocks.update(p, shape().factors, scale, shift);
    }

    /** Cholesky: H P H^T + noise = L L^T. */
    private boolean decompose(double noise) {
        FLOAT64.read(covariance, 0, lower, rows * rows);
        for (int j = 0; j < rows; j++) {
            double pivot = lower[j * rows + j] + noise;
            for (int p = 0; p < j; p++) {
                pivot -= lower[j * rows + p] * lower[j * rows + p];
            }
            if (!(pivot > 0)) {
                return false;
            }
            double diagonal = Math.sqrt(pivot);
            lower[j * rows + j] = diagonal;
            for (int i = j + 1; i < rows; i++) {
                double sum = lower[i * rows + j];
                for (int p = 0; p < j; p++) {
                    sum -= lower[i * rows + p] * lower[j * rows + p];
                }
                lower[i * rows + j] = sum / diagonal;
                lower[j * rows + i] = 0;
            }
        }
        return true;
    }

    /** L^-1 in the place of L, from the last column on. */
    private void invert() {
        for (int j = rows - 1; j >= 0; j--) {
            lower[j * rows + j] = 1 / lower[j * rows + j];
            for (int i = rows - 1; i > j; i--) { // below j column by column of the inverse that is there
                double sum = 0;
                for (int p = j + 1; p <= i; p++) {
                    sum += lower[i * rows + p] * lower[p * rows + j];
                }
                lower[i * rows + j] = -sum * lower[j * rows + j];
            }
        }
    }

    private Shape shape() {
        if (shapes[rows] == null) {
            shapes[rows] = new Shape(Matrix.of(derivatives, rows, columns), Matrix.of(gains, rows, columns),
                    Matrix.of(factors, rows, columns), Matrix.of(covariance, rows, rows),
                    Matrix.of(inverse, rows, rows), Matrix.of(errors, 1, rows));
        }
        return shapes[rows];
    }
}
