package dev.rondo.train;

import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import java.util.Objects;

/**
 * The extended Kalman filter as a learner (Singhal and Wu 1989; decoupled: Puskorius and Feldkamp 1994; streams:
 * Feldkamp and Puskorius 1998; of LSTM: Gers et al. 2002): weights are the state, with a covariance P, and outputs are
 * what is measured. A step takes much more time than one by a gradient, and there are far fewer of them.
 *
 * <pre>{@code
 * var trainer = Trainer.builder(network).learner(Ekf.decoupled(ParameterGroups.perUnit())).build();
 * trainer.fit(training, Epochs.of(5));
 * }</pre>
 *
 * <p>An update is made after each time step of which a target counts, by all sequences of the batch at once: B streams
 * of O outputs are one measurement of B * O numbers (<em>multi-stream</em>). With derivatives H of these by the
 * parameters of group g, errors e, and f = {@link #forgetting}:
 *
 * <pre>
 *   A   = (f R I + sum_g H_g P_g H_g^T)^-1          one for all groups
 *   K_g = P_g H_g^T A
 *   w_g = w_g + K_g e
 *   P_g = (P_g - K_g H_g P_g) / f + Q I             at first P_g = initialVariance I
 * </pre>
 *
 * <p>Of a linear model that is, with Q = 0, recursive least squares, and with f = 1 ridge regression with lambda = R /
 * initialVariance.
 *
 * <p>With squared errors the measurement is the output z itself, and e = y - z. Where outputs are probabilities p, H is
 * theirs, through softmax or sigmoid, e = y - p, and their own covariance C (softmax: diag(p) - p p^T; sigmoid:
 * p - p^2) takes the place of I beside R: the filter is the online natural gradient of the cross-entropy (Ollivier
 * 2018). With a constant R, as in the older papers, an output that is sure and wrong would stand still. Variances count
 * as at least 0.05, so that such an output does not move without bound either. {@link Loss} says which it is; that a
 * loss is a mean over a batch does not count.
 *
 * <p>P is kept in float64, whatever the network's precision, and of each matrix one half, so that it is symmetric to
 * the bit. What is subtracted is V^T V with V = L^-1 H P, L L^T = A^-1 (Cholesky). An update reads P twice and writes
 * it once; Joseph's form would take several times as long. Q keeps P positive definite; with Q = 0, P may lose that by
 * rounding where the initial variance is very many times R, or where weights that no row reaches are forgotten for
 * long. An {@link ArithmeticException} says so where A shows it, before anything is changed.
 *
 * <p>The filter makes updates itself: no optimiser, clipping or learning rate goes with it (initialVariance / R is in
 * the place of the latter), nor {@link Trainer#update} or a loss of one's own. Parameters of fixed layers stay out. P
 * is part of the trainer's checkpoints, with what annealing has come to: a restored trainer goes on to the bit where
 * sequences begin, and with {@link Trainer#restorePast} within them. Steps of a trainer are batches. Where a number is
 * not finite, the update of that time step is not made; those of earlier ones in the batch stand, unless the loss of
 * the batch shows it before.
 */
public final class Ekf extends Learner {
    private final ParameterGroups groups;
    private Learner derivatives = Rtrl.exact();
    private double initialVariance = 10;
    private Annealed noise = Annealed.constant(1);
    private Annealed processNoise = Annealed.constant(1e-4);
    private double forgetting = 1;
    private long memoryLimit = Long.MAX_VALUE;

    private Ekf(ParameterGroups groups) {
        this.groups = groups;
    }

    private Ekf(Ekf other) {
        this(other.groups);
        this.derivatives = other.derivatives;
        this.initialVariance = other.initialVariance;
        this.noise = other.noise;
        this.processNoise = other.processNoise;
        this.forgetting = other.forgetting;
        this.memoryLimit = other.memoryLimit;
    }

    /**
     * {@return GEKF: one covariance matrix of all W parameters} It has W (W + 1) / 2 numbers; time per row is
     * W<sup>2</sup>.
     */
    public static Ekf global() {
        return new Ekf(StandardGroups.GLOBAL);
    }

    /**
     * {@return DEKF: a covariance matrix for each group of W<sub>g</sub> parameters} They have W<sub>g</sub>
     * (W<sub>g</sub> + 1) / 2 numbers each; time per row is the sum of W<sub>g</sub><sup>2</sup>.
     *
     * @param groups of parameters
     */
    public static Ekf decoupled(ParameterGroups groups) {
        return new Ekf(Objects.requireNonNull(groups, "groups: expected some, got null"));
    }

    /**
     * {@return the same by other derivatives}
     *
     * @param learner {@link Rtrl} or one of its approximations, or {@link TruncatedBptt}, which is run for each row;
     *     default {@link Rtrl#exact}. What RTRL remembers is of the weights as they were at each step; truncated BPTT
     *     goes through earlier steps with the weights as they are
     * @throws IllegalArgumentException if it is a Kalman filter
     */
    public Ekf derivatives(Learner learner) {
        Objects.requireNonNull(learner, "derivatives: expected a learner, got null");
        if (learner instanceof Ekf) {
            throw new IllegalArgumentException("derivatives: expected Rtrl or TruncatedBptt, got " + learner);
        }
        var other = new Ekf(this);
        other.derivatives = learner;
        return other;
    }

