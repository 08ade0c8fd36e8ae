package dev.rondo.reservoir;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.Products;
import dev.rondo.memory.Precision;
import java.util.Arrays;
import java.util.Objects;

/**
 * Linear regression with an L2 penalty (ridge, Tikhonov), in float64, over rows that come one after the other and are
 * not kept:
 *
 * <pre>
 *   minimise over W, b:  sum over rows |W x + b - y|^2 + lambda |W|^2
 * </pre>
 *
 * <p>The bias is not penalised, and lambda is not divided by the number of rows: the ridge of scikit-learn and of
 * ReservoirPy. It is found by a QR factorisation of the rows, not by normal equations, so a condition number of 1e10
 * leaves six digits of sixteen, where normal equations leave none.
 *
 * <pre>{@code
 * try (var regression = RidgeRegression.of(3, 1)) {
 *     regression.add(new double[] {1, 2, 3}, new double[] {6});
 *     regression.add(new double[] {2, 0, 1}, new double[] {3});
 *     LinearReadout readout = regression.solve(1e-8);
 *     var y = new double[1];
 *     readout.apply(new double[] {1, 1, 1}, y);
 * }
 * }</pre>
 *
 * <p>Memory is that of (N + 1) (N + 1 + O) numbers, however many rows there are, and as much again in {@link #solve}.
 * Products run on the native library where it is there. Neither the number of threads (but where OpenBLAS multiplies, in
 * the baseline tier) nor solving in between changes a bit of the result. One thread at a time.
 */
public final class RidgeRegression implements AutoCloseable {
    /** The largest number of a row: its square can be summed. */
    static final double LARGEST = 1e150;

    private final int features; // N
    private final int outputs; // O
    private final int first; // column of the first feature: 1 behind a bias, else 0
    private final Products products;
    private final TriangularFactor factor;
    private final double[] waiting; // rows [1, x, y] that are not yet in the factor
    private final double[] target; // of a class, [O]
    private int rowsWaiting;
    private long rows;

    RidgeRegression(int features, int outputs, boolean bias, Products products) {
        this.features = CellShape.atLeastOne("features", features);
        this.outputs = CellShape.atLeastOne("outputs", outputs);
        this.first = bias ? 1 : 0;
        this.products = products;
        this.waiting = new double[Math.multiplyExact(TriangularFactor.BLOCK, width())];
        this.target = new double[outputs];
        this.factor = new TriangularFactor(columns(), outputs, products);
    }

    /**
     * {@return a regression without rows, on all processors; to be closed}
     *
     * @param features N, at least 1
     * @param outputs O, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public static RidgeRegression of(int features, int outputs) {
        return of(features, outputs, Execution.allProcessors());
    }

    /**
     * {@return a regression without rows, to be closed}
     *
     * @param features N, at least 1
     * @param outputs O, at least 1
     * @param threads that share the products, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public static RidgeRegression of(int features, int outputs, int threads) {
        return new RidgeRegression(features, outputs, true, products(threads));
    }

    /**
     * {@return a regression without rows and without bias, on all processors; to be closed}
     *
     * @param features N, at least 1
     * @param outputs O, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public static RidgeRegression throughOrigin(int features, int outputs) {
        return new RidgeRegression(features, outputs, false, products(Execution.allProcessors()));
    }

    /** {@return what multiplies in float64, which VECTOR does not} */
    private static Products products(int threads) {
        Backend backend = Backends.best() == Backend.NATIVE ? Backend.NATIVE : Backend.REFERENCE;
        return Products.of(backend, Precision.FLOAT64, Execution.threads(threads));
    }

    /** {@return N} */
    public int features() {
        return features;
    }

    /** {@return O} */
    public int outputs() {
        return outputs;
    }

    /** {@return how many rows were added} */
    public long rows() {
        return rows;
    }

    private int columns() {
        return Math.addExact(first, features);
    }

    private int width() {
        return Math.addExact(columns(), outputs);
    }

    /**
     * Adds a row.
     *
     * @param x features, [N]
     * @param y what the outputs shall be, [O]
     * @throws IllegalArgumentException if a size does not fit, or a number is NaN or beyond {@value #LARGEST}
     * @throws IllegalStateException after {@link #close()}
     */
    public void add(double[] x, double[] y) {
        factor.requireOpen();
        summable("x", sized("x", x, features));
        summable("y", sized("y", y, outputs));
        int at = rowsWaiting * width();
        Arrays.fill(waiting, at, at + first, 1);
        System.arraycopy(x, 0, waiting, at + first, features);
        System.arraycopy(y, 0, waiting, at + columns(), outputs);
        if (rowsWaiting + 1 == TriangularFactor.BLOCK) {
            factor.append(waiting, TriangularFactor.BLOCK);
            rowsWaiting = 0;
        } else {
            rowsWaiting++;
        }
        rows++;
    }

