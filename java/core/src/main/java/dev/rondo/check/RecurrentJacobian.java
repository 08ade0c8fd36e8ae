package dev.rondo.check;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Precision;
import dev.rondo.network.Dropout;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The Jacobian of one step of a network: its whole state after the step by its whole state before it, n numbers each:
 * layer after layer, plane after plane. Products of such matrices are what carries gradients back in time; a spectral
 * radius that stays below 1 lets them vanish, one above 1 lets them explode (Pascanu, Mikolov and Bengio 2013).
 *
 * <pre>{@code
 * double radius = RecurrentJacobian.of(network, batch, 0, 20).spectralRadius();
 * }</pre>
 *
 * <p>Exact, by back-propagation through the step from n unit vectors at once: a pass of n sequences.
 */
public final class RecurrentJacobian {
    /** Squarings of the matrix after which the radius is given as it is: the power is 2<sup>50</sup> then. */
    private static final int SQUARINGS = 50;

    private static final double PRECISION = 1e-9;

    private final double[][] values;

    private RecurrentJacobian(double[][] values) {
        this.values = values;
    }

    /**
     * {@return the Jacobian at one step of one sequence, which starts from the zero or the learned state}
     *
     * @param network of any backend and precision; stays the caller's to close. The gradients of its parameters are
     *     zero afterwards
     * @param batch that has the sequence; targets, lengths and holds are not looked at
     * @param sequence from 0 to B - 1
     * @param step from 0 to T - 1
     * @throws IndexOutOfBoundsException if there is no such sequence or step
     * @throws IllegalArgumentException if the batch does not fit the network, or a layer is bidirectional, or
     *     has dropout or zoneout, whose masks would be others for each unit vector
     * @throws IllegalStateException if the network is closed
     */
    public static RecurrentJacobian of(Network network, SequenceBatch batch, int sequence, int step) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Objects.requireNonNull(batch, "batch: expected one, got null");
        refuseMasks(network);
        Objects.checkIndex(sequence, batch.batchSize());
        Objects.checkIndex(step, batch.timeSteps());
        int n = network.description().layers().stream()
                .flatMapToInt(layer -> Arrays.stream(layer.planeWidths()))
                .sum();
        try (var pass = network.pass(Math.max(step, 1), n).carryState(true)) {
            if (step > 0) {
                pass.forward(copies(batch, sequence, 0, step, n));
            }
            pass.forward(copies(batch, sequence, step, 1, n));
            return new RecurrentJacobian(jacobian(pass, n));
        } finally {
            network.zeroGradients();
        }
    }

    /** Gradients of different passes, or rows of one, belong together only where these compute the same. */
    static void refuseMasks(Network network) {
        for (Layer layer : network.description().layers()) {
            Dropout masks = layer.dropout();
            if (masks.rate() > 0 || masks.recurrent() > 0 || masks.zoneout() > 0) {
                throw new IllegalArgumentException(
                        "network: expected one without dropout and zoneout, got one with " + masks);
            }
        }
    }

    /** {@return {@code steps} steps of a sequence, {@code n} times} */
    private static SequenceBatch copies(SequenceBatch batch, int sequence, int from, int steps, int n) {
        MemorySegment source = batch.tokens() != null ? batch.tokens() : batch.values();
        long row = source.byteSize() / batch.rows();
        MemorySegment copies = MemorySegment.ofArray(new double[Math.toIntExact(
                Math.ceilDiv(row * steps * n, Double.BYTES))]).asSlice(0, row * steps * n);
        for (int t = 0; t < steps; t++) {
            MemorySegment one = source.asSlice(((long) (from + t) * batch.batchSize() + sequence) * row, row);
            for (int i = 0; i < n; i++) {
                MemorySegment.copy(one, 0, copies, ((long) t * n + i) * row, row);
            }
        }
        return batch.tokens() != null
                ? SequenceBatch.tokens(copies, steps, n)
                : SequenceBatch.of(copies, batch.precision(), steps, n, batch.inputSize());
    }

    /** Sequence r goes back from the r-th unit vector, and arrives at row r. */
    private static double[][] jacobian(NetworkPass pass, int n) {
        Precision precision = pass.network().precision();
        List<MemorySegment> into = new ArrayList<>();
        int first = 0;
        for (int layer = 0; layer < pass.network().description().layers().size(); layer++) {
            int[] widths = pass.network().description().layers().get(layer).planeWidths();
            for (int plane = 0; plane < widths.length; plane++) {
                MemorySegment gradient = pass.lastStateGradient(layer, plane);
                for (int k = 0; k < widths[plane]; k++) {
                    precision.set(gradient, (long) (first + k) * widths[plane] + k, 1);
                }
                first += widths[plane];
                into.add(pass.stateGradient(layer, plane));
            }
        }
        pass.backward();
        var jacobian = new double[n][n];
        for (int r = 0; r < n; r++) {
            int column = 0;
            for (MemorySegment plane : into) {
                int width = (int) (plane.byteSize() / precision.bytes() / n);
                for (int k = 0; k < width; k++) {
                    jacobian[r][column++] = precision.get(plane, (long) r * width + k);
                }
            }
        }
        return jacobian;
    }

    /** {@return a copy of the matrix, [n][n]: rows are of the state after the step, columns of that before} */
    public double[][] values() {
        return Arrays.stream(values).map(double[]::clone).toArray(double[][]::new);
    }

    /** {@return the largest absolute value of an eigenvalue} */
    public double spectralRadius() {
        return spectralRadius(values);
    }

    /**
     * {@return the largest absolute value of an eigenvalue of a matrix, to some 9 digits, or 4 where many eigenvectors
     * are one} By Gelfand's formula, the limit of |A^m|^(1/m), with m doubled by squaring the matrix; complex pairs need
     * no care so.
     *
     * @param matrix [n][n]
     * @throws IllegalArgumentException if it is not square
     */
    public static double spectralRadius(double[][] matrix) {
        Objects.requireNonNull(matrix, "matrix: expected one, got null");
        for (int i = 0; i < matrix.length; i++) {
            int at = i;
            Objects.requireNonNull(matrix[i], () -> "matrix[" + at + "]: expected a row, got null");
            if (matrix[i].length != matrix.length) {
                throw new IllegalArgumentException("matrix: expected rows of " + matrix.length
                        + " numbers, got one of " + matrix[i].length);
            }
        }
        CellShape.atLeastOne("matrix", matrix.length);
        // A^m = exp(logarithm) * power, and the power's norm is 1.
        double[][] power = matrix;
        double logarithm = 0;
        double radius = Double.NaN;
        int agreed = 0;
        for (int i = 0; i <= SQUARINGS; i++) {
            double norm = norm(power);
            if (norm == 0) { // a power of at most n is, if any; later it is numbers that became too small
                return 1L << i < 2L * matrix.length ? 0 : radius;
            }
            if (!Double.isFinite(norm)) {
                return norm;
            }
            logarithm += Math.log(norm);
            double before = radius;
            radius = Math.exp(Math.scalb(logarithm, -i));
            // Powers below n may all have one norm, as those of a matrix of which the n-th power is zero.
            agreed = Math.abs(radius - before) <= PRECISION * radius ? agreed + 1 : 0;
            if (agreed >= 2 && i > Integer.SIZE - Integer.numberOfLeadingZeros(matrix.length)) {
                break;
            }
            power = squared(power, 1 / norm);
            logarithm *= 2;
        }
        return radius;
    }

    /** {@return the largest sum of absolute values of a row; NaN where an element is} */
    private static double norm(double[][] matrix) {
        double norm = 0;
        for (double[] row : matrix) {
            double sum = 0;
            for (double x : row) {
                sum += Math.abs(x);
            }
            norm = Math.max(norm, sum);
        }
        return norm;
    }

    /** {@return (scale matrix)^2} */
    private static double[][] squared(double[][] matrix, double scale) {
        int n = matrix.length;
        var square = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                double factor = scale * matrix[i][k];
                for (int j = 0; j < n; j++) {
                    square[i][j] += factor * (scale * matrix[k][j]);
                }
            }
        }
        return square;
    }
}