    /**
     * {@return the same with another P at first}
     *
     * @param value on its diagonal, above 0; default 10
     * @throws IllegalArgumentException if it is not
     */
    public Ekf initialVariance(double value) {
        Settings.positive("initialVariance", value);
        var other = new Ekf(this);
        other.initialVariance = value;
        return other;
    }

    /**
     * {@return the same with another R}
     *
     * @param value variance of an output, above 0; default 1
     * @throws IllegalArgumentException if it is not
     */
    public Ekf measurementNoise(double value) {
        return measurementNoise(value, value, 1);
    }

    /**
     * {@return the same with an R that goes from one value to another, by a constant factor at each update}
     *
     * @param first at the first update, above 0
     * @param last from update {@code updates} on, above 0
     * @param updates at least 1
     * @throws IllegalArgumentException if one is not
     */
    public Ekf measurementNoise(double first, double last, long updates) {
        var other = new Ekf(this);
        other.noise = annealed("measurementNoise", first, last, updates);
        return other;
    }

    /**
     * {@return the same with another Q}
     *
     * @param value what the variance of each parameter grows by at each update, at least 0; default 1e-4
     * @throws IllegalArgumentException if it is not
     */
    public Ekf processNoise(double value) {
        Settings.notNegative("processNoise", value);
        var other = new Ekf(this);
        other.processNoise = Annealed.constant(value);
        return other;
    }

    /**
     * {@return the same with a Q that goes from one value to another, by a constant factor at each update}
     *
     * @param first at the first update, above 0
     * @param last from update {@code updates} on, above 0
     * @param updates at least 1
     * @throws IllegalArgumentException if one is not
     */
    public Ekf processNoise(double first, double last, long updates) {
        var other = new Ekf(this);
        other.processNoise = annealed("processNoise", first, last, updates);
        return other;
    }

    private static Annealed annealed(String name, double first, double last, long updates) {
        Settings.positive(name, first);
        Settings.positive(name, last);
        Settings.atLeastOne("updates", updates);
        return new Annealed(first, last, updates);
    }

    /**
     * {@return the same that forgets: what was measured n updates ago counts f<sup>n</sup>}
     *
     * @param factor f, above 0 to 1; default 1, nothing
     * @throws IllegalArgumentException if it is not
     */
    public Ekf forgetting(double factor) {
        if (!(factor > 0 && factor <= 1)) {
            throw new IllegalArgumentException("forgetting: expected above 0 to 1, got " + factor);
        }
        var other = new Ekf(this);
        other.forgetting = factor;
        return other;
    }

    /**
     * {@return the same with a limit to {@link #memoryBytes}} A filter that needs more is refused before it takes any;
     * so is one that needs more than the machine has left, with or without a limit.
     *
     * @param bytes at least 1; default: none
     * @throws IllegalArgumentException if it is not
     */
    public Ekf memoryLimit(long bytes) {
        Settings.atLeastOne("memoryLimit", bytes);
        var other = new Ekf(this);
        other.memoryLimit = bytes;
        return other;
    }

    /**
     * {@return the memory of the filter: covariance matrices, 4 bytes times the sum of W<sub>g</sub> (W<sub>g</sub> +
     * 1), which are the trainer's, and buffers beside each pass, 24 W bytes for each of B * O rows and 16 bytes for
     * each two of them} That of what finds the derivatives comes on top. The log says it, too: for one sequence before
     * a trainer takes P, for B of them before the first pass of as many takes its buffers.
     *
     * @param network that shall be trained
     * @param sequences B, at least 1
     * @throws IllegalArgumentException if it is not, or the groups are not of the network's parameters
     */
    public long memoryBytes(Network network, int sequences) {
        Objects.requireNonNull(network, "network: expected one, got null");
        Settings.atLeastOne("sequences", sequences);
        KalmanGroups own = KalmanGroups.of(groups, network);
        return Math.addExact(own.covarianceBytes(),
                Innovation.bytes(Math.multiplyExact(sequences, network.outputSize()), own.parameters()));
    }

    ParameterGroups groups() {
        return groups;
    }

    double initialVariance() {
        return initialVariance;
    }

    double noiseAt(long update) {
        return noise.at(update);
    }

    double processNoiseAt(long update) {
        return processNoise.at(update);
    }

    double forgetting() {
        return forgetting;
    }

    /**
     * Refuses what needs more than the limit.
     *
     * @throws IllegalArgumentException if {@code bytes} are more
     */
    void requireWithinLimit(long bytes) {
        if (bytes > memoryLimit) {
            throw new IllegalArgumentException(
                    "memoryLimit: expected at least " + bytes + " bytes for " + this + ", got " + memoryLimit);
        }
    }

    @Override
    OnlineGradients start(NetworkPass pass) {
        return derivatives.start(pass);
    }

    @Override
    Learner derivatives() {
        return derivatives;
    }

    @Override
    public String toString() {
        return (groups == StandardGroups.GLOBAL ? "GEKF"
                : groups instanceof StandardGroups ? "DEKF " + groups : "DEKF of the caller's groups")
                + ": variance " + initialVariance + ", R " + noise + ", Q " + processNoise + ", forgetting "
                + forgetting + ", derivatives by " + derivatives;
    }
}
