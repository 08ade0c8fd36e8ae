package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Function;

/**
 * Buffers and passes for batches of one shape, T steps by B sequences, made once and used for every batch: a step
 * allocates nothing. What one layer puts out is what the next reads, without a copy.
 *
 * <p>A pass starts from the zero state unless states are {@linkplain #carryState carried}; then it goes on from where
 * the last pass ended. Gradients never cross from one pass to the one before: that is truncated back-propagation
 * through time. One thread at a time.
 */
public final class NetworkPass implements AutoCloseable {
    private static final int LENGTHS = 1;
    private static final int HOLD = 2;

    private final Network network;
    private final int timeSteps;
    private final int batchSize;
    private final boolean training;
    private final Workspace workspace;
    private final PassGuard guard;
    private final InputBuffers buffers;
    private final EmbeddingPass embedding; // null without
    private final LayerPass[] layers;
    private final DenseHead head;
    private final SoftmaxCrossEntropy loss;
    private final LayerPass.Run[][] runs = new LayerPass.Run[LENGTHS + HOLD + 1][]; // by what a batch has; made lazily
    private LayerPass.Run[] current; // of the last forward pass
    private boolean carryState;
    private boolean lossKnown;
    private boolean backwardPossible;

    private NetworkPass(Network network, int timeSteps, int batchSize, boolean training, Workspace workspace) {
        this.network = network;
        this.timeSteps = CellShape.atLeastOne("timeSteps", timeSteps);
        this.batchSize = CellShape.atLeastOne("batchSize", batchSize);
        this.training = training;
        this.workspace = workspace;
        this.guard = new PassGuard(network.parameters().workspace(), workspace);
        this.buffers = new InputBuffers(network, this);
        this.embedding = network.description().input() instanceof NetworkInput.Embedding input
                ? new EmbeddingPass(network, input, buffers.tokens(), this)
                : null;
        this.layers = new LayerPass[network.description().layers().size()];
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer] = new LayerPass(network, layer, this);
        }
        this.head = new DenseHead(network, layers[layers.length - 1], this);
        this.loss = new SoftmaxCrossEntropy(network.precision(), batchSize, network.outputSize());
    }

    /** {@return a pass with gradients} */
    static NetworkPass training(Network network, int timeSteps, int batchSize) {
        return make(network, new Workspace("pass"), own -> new NetworkPass(network, timeSteps, batchSize, true, own));
    }

    /** {@return a pass without gradients; {@code owner} names it in messages} */
    static NetworkPass inference(Network network, int timeSteps, int batchSize, String owner) {
        return make(network, new Workspace(owner), own -> new NetworkPass(network, timeSteps, batchSize, false, own));
    }

    private static NetworkPass make(Network network, Workspace own, Function<Workspace, NetworkPass> maker) {
        try {
            if (network.isClosed()) {
                throw new IllegalStateException("network is closed");
            }
            return maker.apply(own);
        } catch (RuntimeException | Error e) {
            own.close();
            throw e;
        }
    }

    /** {@return T} */
    public int timeSteps() {
        return timeSteps;
    }

    /** {@return B} */
    public int batchSize() {
        return batchSize;
    }

    /** {@return the network} */
    public Network network() {
        return network;
    }

    boolean training() {
        return training;
    }

    Workspace workspace() {
        return workspace;
    }

    /** Says whether a pass goes on from the state in which the last one ended; default: no, each starts from zero. */
    public NetworkPass carryState(boolean value) {
        this.carryState = value;
        return this;
    }

    /**
     * Sets all states to zero.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public void resetState() {
        guard.enter();
        try {
            zeroStates();
        } finally {
            guard.exit();
        }
    }

    /**
     * Sets the state of one sequence to zero: another begins in its place.
     *
     * @param sequence from 0 to B - 1
     * @throws IllegalStateException after {@link #close()}
     */
    public void resetState(int sequence) {
        Objects.checkIndex(sequence, batchSize);
        guard.enter();
        try {
            for (LayerPass layer : layers) {
                layer.resetState(sequence);
            }
        } finally {
            guard.exit();
        }
    }

    /**
     * Runs the network over {@code batch}: logits, and the loss if the batch has targets.
     *
     * @throws IllegalArgumentException if the batch does not fit, or a token, target or length is out of range
     * @throws IllegalStateException after {@link #close()} of pass or network, or while another thread uses this pass
     */
    public void forward(SequenceBatch batch) {
        guard.enter();
        try {
            lossKnown = false;
            backwardPossible = false;
            buffers.fill(batch);
            if (batch.targets() != null) {
                loss.aim(buffers.targets(), buffers.lengths(batch));
            }
            if (!carryState) {
                zeroStates();
            }
            current = runs(batch);
            if (embedding != null) {
                embedding.forward();
            }
            for (LayerPass.Run run : current) {
                run.forward();
            }
            head.forward();
            if (batch.targets() != null) {
                loss.run(head.logits(), training ? head.logitsGradient() : null);
                lossKnown = true;
                backwardPossible = training;
            }
        } finally {
            guard.exit();
        }
    }

    /**
     * Adds the gradient of the loss of the last forward pass to {@link Network#gradients()}; once per forward pass.
     *
     * @throws IllegalStateException if there was none with targets, if this pass has no gradients, or as
     *     {@link #forward} says
     */
    public void backward() {
        guard.enter();
        try {
            if (!backwardPossible) {
                throw new IllegalStateException("backward: expected a forward pass with targets right before, "
                        + (training ? "got none" : "got a pass without gradients"));
            }
            backwardPossible = false;
            head.backward();
            for (int layer = layers.length - 1; layer >= 0; layer--) {
                current[layer].backward();
            }
            if (embedding != null) {
                embedding.backward();
            }
        } finally {
            guard.exit();
        }
    }

    /**
     * {@return the loss of the last forward pass: mean nats over the positions that count; 0 if none does}
     *
     * @throws IllegalStateException if its batch had no targets
     */
    public double loss() {
        if (!lossKnown) {
            throw new IllegalStateException("loss: expected a forward pass with targets before, got none");
        }
        return loss.mean();
    }

    /** {@return how many positions counted in {@link #loss()}} */
    public long counted() {
        loss();
        return loss.counted();
    }

    /** {@return the logits of the last forward pass, [T, B, C]; those beyond a sequence's length mean nothing} */
    public MemorySegment logits() {
        return head.logits();
    }

    /**
     * {@return plane {@code plane} of the state of layer {@code layer}, [B, P]: after a pass its last state; what
     * stands here is where the next pass starts if states are carried}
     */
    public MemorySegment state(int layer, int plane) {
        return layers[layer].state(plane);
    }

    /**
     * {@return the gradient, after {@link #backward()}, of plane {@code plane} of the state in which layer {@code
     * layer} entered the pass, [B, P]}
     *
     * @throws IllegalStateException if this pass has no gradients
     */
    public MemorySegment stateGradient(int layer, int plane) {
        if (!training) {
            throw new IllegalStateException("stateGradient: expected a pass with gradients, got one without");
        }
        return layers[layer].stateGradient(plane);
    }

    /**
     * Frees buffers and plans. Closing twice is harmless.
     *
     * @throws IllegalStateException while another thread uses this pass; nothing is freed then
     */
    @Override
    public void close() {
        workspace.close();
        for (LayerPass layer : layers) {
            layer.close();
        }
    }

    private void zeroStates() {
        for (LayerPass layer : layers) {
            layer.resetState();
        }
    }

    private LayerPass.Run[] runs(SequenceBatch batch) {
        int kind = (batch.lengths() == null ? 0 : LENGTHS) + (batch.hold() == null ? 0 : HOLD);
        if (runs[kind] == null) {
            runs[kind] = makeRuns(buffers.lengths(batch), buffers.hold(batch));
        }
        return runs[kind];
    }

    private LayerPass.Run[] makeRuns(MemorySegment lengths, MemorySegment hold) {
        var made = new LayerPass.Run[layers.length];
        LayerPass.Source source = embedding != null ? embedding.asSource() : buffers.asSource();
        for (int layer = 0; layer < layers.length; layer++) {
            made[layer] = layers[layer].run(source, lengths, hold);
            source = layers[layer].asSource();
        }
        return made;
    }
}
