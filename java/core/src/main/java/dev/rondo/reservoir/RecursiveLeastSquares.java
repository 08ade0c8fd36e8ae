package dev.rondo.reservoir;

import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Linear regression that is right after every row (recursive least squares, RLS), in float64:
 *
 * <pre>
 *   k = P x / (f + x^T P x);   W = W + (y - W x) k^T;   P = (P - k x^T P) / f;   at first W = 0, P = I / alpha
 * </pre>
 *
 * <p>with a constant 1 in x for the bias. A row that is n rows old counts f^n. With f = 1 the weights after each row
 * are those of ridge regression with lambda = alpha that penalises the bias, too, as in ReservoirPy.
 *
 * <pre>{@code
 * var rule = RecursiveLeastSquares.of(2, 1).forgetting(0.99);
 * rule.learn(new double[] {1, 2}, new double[] {3});
 * LinearReadout readout = rule.readout();
 * }</pre>
 *
 * <p>A row takes time and memory of (N + 1)^2. With f below 1 P grows by 1 / f in directions that rows do not have, and
 * after some 40 / (1 - f) rows that do not vary, or 700 / (1 - f) with a feature that is always 0, no digit of it is
 * left: {@link #learn} refuses rows then, and what was learned stays. One thread at a time.
 */
public final class RecursiveLeastSquares {
    private static final String SIZES = "rls.sizes"; // N, O
    private static final String FORGETTING = "rls.forgetting";
    private static final String INVERSE = "rls.inverse";
    private static final String WEIGHTS = "rls.weights";

    private final int size; // n = N + 1, the bias first
    private final int outputs; // O
    private final double forgetting; // f
    private final double[] inverse; // P, [n, n], symmetric to the bit
    private final double[] weights; // [O, n]
    private final double[] row; // [1, x]
    private final double[] product; // P x

    private RecursiveLeastSquares(int features, int outputs, double forgetting, double alpha) {
        this.size = Math.addExact(CellShape.atLeastOne("features", features), 1);
        this.outputs = CellShape.atLeastOne("outputs", outputs);
        this.forgetting = forgetting;
        this.inverse = new double[Math.multiplyExact(size, size)];
        this.weights = new double[Math.multiplyExact(outputs, size)];
        this.row = new double[size];
        this.product = new double[size];
        for (int i = 0; i < size; i++) {
            inverse[i * size + i] = 1 / alpha;
        }
    }

    /**
     * {@return a rule that has seen no row, forgets none, and has alpha 1e-6}
     *
     * @param features N, at least 1
     * @param outputs O, at least 1
     * @throws IllegalArgumentException if one is below 1
     */
    public static RecursiveLeastSquares of(int features, int outputs) {
        return of(features, outputs, 1e-6);
    }

    /**
     * {@return a rule that has seen no row, and forgets none}
     *
     * @param features N, at least 1
     * @param outputs O, at least 1
     * @param alpha what the squares of the weights cost in the beginning, above 0
     * @throws IllegalArgumentException if one is below 1, or alpha is not above 0
     */
    public static RecursiveLeastSquares of(int features, int outputs, double alpha) {
        if (!(alpha > 0 && Double.isFinite(1 / alpha))) {
            throw new IllegalArgumentException("alpha: expected a number above 0, got " + alpha);
        }
        return new RecursiveLeastSquares(features, outputs, 1, alpha);
    }

    /**
     * {@return this rule, as it is now, with another forgetting}
     *
     * @param factor what a row counts after one more, above 0 to 1; 1 = nothing is forgotten
     * @throws IllegalArgumentException if it is none
     */
    public RecursiveLeastSquares forgetting(double factor) {
        if (!(factor > 0 && factor <= 1)) {
            throw new IllegalArgumentException("forgetting: expected above 0 to 1, got " + factor);
        }
        var other = new RecursiveLeastSquares(size - 1, outputs, factor, 1);
        System.arraycopy(inverse, 0, other.inverse, 0, inverse.length);
        System.arraycopy(weights, 0, other.weights, 0, weights.length);
        return other;
    }

    /**
     * {@return the rule in a file, which goes on as the one that was saved would, to the bit}
     *
     * @param file as {@link #save} wrote it
     * @throws IOException if the file cannot be read, is damaged or holds no such rule
     */
    public static RecursiveLeastSquares load(Path file) throws IOException {
        Checkpoint checkpoint = Checkpoint.read(Objects.requireNonNull(file, "file: expected a path, got null"));
        long[] sizes = checkpoint.longs(SIZES, 2);
        var factor = new double[1];
        checkpoint.copy(FORGETTING, Precision.FLOAT64, MemorySegment.ofArray(factor));
        try {
            long size = Math.addExact(sizes[0], 1);
            requireFit(checkpoint, INVERSE, size, size); // before memory for them is asked for
            requireFit(checkpoint, WEIGHTS, sizes[1], size);
            var rule = of(Math.toIntExact(sizes[0]), Math.toIntExact(sizes[1])).forgetting(factor[0]);
            checkpoint.copy(INVERSE, Precision.FLOAT64, MemorySegment.ofArray(rule.inverse));
            checkpoint.copy(WEIGHTS, Precision.FLOAT64, MemorySegment.ofArray(rule.weights));
            return rule;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw checkpoint.damaged(SIZES, e);
        }
    }

    private static void requireFit(Checkpoint checkpoint, String name, long rows, long columns)
            throws CheckpointException {
        checkpoint.expect(name, Math.multiplyExact(Math.multiplyExact(rows, columns), (long) Double.BYTES));
    }

    /**
     * Writes the rule to a file, as it is now.
     *
     * @param file replaced at once or not at all; its directory has to be there
     * @throws IOException if it cannot be written
     */
    public void save(Path file) throws IOException {
        Objects.requireNonNull(file, "file: expected a path, got null");
        Checkpoint.builder()
                .longs(SIZES, features(), outputs)
                .numbers(FORGETTING, Precision.FLOAT64, MemorySegment.ofArray(new double[] {forgetting}))
                .numbers(INVERSE, Precision.FLOAT64, MemorySegment.ofArray(inverse))
                .numbers(WEIGHTS, Precision.FLOAT64, MemorySegment.ofArray(weights))
                .write(file);
    }

    /** {@return N} */
    public int features() {
        return size - 1;
    }

    /** {@return O} */
    public int outputs() {
        return outputs;
    }

    /**
     * Takes in a row.
     *
     * @param x features, [N]
     * @param y what the outputs shall be, [O]
     * @throws IllegalArgumentException if a size does not fit, or a number is NaN or beyond 1e150
     * @throws IllegalStateException if P has grown so large that its rounding errors are as large as f, because rows
     *     did not vary while earlier ones were forgotten; nothing is changed then
     */
    public void learn(double[] x, double[] y) {
        RidgeRegression.summable("x", RidgeRegression.sized("x", x, size - 1));
        RidgeRegression.summable("y", RidgeRegression.sized("y", y, outputs));
        row[0] = 1;
        System.arraycopy(x, 0, row, 1, x.length);
        double scale = forgetting;
        for (int i = 0; i < size; i++) {
            product[i] = LinearReadout.dot(inverse, i * size, row, size);
            scale += row[i] * product[i];
        }
        if (!(scale > forgetting / 2 && scale < Double.POSITIVE_INFINITY)) { // it is f at least, but for rounding
            throw new IllegalStateException("rows: expected such that vary, or a forgetting nearer to 1 than "
                    + forgetting + ", got f + x^T P x = " + scale);
        }
        for (int o = 0; o < outputs; o++) {
            double step = (y[o] - LinearReadout.dot(weights, o * size, row, size)) / scale;
            for (int i = 0; i < size; i++) {
                weights[o * size + i] += step * product[i];
            }
        }
        double rate = 1 / scale;
        double growth = 1 / forgetting;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                // A product of two is the same in either order, so P stays symmetric.
                inverse[i * size + j] = (inverse[i * size + j] - product[i] * product[j] * rate) * growth;
            }
        }
    }

    /** {@return what was learned so far} */
    public LinearReadout readout() {
        var own = new double[outputs * (size - 1)];
        var bias = new double[outputs];
        for (int o = 0; o < outputs; o++) {
            bias[o] = weights[o * size];
            System.arraycopy(weights, o * size + 1, own, o * (size - 1), size - 1);
        }
        return new LinearReadout(own, bias);
    }

    /** Writes what the readout would say of a row, without making one. */
    void apply(double[] x, double[] y) {
        for (int o = 0; o < outputs; o++) {
            double sum = weights[o * size];
            for (int j = 0; j < x.length; j++) {
                sum += weights[o * size + 1 + j] * x[j];
            }
            y[o] = sum;
        }
    }
}
