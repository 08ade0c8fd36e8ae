package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.memory.Precision;
import dev.rondo.network.NetworkDescription;
import java.util.Objects;

/**
 * How far a body may lie from the reference in float64 on the same numbers. This is the one place where it is derived:
 *
 * <pre>
 *   bound = 4 * (backward ? 2 : 1) * ceil(log2(accumulation * T)) * eps + activation error
 * </pre>
 *
 * <p>A sum of n rounded terms, added up in a tree or in as many partial sums as a vector has lanes, is off by about
 * log2(n) roundings; {@code accumulation * T} is the number of terms that the longest sum collects over the pass. The
 * factor 4 covers the pointwise operations between the sums, 2 that backward works with what forward has rounded
 * already. Added to it is what an {@linkplain #activationError activation} may be off by itself.
 *
 * <p>With one time step each element is compared: relative to itself, or to the root mean square of its tensor where it
 * is smaller than that. With more steps errors of one unit spread to all, and the root mean square of the difference is
 * compared with that of the reference. Neither is taken for less than {@value #SMALLEST}: numbers, weights and incoming
 * gradients of a check are of order one, and a result that is so much smaller is what cancellation has left of its
 * terms, whose rounding it carries. But what is zero in the reference (output beyond a length, gradient of a token that
 * did not occur) has to be zero in both.
 *
 * @param bound largest relative error
 * @param elementwise whether each element counts, not the norm
 */
public record Tolerance(double bound, boolean elementwise) {
    static final double SMALLEST = 0.05;

    /**
     * {@return what output and last states of a forward pass may be off by}
     *
     * @param cell the cell
     * @param shape sizes of the pass
     * @param precision precision of the body
     */
    public static Tolerance forward(Cell cell, CellShape shape, Precision precision) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        Objects.requireNonNull(shape, "shape: expected one, got null");
        Objects.requireNonNull(precision, "precision: expected one, got null");
        return of(precision, 1, fanIn(cell, shape), shape.timeSteps());
    }

    /**
     * {@return what the gradients of a backward pass may be off by}
     *
     * @param cell the cell
     * @param shape sizes of the pass
     * @param precision precision of the body
     */
    public static Tolerance backward(Cell cell, CellShape shape, Precision precision) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        Objects.requireNonNull(shape, "shape: expected one, got null");
        Objects.requireNonNull(precision, "precision: expected one, got null");
        // Gradients of states and input are sums over pre-activation rows, those of parameters over the batch.
        int accumulation = Math.max(fanIn(cell, shape), Math.max(cell.rows(), shape.batchSize()));
        return of(precision, 2, accumulation, shape.timeSteps());
    }

    /**
     * {@return what the gradients of a whole network may be off by: the sum over its layers, of a bidirectional one
     * over its directions, and its head as one product more, for each works with what the others have rounded}
     *
     * @param network what it is
     * @param timeSteps T, at least 1
     * @param batchSize B, at least 1
     * @param precision precision of the network
     * @throws IllegalArgumentException if T or B is below 1
     */
    public static Tolerance gradients(NetworkDescription network, int timeSteps, int batchSize, Precision precision) {
        Objects.requireNonNull(network, "network: expected a description, got null");
        Objects.requireNonNull(precision, "precision: expected one, got null");
        CellShape.atLeastOne("timeSteps", timeSteps);
        CellShape.atLeastOne("batchSize", batchSize);
        int accumulation = Math.max(Math.max(network.topSize(), network.outputSize()), batchSize);
        double bound = of(precision, 2, accumulation, timeSteps).bound;
        for (int layer = 0; layer < network.layers().size(); layer++) {
            Cell cell = network.layers().get(layer).cell();
            CellShape shape = cell.shape(timeSteps, batchSize, network.inputSize(layer));
            bound += network.layers().get(layer).directions() * backward(cell, shape, precision).bound;
        }
        return new Tolerance(bound, false);
    }

    /**
     * {@return the largest error, relative to the size of the result, that a body's sigmoid or tanh may have: a few
     * units in the last place, for these are polynomials or quotients evaluated in the body's own precision}
     *
     * @param precision precision of the body
     */
    public static double activationError(Precision precision) {
        Objects.requireNonNull(precision, "precision: expected one, got null");
        return 4 * precision.epsilon();
    }

    private static Tolerance of(Precision precision, int passes, long accumulation, int timeSteps) {
        double roundings = Math.max(1, Math.ceil(Math.log((double) accumulation * timeSteps) / Math.log(2)));
        return new Tolerance(4 * passes * roundings * precision.epsilon() + activationError(precision), timeSteps == 1);
    }

    /** The terms that a pre-activation row sums up, or an element of a projected plane, in the one that has most. */
    private static int fanIn(Cell cell, CellShape shape) {
        int[] terms = new int[cell.rows()];
        int most = 0;
        for (ParameterBlock block : cell.blocks(shape.inputSize(), InputKind.DENSE)) {
            if (block.source() == ParameterBlock.Source.UNPROJECTED) {
                most = Math.max(most, block.width());
                continue;
            }
            for (int r = 0; r < block.rows(); r++) {
                terms[block.row() + r] += block.width();
            }
        }
        for (int count : terms) {
            most = Math.max(most, count);
        }
        return most;
    }

    /**
     * {@return the relative error of {@code actual}, to be compared with {@link #bound}; infinite if not a number}
     *
     * @param expected the reference
     * @param actual as many numbers
     * @throws IllegalArgumentException if there are more or fewer
     */
    public double error(double[] expected, double[] actual) {
        Objects.requireNonNull(expected, "expected: expected numbers, got null");
        Objects.requireNonNull(actual, "actual: expected numbers, got null");
        if (expected.length != actual.length) {
            throw new IllegalArgumentException(
                    "actual: expected " + expected.length + " numbers, got " + actual.length);
        }
        double squares = 0;
        double differences = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = actual[i] - expected[i];
            if (!Double.isFinite(difference) || expected[i] == 0 && actual[i] != 0) {
                return Double.POSITIVE_INFINITY;
            }
            squares += expected[i] * expected[i];
            differences += difference * difference;
        }
        double size = Math.max(Math.sqrt(squares / expected.length), SMALLEST);
        if (!elementwise) {
            return Math.sqrt(differences / expected.length) / size;
        }
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - expected[i]) / Math.max(Math.abs(expected[i]), size));
        }
        return worst;
    }
}
