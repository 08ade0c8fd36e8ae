package dev.rondo.train;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Network;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/** The covariance matrices of an {@link Ekf}, and their updates; the equations stand there. */
final class KalmanFilter extends OptimizerState {
    private static final Logger LOGGER = System.getLogger("dev.rondo.train");
    private static final Precision FLOAT64 = Precision.FLOAT64;

    /** Rows and columns of P that are mirrored at once: a block stays in the first-level cache. */
    private static final int BLOCK = 64;

    private final Ekf ekf;
    private final Parameters parameters;
    private final KalmanGroups groups;
    private final Products products;
    private final MemorySegment covariance; // of one group after the other
    private final MemorySegment updates; // one number
    private final Matrix[] matrices; // P of each group, [W_g, W_g]
    private final Matrix[][] panels; // some rows of P, up to the diagonal
    private final long[] offset; // of the matrices in the slab
    private final double[] weights; // as the slab has them
    private final double[] block = new double[BLOCK * BLOCK];
    private final double[] row = new double[BLOCK];

    /** Stands where an optimiser does, for steps and checkpoints. */
    record Rule(Ekf ekf, Network network) implements Optimizer {
        @Override
        public double learningRate() {
            return 1;
        }

        @Override
        public OptimizerState start(Parameters parameters) {
            return new KalmanFilter(this);
        }

        @Override
        public String toString() {
            return "Kalman filter";
        }
    }

    private KalmanFilter(Rule rule) {
        super(rule, rule.network.parameters());
        Network network = rule.network;
        this.ekf = rule.ekf;
        this.parameters = network.parameters();
        this.groups = KalmanGroups.of(ekf.groups(), network);
        ekf.requireWithinLimit(groups.covarianceBytes());
        LOGGER.log(Level.INFO, () -> "Kalman filter: " + groups.covarianceBytes() + " bytes for the covariance of "
                + groups.parameters() + " parameters in groups of up to " + groups.largest());
        this.products = Products.of(network.backend() == Backend.NATIVE ? Backend.NATIVE : Backend.REFERENCE,
                FLOAT64, network.execution()); // VECTOR has no float64
        Workspace memory = parameters.workspace();
        this.covariance = memory.allocate(FLOAT64, groups.covariances());
        this.updates = memory.allocate(FLOAT64, 1);
        keep("ekf.covariance", covariance);
        keep("ekf.updates", updates);
        this.matrices = new Matrix[groups.count()];
        this.panels = new Matrix[groups.count()][];
        this.offset = new long[groups.count()];
        this.weights = new double[groups.all()];
        long at = 0;
        for (int group = 0; group < matrices.length; group++) {
            offset[group] = at;
            begin(group);
            at += (long) groups.size(group) * groups.size(group);
        }
    }

    private void begin(int group) {
        int size = groups.size(group);
        matrices[group] = Matrix.of(FLOAT64.slice(covariance, offset[group], (long) size * size), size, size);
        for (int i = 0; i < size; i++) {
            FLOAT64.set(covariance, offset[group] + (long) i * size + i, ekf.initialVariance());
        }
        panels[group] = new Matrix[groups.panels(group)];
        for (int panel = 0; panel < panels[group].length; panel++) {
            int from = panel * KalmanGroups.PANEL;
            int count = groups.panelRows(group, panel);
            MemorySegment values = FLOAT64.slice(
                    covariance, offset[group] + (long) from * size, (long) (count - 1) * size + from + count);
            panels[group][panel] = new Matrix(values, count, from + count, size, 1);
        }
    }

    /** {@return room for what up to {@code rows} numbers say that are measured at once} */
    Innovation innovation(int rows, Workspace memory) {
        ekf.requireWithinLimit(Math.addExact(groups.covarianceBytes(), Innovation.bytes(rows, groups.parameters())));
        return new Innovation(groups, rows, memory);
    }

