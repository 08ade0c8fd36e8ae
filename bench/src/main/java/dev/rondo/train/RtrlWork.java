package dev.rondo.train;

import dev.rondo.cell.Cell;
import dev.rondo.cell.IsaTier;
import dev.rondo.check.Tolerance;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Online learning by exact RTRL, as {@code rondo bench learners} times it: H numbers in, one layer of H units, a linear
 * head of one output, squared error, float32, NATIVE; one sequence, an update by gradient descent at each step. Its
 * parts can be run by themselves, which the trainer does not show: so this stands in the package of learners.
 */
public final class RtrlWork implements AutoCloseable {
    private static final int STEPS = 16; // of the stream, over and over
    private static final int VERIFIED = 4; // steps
    private static final double RATE = 1e-6; // weights stay about what they are

    private final Network network;
    private final NetworkPass pass;
    private final Trainer trainer;
    private final SequenceBatch stream;
    private final SequenceBatch[] steps;
    private final Workspace memory = new Workspace("benchmark of RTRL");
    private final StepLinearization linear;
    private final MatrixInfluence influence;
    private final Influence.Step some;
    private final double[][] byState; // [1][n]
    private final Products products;
    private final Matrix jacobian; // what is read of J [n, n]: [n, mixed]
    private final Matrix influenced; // as many rows of M, [mixed, p]
    private final Matrix product; // [n, p]
    private int next;

    /**
     * A network and what learns it.
     *
     * @param cell of one layer, which reads as many numbers as it has units
     * @param tier cap on the instruction set
     * @param threads of the network
     */
    public RtrlWork(Cell cell, IsaTier tier, int threads) {
        int units = cell.hiddenSize();
        this.network = Network.builder(units).layer(cell).outputs(1).loss(Loss.meanSquaredError())
                .maxIsa(tier).threads(threads).seed(1).quiet().build();
        this.pass = network.pass(1, 1).carryState(true);
        this.trainer = Trainer.builder(network).learner(Rtrl.exact()).optimizer(Sgd.of(RATE)).build();
        var random = new SplittableRandom(1);
        this.stream = SequenceBatch.of(random.doubles((long) STEPS * units, -1, 1).toArray(), STEPS, 1, units)
                .targets(random.doubles(STEPS, -1, 1).toArray(), 1);
        this.steps = new SequenceBatch[STEPS];
        Arrays.setAll(steps, t -> stream.steps(t, 1));
        this.linear = new StepLinearization(network, 0, true, memory);
        this.influence = new MatrixInfluence(network, 1, new InfluenceRule.Exact());
        int size = linear.size();
        this.some = new Influence.Step(new double[][] {random.doubles(units, -1, 1).toArray()},
                new double[][] {random.doubles(size, -1, 1).toArray()},
                new StepMasks[] {new StepMasks(null, null, null)}, -1, 0);
        this.byState = new double[][] {random.doubles(size, -1, 1).toArray()};
        this.products = Products.of(network.backend(), network.precision(), network.execution());
        this.jacobian = new Matrix(numbers(random, (long) size * size), size, linear.mixed(), size, 1);
        this.influenced = Matrix.of(numbers(random, (long) linear.mixed() * linear.parameters()),
                linear.mixed(), linear.parameters());
        this.product = Matrix.of(memory.allocate(Precision.FLOAT32, (long) size * linear.parameters()),
                size, linear.parameters());
        influence.begin(0);
    }

    private MemorySegment numbers(SplittableRandom random, long count) {
        MemorySegment values = memory.allocate(Precision.FLOAT32, count);
        for (long i = 0; i < count; i++) {
            Precision.FLOAT32.set(values, i, random.nextDouble(-1, 1));
        }
        return values;
    }

    /**
     * Compares gradients of the first steps with those of back-propagation through time over them all.
     *
     * @throws IllegalStateException if they are further off than float32 explains
     */
    public void verify() {
        SequenceBatch some = stream.steps(0, VERIFIED);
        try (NetworkPass whole = network.pass(VERIFIED, 1)) {
            network.zeroGradients();
            whole.forward(some);
            whole.backward();
            double[] expected = gradients();
            network.zeroGradients();
            var learning = new Learning(Rtrl.exact(), whole);
            try (learning) {
                learning.enter();
                whole.forward(some);
                learning.backward(some);
            }
            compare(expected, gradients());
        }
    }

    void compare(double[] expected, double... actual) {
        Tolerance tolerance = Tolerance.gradients(network.description(), VERIFIED, 1, Precision.FLOAT32);
        double error = tolerance.error(expected, actual);
        if (!(error <= tolerance.bound())) {
            throw new IllegalStateException("RTRL of " + network.description() + ": expected an error of at most "
                    + tolerance.bound() + ", got " + error);
        }
    }

    double[] gradients() {
        var all = new double[Math.toIntExact(network.parameters().count())];
        Precision.FLOAT32.read(network.gradients(), 0, all, all.length);
        return all;
    }

    /** A whole step: forward, loss, gradients, M, and an update of the parameters. */
    public void step() {
        trainer.step(pass, steps[next]);
        next = (next + 1) % STEPS;
    }

    /** J and the immediate Jacobian alone. */
    public void linearize() {
        linear.at(some);
    }

    /** M = J M + the immediate Jacobian, with both of these made. */
    public void advance() {
        influence.advance(0, some);
    }

    /** A vector times M. */
    public void gradient() {
        influence.addGradient(0, byState, network.gradients());
    }

    /** The product of the sizes of J M by Rondo. */
    public void multiply() {
        products.multiply(jacobian, influenced, product, false);
    }

    /** {@return its factors and its result, for others to multiply} */
    public List<Matrix> matrices() {
        return List.of(jacobian, influenced, product);
    }

    /** {@return floating-point operations of J M} */
    public double operations() {
        return 2.0 * jacobian.rows() * jacobian.columns() * influenced.columns();
    }

    @Override
    public void close() {
        Stream.<AutoCloseable>of(influence, linear, memory, pass, network).forEach(RtrlWork::close);
    }

    private static void close(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
