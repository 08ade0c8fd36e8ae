package dev.rondo.train;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Updates of a Kalman filter, as {@code rondo bench learners} times them: of the weights of an LSTM of H units on H
 * numbers with one output, by m rows of derivatives that stand for m sequences, the same in all updates. How
 * derivatives are found is not timed.
 */
public final class KalmanWork implements AutoCloseable {
    private static final int VERIFIED = 2; // updates
    private static final double TOLERANCE = 1e-9; // sums of up to 8000 terms, float64, divided by sums of them

    private final Network network;
    private final KalmanFilter filter;
    private final Workspace memory = new Workspace("benchmark of Kalman filters");
    private final Innovation innovation;

    /**
     * A filter.
     *
     * @param units H
     * @param groups of weights
     * @param rows m
     * @param backend whose products
     * @param tier cap on the instruction set
     * @param threads of the network
     */
    public KalmanWork(int units, ParameterGroups groups, int rows, Backend backend, IsaTier tier, int threads) {
        this.network = Network.builder(units).layer(Lstm.of(units)).outputs(1).loss(Loss.meanSquaredError())
                .backend(backend).maxIsa(tier).threads(threads).seed(1).quiet().build();
        this.filter = (KalmanFilter) new KalmanFilter.Rule(Ekf.decoupled(groups), network).start(network.parameters());
        this.innovation = filter.innovation(rows, memory);
        MemorySegment row = memory.allocate(Precision.FLOAT64, network.parameters().count());
        var random = new SplittableRandom(1);
        for (int r = 0; r < rows; r++) {
            for (long i = 0; i < network.parameters().count(); i++) {
                Precision.FLOAT64.set(row, i, random.nextDouble(-1, 1));
            }
            innovation.add(row, Precision.FLOAT64, random.nextDouble(-1e-3, 1e-3));
        }
    }

    /** {@return W} */
    public int weights() {
        return Math.toIntExact(network.parameters().count());
    }

    /** {@return W_g of each group} */
    public int[] groups() {
        return filter.groupSizes();
    }

    /** An update. */
    public void update() {
        filter.update(innovation);
    }

    /**
     * Compares some updates with those of the plain products of REFERENCE.
     *
     * @param reference the same filter there; neither has made an update
     * @throws IllegalStateException if weights or covariances differ by more than rounding explains
     */
    public void verify(KalmanWork reference) {
        for (int update = 0; update < VERIFIED; update++) {
            update();
            reference.update();
        }
        compare("weights", read(reference.network.parameters().slab(), Precision.FLOAT32),
                read(network.parameters().slab(), Precision.FLOAT32), Precision.FLOAT32.epsilon());
        compare("covariance", read(reference.covariance(), Precision.FLOAT64),
                read(covariance(), Precision.FLOAT64), TOLERANCE);
    }

    private MemorySegment covariance() {
        return filter.slabs().get("ekf.covariance");
    }

    private void compare(String what, double[] expected, double[] actual, double bound) {
        double greatest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(expected[i] - actual[i]) <= bound * greatest)) {
                throw new IllegalStateException("Kalman filter of " + weights() + " weights on " + network.backend()
                        + ": " + what + "[" + i + "]: expected " + expected[i] + ", got " + actual[i]);
            }
        }
    }

    private static double[] read(MemorySegment values, Precision precision) {
        var numbers = new double[Math.toIntExact(values.byteSize() / precision.bytes())];
        precision.read(values, 0, numbers, numbers.length);
        return numbers;
    }

    @Override
    public void close() {
        memory.close();
        network.close();
    }
}
