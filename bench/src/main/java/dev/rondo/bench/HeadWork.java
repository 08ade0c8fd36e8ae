package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.check.CellBody;
import dev.rondo.check.Tolerance;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** The products of a dense head from H units to I classes at N = T * B positions. Every body gets the same numbers. */
final class HeadWork implements AutoCloseable {
    private static final int PRODUCTS_IN_A_ROW = 2; // the gradients are products of the first one's result

    private final Workspace workspace = new Workspace("head");
    private final SplittableRandom random = new SplittableRandom(1);
    private final CellShape shape;
    private final Precision precision;
    private final Multiplication multiplication;
    private final Matrix h; // [N, H]
    private final Matrix weight; // [I, H]
    private final Matrix outputs; // [N, I]; in place of their gradient, too
    private final Matrix hGradient; // [N, H]
    private final Matrix weightGradient; // [I, H]

    /** C = A B. */
    interface Multiplication {
        void multiply(Matrix a, Matrix b, Matrix c);
    }

    private HeadWork(CellShape shape, Precision precision, Multiplication multiplication) {
        this.shape = shape;
        this.precision = precision;
        this.multiplication = multiplication;
        this.h = matrix(shape.rows(), shape.hiddenSize(), 1);
        this.weight = matrix(shape.inputSize(), shape.hiddenSize(), 1);
        this.outputs = matrix(shape.rows(), shape.inputSize(), 0);
        this.hGradient = matrix(shape.rows(), shape.hiddenSize(), 0);
        this.weightGradient = matrix(shape.inputSize(), shape.hiddenSize(), 0);
    }

    /** {@return the products of a body} */
    static HeadWork of(CellBody body, CellShape shape, int threads) {
        Products products = Products.of(body.backend(), body.precision(), new Execution(threads, body.tier()));
        return new HeadWork(shape, body.precision(), (a, b, c) -> products.multiply(a, b, c, false));
    }

    /** {@return the same products by OpenBLAS, which has one number of threads for the whole process} */
    static HeadWork ofOpenBlas(CellShape shape, int threads) {
        OpenBlasProduct.setThreads(threads);
        return new HeadWork(shape, Precision.FLOAT32, OpenBlasProduct::multiply);
    }

    void products() {
        multiplication.multiply(h, weight.transposed(), outputs);
        multiplication.multiply(outputs, weight, hGradient);
        multiplication.multiply(outputs.transposed(), h, weightGradient);
    }

    /**
     * Compares all results of {@link #products} with those of the reference.
     *
     * @param what who computed them
     * @throws IllegalStateException if one is further off than float32 explains
     */
    void compare(HeadWork reference, String what) {
        long terms = Math.max(shape.rows(), Math.max(shape.inputSize(), shape.hiddenSize()));
        double roundings = 1 + Math.ceil(Math.log(terms) / Math.log(2)); // as Tolerance counts them
        var tolerance = new Tolerance(4 * PRODUCTS_IN_A_ROW * roundings * Precision.FLOAT32.epsilon(), false);
        compare(what + ": outputs", tolerance, reference.read(reference.outputs), read(outputs));
        compare(what + ": gradient of h", tolerance, reference.read(reference.hGradient), read(hGradient));
        compare(what + ": gradient of weight", tolerance,
                reference.read(reference.weightGradient), read(weightGradient));
    }

    private void compare(String what, Tolerance tolerance, double[] expected, double[] actual) {
        double error = tolerance.error(expected, actual);
        if (!(error <= tolerance.bound())) {
            throw new IllegalStateException("head by " + what + ", " + shape + ": expected an error of at most "
                    + tolerance.bound() + ", got " + error);
        }
    }

    private double[] read(Matrix matrix) {
        var numbers = new double[Math.toIntExact(matrix.rows() * matrix.columns())];
        precision.read(matrix.values(), 0, numbers, numbers.length);
        return numbers;
    }

    /** Numbers that float32 holds exactly. */
    private Matrix matrix(long rows, long columns, double scale) {
        MemorySegment values = workspace.allocate(precision, rows * columns);
        for (long n = 0; n < rows * columns; n++) {
            precision.set(values, n, (float) (scale * random.nextDouble(-1, 1)));
        }
        return Matrix.of(values, rows, columns);
    }

    @Override
    public void close() {
        workspace.close();
    }
}
