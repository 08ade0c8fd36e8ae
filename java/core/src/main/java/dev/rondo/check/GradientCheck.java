package dev.rondo.check;

import dev.rondo.check.GradientReport.Against;
import dev.rondo.check.GradientReport.Row;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout.Tensor;
import dev.rondo.network.Network;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Gradients of a network's loss on one batch against finite differences: by every parameter, and by the state in which
 * each layer enters the batch.
 *
 * <pre>{@code
 * try (var network = Network.oneHot(6).layer(Lstm.of(4)).classes(6).precision(Precision.FLOAT64).build()) {
 *     var batch = SequenceBatch.tokens(ids, 5, 3).targets(next);
 *     System.out.println(GradientCheck.of(network).batch(batch).run().assertBelow(1e-6));
 * }
 * }</pre>
 *
 * <p>Differences need float64. A network of float32, on any backend, is checked in two steps: its {@linkplain
 * GradientReport.Against#DIFFERENCES differences} are those of the same network in float64 on REFERENCE, beside the
 * gradients of that; and its own gradients are {@linkplain GradientReport.Against#FLOAT64 compared} with these, with a
 * limit derived from the length of its sums ({@link Tolerance}). {@link GradientReport#assertPasses} knows the limit of
 * each row.
 *
 * <p>A loss that depends on nothing, all gradients and all differences being 0, does not pass: nothing was checked.
 *
 * <p>Rectified units have a kink where a difference means nothing: elements whose differences straddle one, with a
 * smaller step too, are left out, and not counted in {@link Row#elements}.
 *
 * <p>In a test: what is not as it should be is an {@link AssertionError} with the table, which names the worst element
 * of each tensor.
 *
 * <p>Parameters, gradients and network are afterwards as they were before.
 */
public final class GradientCheck {
    /**
     * What the error of a difference may well be asked to be below. A loss of order one leaves some 1e-13 of rounding
     * in a difference. The largest gradient of a mean loss may be 1e-3, and a thousandth of it is still compared: that
     * makes 1e-7. A wrong or missing term is off by 1e-3 or more.
     */
    public static final double TOLERANCE = 1e-6;

    private static final int ELEMENTS = 200;

    private final Network network;
    private final SequenceBatch earlier; // null = enter in the zero state
    private final SequenceBatch batch; // null until given
    private final OutputLoss loss; // null = the network's
    private final int elements;

    private GradientCheck(
            Network network, SequenceBatch earlier, SequenceBatch batch, OutputLoss loss, int elements) {
        this.network = network;
        this.earlier = earlier;
        this.batch = batch;
        this.loss = loss;
        this.elements = elements;
    }

    /**
     * {@return a check of a network, which needs a batch yet}
     *
     * @param network of any backend and precision; stays the caller's to close
     */
    public static GradientCheck of(Network network) {
        Objects.requireNonNull(network, "network: expected one, got null");
        return new GradientCheck(network, null, null, null, ELEMENTS);
    }

    /**
     * {@return a check of a function's gradient, which needs a point yet}
     *
     * <pre>{@code
     * GradientCheck.of(x -> x[0] * Math.sin(x[1]), x -> new double[] {Math.sin(x[1]), x[0] * Math.cos(x[1])})
     *         .at(0.5, 2).run().assertPasses();
     * }</pre>
     *
     * @param function smooth where it is checked, its values of order one
     * @param gradient gives as many numbers as it is given
     */
    public static FunctionGradientCheck of(ToDoubleFunction<double[]> function, UnaryOperator<double[]> gradient) {
        Objects.requireNonNull(function, "function: expected one, got null");
        Objects.requireNonNull(gradient, "gradient: expected a function, got null");
        return new FunctionGradientCheck(function, gradient, null);
    }

    /**
     * {@return this check on a batch}
     *
     * @param value with targets, unless there is a loss of the caller's own
     */
    public GradientCheck batch(SequenceBatch value) {
        Objects.requireNonNull(value, "batch: expected one, got null");
        return new GradientCheck(network, earlier, value, loss, elements);
    }

    /**
     * {@return this check with a loss of the caller's own, instead of the network's; the batch needs no targets then}
     *
     * @param value of the outputs; default: the network's
     */
    public GradientCheck loss(OutputLoss value) {
        Objects.requireNonNull(value, "loss: expected one, got null");
        return new GradientCheck(network, earlier, batch, value, elements);
    }

    /**
     * {@return this check with the state carried over from another batch: what truncated back-propagation computes
     * of a chunk, the state in which it is entered held constant}
     *
     * @param value of the same shape; default: none, sequences begin with the batch; of a network that carries no
     *     state, for a layer is bidirectional, there can be none
     */
    public GradientCheck after(SequenceBatch value) {
        Objects.requireNonNull(value, "after: expected a batch, got null");
        return new GradientCheck(network, value, batch, loss, elements);
    }

    /**
     * {@return this check with differences by so many elements of each tensor at most, drawn at random}
     *
     * @param count at least 1; default 200
     * @throws IllegalArgumentException if it is not
     */
    public GradientCheck elements(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count: expected at least 1, got " + count);
        }
        return new GradientCheck(network, earlier, batch, loss, count);
    }

    /**
     * {@return gradients and what they should be side by side}
     *
     * @throws IllegalArgumentException if there is no batch, there is no loss of the caller's own and it has no
     *     targets or none that counts, or it does not fit the network
     * @throws UnsupportedOperationException if the network is of float32 or has kinks, and a cell of it has no
     *     reference
     * @throws IllegalStateException if the network is closed
     */
    public GradientReport run() {
        if (batch == null) {
            throw new IllegalArgumentException("batch: expected one, got none");
        }
        if (loss == null && batch.targets() == null) {
            throw new IllegalArgumentException("batch: expected one with targets, got none");
        }
        try (var own = new NetworkLoss(network, earlier, batch, loss)) {
            Map<Tensor, double[]> gradients = own.gradients();
            if (network.precision() == Precision.FLOAT64 && !NetworkTwin.hasKinks(network)) {
                return new GradientReport(differences(gradients, (tensor, element) -> OptionalDouble.of(
                        FiniteDifferences.derivative(own::value, own.variable(tensor, element)))));
            }
            try (var twin = new NetworkTwin(network, own, batch, loss)) {
                return throughTwin(gradients, twin);
            }
        }
    }

    /** Differences by one element of a tensor. */
    private interface Differences {
        OptionalDouble by(Tensor tensor, int element);
    }

    private GradientReport throughTwin(Map<Tensor, double[]> gradients, NetworkTwin twin) {
        Differences differences = (tensor, element) -> twin.derivative(twin.loss().variable(tensor, element));
        if (network.precision() == Precision.FLOAT64) {
            return new GradientReport(differences(gradients, differences));
        }
        Map<Tensor, double[]> exact = twin.loss().gradients();
        var rows = new ArrayList<>(differences(exact, differences));
        double limit = Tolerance.gradients(
                network.description(), batch.timeSteps(), batch.batchSize(), network.precision()).bound();
        double largest = exact.values().stream().mapToDouble(GradientCheck::norm).max().orElseThrow();
        gradients.forEach((tensor, gradient) -> rows.add(compare(tensor, gradient, exact.get(tensor), largest, limit)));
        return new GradientReport(rows);
    }

    private List<Row> differences(Map<Tensor, double[]> gradients, Differences differences) {
        double smallest = FiniteDifferences.smallest(gradients.values());
        var rows = new ArrayList<Row>();
        gradients.forEach((tensor, gradient) -> rows.add(FiniteDifferences.compare(
                tensor, gradient, chosen(gradient.length), smallest, element -> differences.by(tensor, element))));
        // Where the loss depends on nothing, anything is right: a mask or a loss is wrong, and nothing was checked.
        boolean nothing = smallest == 0 && rows.stream().allMatch(row -> row.error() == 0);
        return nothing ? rows.stream().map(Row::ofNothing).toList() : rows;
    }

    private static Row compare(Tensor tensor, double[] gradient, double[] exact, double largest, double limit) {
        var distance = new double[exact.length];
        int worst = 0;
        for (int i = 0; i < exact.length; i++) {
            distance[i] = Math.abs(gradient[i] - exact[i]);
            worst = Double.compare(distance[i], distance[worst]) > 0 ? i : worst;
        }
        double size = Math.max(norm(exact), Tolerance.SMALLEST * largest);
        double error = norm(distance) == 0 ? 0 : norm(distance) / size;
        return new Row(tensor.name(), Against.FLOAT64, exact.length, tensor.element(worst), gradient[worst],
                exact[worst], error, limit);
    }

    /** Root mean square. */
    private static double norm(double[] numbers) {
        return Math.sqrt(Arrays.stream(numbers).map(number -> number * number).sum() / numbers.length);
    }

    private int[] chosen(int count) {
        return count <= elements
                ? IntStream.range(0, count).toArray()
                : new Random(count).ints(0, count).distinct().limit(elements).sorted().toArray();
    }
}
