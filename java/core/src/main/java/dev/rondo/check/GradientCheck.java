package dev.rondo.check;

import dev.rondo.check.FiniteDifferences.Variable;
import dev.rondo.check.GradientReport.Row;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout.Tensor;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * Gradients of a whole network's loss on one batch against finite differences, in float64: by every parameter, and by
 * the state in which each layer enters the batch.
 *
 * <pre>{@code
 * try (var network = Network.oneHot(6).layer(Lstm.of(4)).classes(6).precision(Precision.FLOAT64).build()) {
 *     var batch = SequenceBatch.tokens(ids, 5, 3).targets(next);
 *     System.out.println(GradientCheck.of(network).batch(batch).run().assertBelow(GradientCheck.TOLERANCE));
 * }
 * }</pre>
 *
 * <p>The parameters, their gradients and the network are afterwards as they were before.
 */
public final class GradientCheck {
    /**
     * What the error may well be asked to be below. A loss of order one leaves some 1e-13 of rounding in a difference.
     * The largest gradient of a mean loss may be 1e-3, and a thousandth of it is still compared: that makes 1e-7. A
     * wrong or missing term is off by 1e-3 or more.
     */
    public static final double TOLERANCE = 1e-6;

    private static final int ELEMENTS = 200;

    private final Network network;
    private final SequenceBatch earlier; // null = enter in the zero state
    private final SequenceBatch batch; // null until given
    private final int elements;

    private GradientCheck(Network network, SequenceBatch earlier, SequenceBatch batch, int elements) {
        this.network = network;
        this.earlier = earlier;
        this.batch = batch;
        this.elements = elements;
    }

    /**
     * {@return a check of {@code network}, which needs a batch yet}
     *
     * @throws IllegalArgumentException if the network is not of float64
     */
    public static GradientCheck of(Network network) {
        if (network.precision() != Precision.FLOAT64) {
            throw new IllegalArgumentException("precision: expected FLOAT64, got " + network.precision());
        }
        return new GradientCheck(network, null, null, ELEMENTS);
    }

    /**
     * {@return this check on {@code value}}
     *
     * @throws IllegalArgumentException if it has no targets, and so no loss
     */
    public GradientCheck batch(SequenceBatch value) {
        if (value.targets() == null) {
            throw new IllegalArgumentException("batch: expected one with targets, got none");
        }
        return new GradientCheck(network, earlier, value, elements);
    }

    /**
     * {@return this check with the state carried over from {@code value}, a batch of the same shape: what truncated
     * back-propagation computes of a chunk, the state in which it is entered held constant. Default: the zero state}
     */
    public GradientCheck after(SequenceBatch value) {
        return new GradientCheck(network, value, batch, elements);
    }

    /** {@return this check of at most {@code count} elements of each tensor, drawn at random; default 200} */
    public GradientCheck elements(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count: expected at least 1, got " + count);
        }
        return new GradientCheck(network, earlier, batch, count);
    }

    /**
     * {@return gradients and differences side by side}
     *
     * @throws IllegalArgumentException if there is no batch, or it does not fit the network
     */
    public GradientReport run() {
        if (batch == null) {
            throw new IllegalArgumentException("batch: expected one, got none");
        }
        try (NetworkPass pass = network.pass(batch.timeSteps(), batch.batchSize()).carryState(true)) {
            if (earlier != null) {
                pass.forward(earlier);
            }
            List<State> states = states(pass);
            DoubleSupplier loss = () -> {
                states.forEach(State::enter);
                network.parameters().changed();
                pass.forward(batch);
                return pass.loss();
            };
            loss.getAsDouble();
            double[] gradients = backward(pass);
            double smallest = FiniteDifferences.smallest(List.of(gradients));
            var rows = new ArrayList<Row>();
            for (Tensor tensor : network.parameters().layout().tensors()) {
                int from = Math.toIntExact(tensor.offset());
                double[] gradient = Arrays.copyOfRange(gradients, from, Math.toIntExact(from + tensor.count()));
                rows.add(FiniteDifferences.compare(tensor, gradient, chosen(gradient.length), smallest,
                        element -> FiniteDifferences.derivative(loss, parameter(from + element))));
            }
            for (State state : states) {
                double[] gradient = numbers(pass.stateGradient(state.layer, state.plane));
                Tensor tensor = state.tensor(batch.batchSize());
                rows.add(FiniteDifferences.compare(tensor, gradient, chosen(gradient.length), smallest,
                        element -> FiniteDifferences.derivative(loss, Variable.of(state.entered, (int) element))));
            }
            network.parameters().changed();
            return new GradientReport(rows);
        }
    }

    /** The gradients of the last forward pass alone; the network keeps those it had. */
    private double[] backward(NetworkPass pass) {
        MemorySegment slab = network.gradients();
        double[] before = numbers(slab);
        slab.fill((byte) 0);
        pass.backward();
        double[] gradients = numbers(slab);
        slab.copyFrom(MemorySegment.ofArray(before));
        return gradients;
    }

    private Variable parameter(long index) {
        MemorySegment slab = network.parameters().slab();
        return Variable.of(
                () -> Precision.FLOAT64.get(slab, index), value -> Precision.FLOAT64.set(slab, index, value));
    }

    private List<State> states(NetworkPass pass) {
        var states = new ArrayList<State>();
        for (int layer = 0; layer < network.description().layers().size(); layer++) {
            for (int plane = 0; plane < network.description().layers().get(layer).planeWidths().length; plane++) {
                MemorySegment values = pass.state(layer, plane);
                states.add(new State(layer, plane, values, numbers(values)));
            }
        }
        return states;
    }

    /** One plane of one layer's state: where it lies in the pass, and what stands there when the batch is entered. */
    private record State(int layer, int plane, MemorySegment values, double[] entered) {
        void enter() {
            values.copyFrom(MemorySegment.ofArray(entered));
        }

        Tensor tensor(int batchSize) {
            String name = "layer" + layer + ".state[" + plane + "]";
            return new Tensor(name, 0, List.of(batchSize, entered.length / batchSize));
        }
    }

    private int[] chosen(int count) {
        return count <= elements
                ? IntStream.range(0, count).toArray()
                : new Random(count).ints(0, count).distinct().limit(elements).sorted().toArray();
    }

    private static double[] numbers(MemorySegment segment) {
        var numbers = new double[Math.toIntExact(segment.byteSize() / Double.BYTES)];
        Precision.FLOAT64.read(segment, 0, numbers, numbers.length);
        return numbers;
    }
}
