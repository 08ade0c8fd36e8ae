package dev.rondo.train;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.SymmetricBlocks;
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

    private final Ekf ekf;
    private final Parameters parameters;
    private final KalmanGroups groups;
    private final Products products;
    private final SymmetricBlocks blocks;
    private final MemorySegment covariance; // P of one group after the other, the lower half
    private final MemorySegment updates; // one number
    private final double[] weights; // as the slab has them
    private int rowsSaid; // the log has the memory for as many

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
        sayMemory(network.outputSize()); // of one sequence; passes say how many they have
        Backend backend = network.backend() == Backend.NATIVE ? Backend.NATIVE : Backend.REFERENCE; // float64
        this.products = Products.of(backend, FLOAT64, network.execution());
        this.blocks = SymmetricBlocks.of(backend, network.execution(), groups.sizes());
        Workspace memory = parameters.workspace();
        this.covariance = memory.allocate(FLOAT64, groups.covariances());
        this.updates = memory.allocate(FLOAT64, 1);
        keep("ekf.covariance", covariance);
        keep("ekf.updates", updates);
        this.weights = new double[groups.all()];
        begin();
    }

    /** Logs {@link Ekf#memoryBytes} for updates by up to {@code rows} numbers at once, unless more were said. */
    private void sayMemory(int rows) {
        if (rows > rowsSaid) {
            rowsSaid = rows;
            LOGGER.log(Level.INFO, () -> "Kalman filter: " + memoryBytes(rows) + " bytes for updates by up to " + rows
                    + " numbers at once, " + groups.covarianceBytes() + " of them for the covariance of "
                    + groups.parameters() + " parameters in groups of up to " + groups.largest());
        }
    }

    private long memoryBytes(int rows) {
        return Math.addExact(groups.covarianceBytes(), Innovation.bytes(rows, groups.parameters()));
    }

    /** Sets the diagonals of P. */
    private void begin() {
        long at = 0;
        for (int size : groups.sizes()) {
            for (int i = 0; i < size; i++) {
                at += i;
                FLOAT64.set(covariance, at++, ekf.initialVariance());
            }
        }
    }

    /** {@return W_g of each group} */
    int[] groupSizes() {
        return groups.sizes();
    }

    /** {@return room for what up to {@code rows} numbers say that are measured at once} */
    Innovation innovation(int rows, Workspace memory) {
        ekf.requireWithinLimit(memoryBytes(rows));
        sayMemory(rows);
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
        measured.measure(blocks, covariance, products);
        long update = (long) FLOAT64.get(updates, 0);
        double[] change = measured.factor(products, ekf.forgetting() * ekf.noiseAt(update));
        if (change == null) {
            throw new ArithmeticException("covariance of the parameters: expected a positive definite one at update "
                    + (update + 1) + ", got none; more process noise or a smaller initial variance keeps it so");
        }
        add(change);
        measured.explain(blocks, covariance, 1 / ekf.forgetting(), ekf.processNoiseAt(update));
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