    /**
     * Adds a row for classification: the output of its class shall be 1, the others -1. {@link LinearReadout#classify}
     * takes the largest.
     *
     * @param x features, [N]
     * @param label the class, from 0 to O - 1
     * @throws IllegalArgumentException if there is no such class, a size does not fit, or a number is NaN or beyond
     *     {@value #LARGEST}
     * @throws IllegalStateException after {@link #close()}
     */
    public void add(double[] x, int label) {
        sized("x", x, features);
        if (label < 0 || label >= outputs) {
            throw new IllegalArgumentException("label: expected 0 to " + (outputs - 1) + ", got " + label);
        }
        Arrays.fill(target, -1);
        target[label] = 1;
        add(x, target);
    }

    /**
     * {@return the best readout for the rows so far; more may be added afterwards}
     *
     * @param lambda what the squares of the weights cost, at least 0: 0 is least squares
     * @throws IllegalArgumentException if it is negative or not finite, if there are no rows, or if rows do not decide
     *     the weights: a feature is a combination of others, to rounding, and lambda 0 or next to it
     * @throws IllegalStateException after {@link #close()}
     */
    public LinearReadout solve(double lambda) {
        factor.requireOpen();
        requirePenalty(lambda);
        if (rows == 0) {
            throw new IllegalArgumentException("rows: expected at least one, got none");
        }
        try (TriangularFactor all = all()) {
            if (lambda > 0) {
                all.appendDiagonal(Math.sqrt(lambda), first);
            }
            int undecided = all.undecided();
            if (undecided >= 0) {
                throw undecided(undecided, lambda);
            }
            return readout(all.solve());
        }
    }

    /**
     * {@return the mean over all rows and outputs of what a readout leaves, squared}
     *
     * @param readout any of as many features and outputs, without a bias where the regression has none
     * @throws IllegalArgumentException if it is none, or there are no rows
     * @throws IllegalStateException after {@link #close()}
     */
    public double meanSquaredError(LinearReadout readout) {
        Objects.requireNonNull(readout, "readout: expected one, got null");
        if (readout.features() != features || readout.outputs() != outputs || rows == 0) {
            throw new IllegalArgumentException("readout: expected one of " + features + " features and " + outputs
                    + " outputs, and rows, got " + readout.features() + " and " + readout.outputs() + ", and " + rows);
        }
        var solution = new double[outputs * columns()];
        for (int o = 0; o < outputs; o++) {
            Arrays.fill(solution, o * columns(), o * columns() + first, readout.bias()[o]);
            for (int j = 0; j < features; j++) {
                solution[o * columns() + first + j] = readout.weight(o, j);
            }
        }
        try (TriangularFactor all = all()) {
            return Arrays.stream(all.residuals(solution)).sum() / ((double) rows * outputs);
        }
    }

    /** {@return the factor of all rows, to be closed} */
    private TriangularFactor all() {
        factor.requireOpen();
        var all = new TriangularFactor(columns(), outputs, products);
        try {
            all.copyFrom(factor);
            all.append(waiting, rowsWaiting);
            return all;
        } catch (RuntimeException | Error e) {
            all.close();
            throw e;
        }
    }

    private IllegalArgumentException undecided(int column, double lambda) {
        String feature = column < first ? "the bias" : "feature " + (column - first);
        String why = rows < columns()
                ? "there are " + rows + " rows for " + columns() + " weights of each output"
                : feature + " is a combination of those before it";
        return new IllegalArgumentException("lambda: expected " + (lambda > 0 ? "a larger number" : "one above 0")
                + ", for " + why + ", got " + lambda);
    }

    private LinearReadout readout(double[] solution) {
        var weights = new double[outputs * features];
        var bias = new double[outputs];
        for (int o = 0; o < outputs; o++) {
            System.arraycopy(solution, o * columns() + first, weights, o * features, features);
            bias[o] = first == 1 ? solution[o * columns()] : 0;
        }
        return new LinearReadout(weights, bias);
    }

    /** Frees the factor. Closing twice is harmless. */
    @Override
    public void close() {
        factor.close();
    }

    static double requirePenalty(double lambda) {
        if (!(lambda >= 0 && Double.isFinite(lambda))) {
            throw new IllegalArgumentException("lambda: expected a number of at least 0, got " + lambda);
        }
        return lambda;
    }

    static double[] present(String name, double[] numbers) {
        if (numbers == null) { // without a supplier, which would be an object in each step of a stream
            throw new NullPointerException(name + ": expected numbers, got null");
        }
        return numbers;
    }

    static double[] sized(String name, double[] numbers, int count) {
        if (present(name, numbers).length != count) {
            throw new IllegalArgumentException(name + ": expected " + count + " numbers, got " + numbers.length);
        }
        return numbers;
    }

    static void summable(String name, double[] numbers) {
        for (int i = 0; i < numbers.length; i++) {
            if (!(Math.abs(numbers[i]) <= LARGEST)) {
                throw new IllegalArgumentException(name + "[" + i + "]: expected a number from " + -LARGEST + " to "
                        + LARGEST + ", got " + numbers[i]);
            }
        }
    }
}
