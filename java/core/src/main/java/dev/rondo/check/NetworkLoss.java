package dev.rondo.check;

import dev.rondo.check.FiniteDifferences.Variable;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout.Tensor;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The loss of a network on one batch, as a function of its parameters and of the state in which each layer enters the
 * batch; masks of dropout and zoneout always the same; float64 here, whatever the network computes in.
 */
final class NetworkLoss implements AutoCloseable {
    private static final long MASKS = 1; // the same for a network and its twin

    private final Network network;
    private final Precision precision;
    private final SequenceBatch earlier; // null = the batch is where sequences begin
    private final SequenceBatch batch;
    private final OutputLoss own; // null = the network's
    private final NetworkPass pass;
    private final List<State> states = new ArrayList<>();
    private final long timeOrigin; // at which the batch is entered

    /** One plane of one layer's state: where it lies in the pass, and what stands there when the batch is entered. */
    private record State(int layer, int plane, MemorySegment values, double[] entered) {
        Tensor tensor(int batchSize) {
            String name = "layer" + layer + ".state[" + plane + "]";
            return new Tensor(name, 0, List.of(batchSize, entered.length / batchSize));
        }
    }

    /** After {@code earlier}, if it is not null; else where sequences begin. */
    NetworkLoss(Network network, SequenceBatch earlier, SequenceBatch batch, OutputLoss own) {
        this.network = network;
        this.precision = network.precision();
        this.batch = batch;
        this.own = own;
        this.earlier = earlier;
        this.pass = network.pass(batch.timeSteps(), batch.batchSize()).maskSeed(MASKS);
        try {
            if (earlier != null) {
                pass.carryState(true).forward(earlier);
            }
            this.timeOrigin = pass.timeOrigin();
            for (int layer = 0; layer < network.description().layers().size(); layer++) {
                addStates(layer);
            }
        } catch (RuntimeException e) {
            pass.close();
            throw e;
        }
    }

    /** A state that is learned is among the parameters, unless another was carried over. */
    private void addStates(int layer) {
        Layer described = network.description().layers().get(layer);
        if (earlier == null && described.learnsInitialState()) {
            return;
        }
        for (int plane = 0; plane < described.planeWidths().length; plane++) {
            MemorySegment values = earlier == null ? pass.initialState(layer, plane) : pass.state(layer, plane);
            states.add(new State(layer, plane, values, numbers(values)));
        }
    }

    /** {@return the batch before, or null} */
    SequenceBatch earlier() {
        return earlier;
    }

    /** Enters the batch in the same states as {@code other}, which is of the same network in another precision. */
    void enterAs(NetworkLoss other) {
        for (int i = 0; i < states.size(); i++) {
            double[] entered = states.get(i).entered;
            System.arraycopy(other.states.get(i).entered, 0, entered, 0, entered.length);
        }
    }

    /** The loss with parameters and states as they are now. */
    double value() {
        for (State state : states) {
            precision.write(state.entered, state.values, 0, state.entered.length);
        }
        network.parameters().changed();
        pass.timeOrigin(timeOrigin).forward(batch);
        return own == null ? pass.loss() : pass.loss(own);
    }

    /**
     * The gradient by all that the loss depends on; the network's own gradients stay as they were.
     *
     * @throws IllegalArgumentException if the loss is the network's and no target counts in it
     */
    Map<Tensor, double[]> gradients() {
        value();
        if (own == null && pass.counted() == 0) {
            throw new IllegalArgumentException("batch: expected at least one target that counts, got none");
        }
        MemorySegment slab = network.gradients();
        double[] before = numbers(slab);
        slab.fill((byte) 0);
        pass.backward();
        double[] parameters = numbers(slab);
        precision.write(before, slab, 0, before.length);
        var gradients = new LinkedHashMap<Tensor, double[]>();
        for (Tensor tensor : network.parameters().layout().tensors()) {
            if (network.description().isFixed(tensor)) {
                continue; // has none
            }
            var part = new double[Math.toIntExact(tensor.count())];
            System.arraycopy(parameters, Math.toIntExact(tensor.offset()), part, 0, part.length);
            gradients.put(tensor, part);
        }
        for (State state : states) {
            gradients.put(state.tensor(batch.batchSize()), numbers(pass.stateGradient(state.layer, state.plane)));
        }
        return gradients;
    }

    /** Element {@code element} of a tensor of {@link #gradients}. */
    Variable variable(Tensor tensor, int element) {
        for (State state : states) {
            if (state.tensor(batch.batchSize()).equals(tensor)) {
                return Variable.of(state.entered, element);
            }
        }
        MemorySegment slab = network.parameters().slab();
        long index = tensor.offset() + element;
        return Variable.of(() -> precision.get(slab, index), value -> precision.set(slab, index, value));
    }

    @Override
    public void close() {
        pass.close();
        if (!network.isClosed()) {
            network.parameters().changed();
        }
    }

    private double[] numbers(MemorySegment segment) {
        var numbers = new double[Math.toIntExact(segment.byteSize() / precision.bytes())];
        precision.read(segment, 0, numbers, numbers.length);
        return numbers;
    }
}