    /**
     * Makes an update by all rows of {@code measured}, of which there is at least one.
     *
     * @return the square of the Euclidean norm of H^T e
     * @throws NonFiniteGradientException if a number of it is not finite; nothing is updated then
     * @throws ArithmeticException if P is no covariance any more; nothing is updated then
     */
    double update(Innovation measured) {
        double squares = checked(measured.gradient(products));
        for (int group = 0; group < matrices.length; group++) {
            measured.measure(products, group, matrices[group]);
        }
        long update = (long) FLOAT64.get(updates, 0);
        double[] change = measured.factor(products, ekf.forgetting() * ekf.noiseAt(update));
        if (change == null) {
            throw new ArithmeticException("covariance of the parameters: expected a positive definite one at update "
                    + (update + 1) + ", got none; more process noise or a smaller initial variance keeps it so");
        }
        add(change);
        for (int group = 0; group < matrices.length; group++) {
            shrink(measured, group, ekf.processNoiseAt(update));
        }
        FLOAT64.set(updates, 0, update + 1);
        return squares;
    }

    private double checked(double[] gradient) {
        double squares = 0;
        for (double each : gradient) {
            squares += each * each;
        }
        if (!Double.isFinite(squares)) {
            int worst = 0;
            for (int c = gradient.length - 1; c >= 0; c--) {
                worst = Double.isFinite(gradient[c]) ? worst : c;
            }
            int place = groups.order()[worst];
            TensorLayout.Tensor tensor = parameters.layout().at(place);
            throw new NonFiniteGradientException(tensor.element(place - tensor.offset()), gradient[worst], steps() + 1);
        }
        return squares;
    }

    private void add(double[] change) {
        Precision precision = parameters.precision();
        precision.read(parameters.slab(), 0, weights, weights.length);
        for (int c = 0; c < change.length; c++) {
            weights[groups.order()[c]] += change[c];
        }
        precision.write(weights, parameters.slab(), 0, weights.length);
        parameters.changed();
    }

    /** P = (P - V^T V) / f + Q of one group: panels up to the diagonal, which are then mirrored. */
    private void shrink(Innovation measured, int group, double processNoise) {
        for (int panel = 0; panel < panels[group].length; panel++) {
            measured.subtract(products, group, panel, panels[group][panel]);
            int from = panel * KalmanGroups.PANEL;
            for (int i = from; i < from + groups.panelRows(group, panel); i += BLOCK) {
                for (int j = 0; j <= i; j += BLOCK) {
                    mirror(group, i, j, processNoise);
                }
            }
        }
    }

    /** Finishes the block of P at (i, j), and writes it to (j, i) too. */
    private void mirror(int group, int i, int j, double processNoise) {
        int size = groups.size(group);
        int rows = Math.min(BLOCK, size - i);
        int columns = Math.min(BLOCK, size - j);
        double growth = 1 / ekf.forgetting();
        for (int r = 0; r < rows; r++) {
            long at = offset[group] + (long) (i + r) * size + j;
            int count = i == j ? r + 1 : columns; // of a block on the diagonal what lies below it
            FLOAT64.read(covariance, at, row, count);
            for (int c = 0; c < count; c++) {
                double value = row[c] * growth + (i == j && c == r ? processNoise : 0);
                block[r * BLOCK + c] = value;
                block[i == j ? c * BLOCK + r : r * BLOCK + c] = value;
            }
        }
        for (int r = 0; r < rows && (i == j || growth != 1); r++) { // else it is what it was
            System.arraycopy(block, r * BLOCK, row, 0, columns);
            FLOAT64.write(row, covariance, offset[group] + (long) (i + r) * size + j, columns);
        }
        for (int c = 0; i != j && c < columns; c++) {
            for (int r = 0; r < rows; r++) {
                row[r] = block[r * BLOCK + c];
            }
            FLOAT64.write(row, covariance, offset[group] + (long) (j + c) * size + i, rows);
        }
    }

    @Override
    Precision precision() {
        return FLOAT64;
    }

    @Override
    String kind() {
        return "Ekf " + slabs().keySet() + " " + groups.text();
    }

    @Override
    protected void begin(long step, double learningRate) {
        throw new IllegalStateException("update: expected derivatives of outputs, got gradients of a loss");
    }

    @Override
    protected void update(double[] w, double[] g, double[][] state, int count) {
        begin(0, 0);
    }
}
