package dev.rondo.network;

import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Buffers and passes for batches of up to T steps by B sequences, made once and used for every batch: a step allocates
 * nothing, but for some views when a number of steps turns up for the first time. What one layer puts out is what the
 * next reads, without a copy.
 *
 * <p>A pass starts from the zero state, or from one that is {@linkplain #initialState given} or {@linkplain
 * Layer#learnedInitialState learned}, unless states are {@linkplain #carryState carried}; then it goes on from where
 * the last pass ended. Gradients never cross from one pass to the one before: that is truncated back-propagation
 * through time. The clock of cells that have one goes with the states. One thread at a time.
 */
public final class NetworkPass implements AutoCloseable {
    private final Network network;
    private final int timeSteps;
    private final int batchSize;
    private final boolean training;
    private final Workspace workspace;
    private final PassGuard guard;
    private final InputBuffers buffers;
    private final LayerPass[] layers;
    private final PassStates states;
    private final PassShape.Shared shared;
    private final PassShape[] shapes; // by T; made when one turns up
    private final Targets targets;
    private final LossPass loss; // null without
    private final PassClock clock = new PassClock();
    private PassShape shape; // of the last forward pass
    private final Map<Object, Companion> companions = new IdentityHashMap<>();
    private final SeededRandom masks = new SeededRandom(0);
    private final boolean draws; // masks, in every forward pass
    private boolean masksFixed;
    private long maskSeed; // if they are
    private MaskDraw masksGiven; // null = drawn for each batch
    private boolean masksDrawn; // in the last forward pass; by the three numbers of a MaskDraw, of which none is made
    private long drawnSeed;
    private int drawnSteps;
    private int drawnFirst;
    private boolean carryState;
    private long timeOrigin; // of the next forward pass
    private boolean lossKnown;
    private boolean ran; // forward, not yet backward
    private boolean aimed; // there is something to go back from
    private boolean touched; // the caller may have written to the gradient of the outputs
    private double[] ownOutputs; // for a loss of the caller's own; made on first use
    private double[] ownGradient;

    private NetworkPass(Network network, int timeSteps, int batchSize, boolean training, Workspace workspace) {
        this.network = network;
        this.timeSteps = CellShape.atLeastOne("timeSteps", timeSteps);
        this.batchSize = CellShape.atLeastOne("batchSize", batchSize);
        this.training = training;
        this.workspace = workspace;
        this.guard = new PassGuard(network.parameters().workspace(), workspace);
        this.buffers = new InputBuffers(network, this);
        this.layers = new LayerPass[network.description().layers().size()];
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer] = new LayerPass(network, layer, this);
        }
        this.draws = training && network.description().drawsMasks();
        this.states = new PassStates(layers, batchSize);
        boolean embeds = network.description().input() instanceof NetworkInput.Embedding && layers[0].table() == null;
        long embedded = embeds ? (long) timeSteps * batchSize * network.description().input().size() : 0;
        this.shared = new PassShape.Shared(this, buffers, layers, Head.Memory.of(this), SkipPass.Memory.of(this),
                embeds ? workspace.allocate(network.precision(), embedded) : null,
                embeds && training ? workspace.allocate(network.precision(), embedded) : null,
                DropoutMask.of(this, network.description().embeddingDropout(), false,
                        network.description().input().size()));
        this.shapes = new PassShape[timeSteps + 1];
        this.shape = shape(timeSteps);
        this.targets = new Targets(network.description(), network.precision(), timeSteps, batchSize, workspace);
        this.loss = LossPass.of(network, targets.mostPositions());
    }

    /** {@return a pass with gradients} */
    static NetworkPass training(Network network, int timeSteps, int batchSize) {
        return make(new Workspace("pass"), own -> new NetworkPass(network, timeSteps, batchSize, true, own));
    }

    /** {@return a pass without gradients; {@code owner} names it in messages} */
    static NetworkPass inference(Network network, int timeSteps, int batchSize, String owner) {
        return make(new Workspace(owner), own -> new NetworkPass(network, timeSteps, batchSize, false, own));
    }

    private static NetworkPass make(Workspace own, Function<Workspace, NetworkPass> maker) {
        try {
            return maker.apply(own);
        } catch (RuntimeException | Error e) {
            own.close();
            throw e;
        }
    }

    /** {@return T, the most steps that a batch may have} */
    public int timeSteps() {
        return timeSteps;
    }

    /** {@return B, the sequences that each batch has} */
    public int batchSize() {
        return batchSize;
    }

    /** {@return the network that it runs} */
    public Network network() {
        return network;
    }

    boolean training() {
        return training;
    }

    Workspace workspace() {
        return workspace;
    }

    /** {@return where the last batch takes steps} */
    ActiveRows rows() {
        return buffers.rows();
    }

    /**
     * Says what state a forward pass starts from.
     *
     * @param value whether from that in which the last one ended; default false: its sequences begin anew
     * @return this pass
     * @throws IllegalArgumentException if states shall be carried and a layer is bidirectional: its reverse direction
     *     begins at the end
     */
    public NetworkPass carryState(boolean value) {
        if (value) {
            network.description().requireForwards("carryState");
        }
        this.carryState = value;
        return this;
    }

    /**
     * {@return the absolute time of the first step of the next forward pass, for cells with a clock, if states are
     * carried: the steps of all batches since the states were zero. Else each pass begins at time 0, and this is where
     * the last one ended}
     */
    public long timeOrigin() {
        return timeOrigin;
    }

    /**
     * Sets the absolute time of the first step of the next forward pass: whoever puts in states of another pass gives
     * it their time too.
     *
     * @param time in steps
     * @return this pass
     */
    public NetworkPass timeOrigin(long time) {
        this.timeOrigin = time;
        return this;
    }

    /**
     * Draws the masks of dropout and zoneout from a seed in every forward pass from now on, always the same ones, for
     * what compares passes: finite differences, say. By default each forward pass with gradients has masks of its own,
     * drawn from the network's seed in the order of the passes.
     *
     * @param value any number; a batch of one shape has the same masks by it on every backend
     * @return this pass
     */
    public NetworkPass maskSeed(long value) {
        this.masksFixed = true;
        this.maskSeed = value;
        return this;
    }

    /**
     * Gives every forward pass from now on the masks of dropout and zoneout that another one had, for what takes its
     * steps again. They take precedence over {@link #maskSeed}, whichever was called last, until this is called with
     * null: then masks are drawn as without it. A batch may have no more steps than there are masks for, {@code
     * timeSteps - first}.
     *
     * @param value as {@link #maskDraw()} says of a pass of as many sequences; has no effect where nothing is drawn;
     *     null for masks that are drawn in each forward pass, the default
     * @return this pass
     */
    public NetworkPass maskDraw(MaskDraw value) {
        this.masksGiven = value;
        return this;
    }

    /** {@return which masks the last forward pass had; null if there was none, or it drew none} */
    public MaskDraw maskDraw() {
        return masksDrawn ? new MaskDraw(drawnSeed, drawnSteps, drawnFirst) : null;
    }

    /**
     * {@return the masks that a layer had in the last forward pass} They are memory of this pass, closed with it, which
     * the next forward pass that draws masks overwrites; before the first one it is zero. T of them is
     * {@link #timeSteps()}, whatever the batch had: masks beyond its steps mean nothing. Those of a pass without
     * gradients are null.
     *
     * @param layer from 0, the one that reads the input; of a bidirectional one, those of the forward direction
     * @throws IllegalArgumentException if there is no such layer
     * @throws IllegalStateException after {@link #close()}
     */
    public LayerMasks masks(int layer) {
        requireOpen();
        below("layer", layer, layers.length);
        return layers[layer].masks();
    }

    /**
     * Lets all sequences begin anew, at time 0: with zeros, unless their initial state is given or learned.
     *
     * @throws IllegalStateException after {@link #close()} of pass or network, or while another thread uses this pass
     */
    public void resetState() {
        guard.enter();
        try {
            timeOrigin = 0;
            states.reset();
        } finally {
            guard.exit();
        }
    }

    /**
     * Lets one sequence begin anew, as {@link #resetState()} does: another comes in its place. The clock is that of all
     * sequences of the batch and goes on: the new one begins at a time that need not be 0.
     *
     * @param sequence from 0 to B - 1
     * @throws IllegalArgumentException if there is no such sequence
     * @throws IllegalStateException after {@link #close()} of pass or network, or while another thread uses this pass
     */
    public void resetState(int sequence) {
        below("sequence", sequence, batchSize);
        guard.enter();
        try {
            states.reset(sequence);
        } finally {
            guard.exit();
        }
    }

    /**
     * Puts each sequence b into the state of sequence {@code from[b]}, with which it goes on if states are carried: a
     * search over continuations keeps some of them, and some several times.
     *
     * @param from [B], each from 0 to B - 1
     * @throws IllegalArgumentException if it is not so
     * @throws IllegalStateException after {@link #close()} of pass or network, or while another thread uses this pass
     */
    public void select(int... from) {
        Objects.requireNonNull(from, "from: expected numbers of sequences, got null");
        if (from.length != batchSize) {
            throw new IllegalArgumentException("from: expected " + batchSize + " sequences, got " + from.length);
        }
        for (int sequence : from) {
            below("from", sequence, batchSize);
        }
        guard.enter();
        try {
            states.select(from);
        } finally {
            guard.exit();
        }
    }

    /**
     * Puts every sequence that begins anew in the next forward pass into the state that it begins with, as that pass
     * would: {@link #state} says then where it starts from, and {@link #timeOrigin()} when.
     *
     * @return [B], whether the sequence begins anew: all of them unless states are carried
     * @throws IllegalStateException after {@link #close()} of pass or network, or while another thread uses this pass
     */
    public boolean[] beginning() {
        guard.enter();
        try {
            if (!carryState) {
                timeOrigin = 0;
            }
            return states.beginning(carryState).clone();
        } finally {
            guard.exit();
        }
    }

    /**
     * {@return what {@code owner} keeps beside this pass, made at the first call and closed with the pass: the passes
     * and the memory of a learner}
     *
     * @param owner whose it is, told apart by identity
     * @param maker makes it of this pass
     * @param <C> its type, always the same of one owner
     * @throws IllegalStateException after {@link #close()}
     */
    @SuppressWarnings("unchecked") // what an owner made is what it gets
    public <C extends Companion> C companion(Object owner, Function<NetworkPass, C> maker) {
        Objects.requireNonNull(owner, "owner: expected one, got null");
        Objects.requireNonNull(maker, "maker: expected a function of the pass, got null");
        requireOpen();
        return (C) companions.computeIfAbsent(owner, _ -> maker.apply(this));
    }

    /** What is kept beside a pass. */
    public interface Companion extends AutoCloseable {
        /** Frees it; called once. */
        @Override
        void close();
    }

    /**
     * Runs the network over a batch: outputs, and the loss if the batch has targets.
     *
     * @param batch up to T steps of B sequences, of what the network reads
     * @throws IllegalArgumentException if the batch does not fit, a token, target or length is out of range, or there
     *     are more steps than masks that {@link #maskDraw(MaskDraw)} gave
     * @throws IllegalStateException after {@link #close()} of pass or network, while another thread uses this pass, or
     *     if memory of the batch is closed
     */
    public void forward(SequenceBatch batch) {
        Objects.requireNonNull(batch, "batch: expected one, got null");
        guard.enter();
        try {
            lossKnown = false;
            ran = false;
            aimed = false;
            touched = false;
            boolean compares = batch.targets() != null;
            clock.restart();
            take(batch, compares);
            clock.inputEnds();
            requireMasks(batch.timeSteps());
            shape = shape(batch.timeSteps());
            if (!carryState) {
                timeOrigin = 0;
            }
            states.enter(carryState);
            if (draws) {
                drawMasks(batch.timeSteps());
            }
            shape.forward(batch, timeOrigin, clock);
            timeOrigin += batch.timeSteps();
            Head head = shape.head();
            if (compares) {
                loss.run(targets, head);
            } else if (training) {
                head.zeroGradient();
            }
            clock.headEnds();
            lossKnown = compares;
            ran = true;
            aimed = compares;
        } finally {
            guard.exit();
        }
    }

    private void requireMasks(int steps) {
        if (draws && masksGiven != null && steps > masksGiven.timeSteps() - masksGiven.first()) {
            throw new IllegalArgumentException("batch: expected at most the "
                    + (masksGiven.timeSteps() - masksGiven.first()) + " steps that have masks, got " + steps);
        }
    }

    private void drawMasks(int steps) {
        masksDrawn = true;
        if (masksGiven == null) {
            drawnSeed = masksFixed ? maskSeed : network.maskSeeds().nextLong();
            drawnSteps = steps;
            drawnFirst = 0;
        } else {
            drawnSeed = masksGiven.seed();
            drawnSteps = masksGiven.timeSteps();
            drawnFirst = masksGiven.first();
        }
        masks.state(drawnSeed);
        for (LayerPass layer : layers) {
            layer.drawMasks(masks, drawnFirst, steps, drawnSteps);
        }
        if (shared.embeddedMask() != null) {
            shared.embeddedMask().draw(masks, drawnFirst, steps, drawnSteps);
        }
    }

    private void take(SequenceBatch batch, boolean withTargets) {
        try {
            buffers.fill(batch);
            if (withTargets) {
                targets.fill(batch);
            }
        } catch (IllegalStateException e) {
            batch.requireOpen();
            throw e;
        }
    }

    /**
     * Goes back through the last forward pass, once: adds to {@link Network#gradients()} the gradient of what
     * {@link #outputGradient()} and {@link #lastStateGradient} are the gradients of, which is the loss unless they were
     * written to; assigns {@link #stateGradient}; sets {@link #lastStateGradient} to zero.
     *
     * @throws IllegalStateException if this pass has no gradients; if there was no forward pass, or it had no targets
     *     and nobody asked for {@code outputGradient()} or {@code lastStateGradient(..)} after it; or as
     *     {@link #forward} says
     */
    public void backward() {
        guard.enter();
        try {
            if (!training || !ran || !aimed) {
                throw new IllegalStateException("backward: expected a forward pass with targets right before, or"
                        + " outputGradient() or lastStateGradient(..) asked for after it, "
                        + (training ? "got none" : "got a pass without gradients"));
            }
            ran = false;
            clock.resume();
            if (network.description().input().tokens()) {
                network.tokenRows().touch(shape.tokens());
            }
            if (touched && !network.description().head().lastStep()) {
                // What the caller put beyond a length must not reach the head's parameters.
                rows().clearPadding(network.precision(), shape.head().outputGradient(), network.outputSize());
            }
            shape.backward(clock);
            states.leave();
        } finally {
            guard.exit();
        }
    }

    /**
     * {@return the loss of the last forward pass: the mean over the targets that count, as {@link Loss} says; 0 if
     * none does; NaN or infinite where an output is}
     *
     * @throws IllegalStateException if its batch had no targets
     */
    public double loss() {
        return known().mean();
    }

    /**
     * {@return what a loss of one's own makes of the outputs of the last forward pass}; {@link #backward()} starts
     * from its gradient then, instead of that of the network's loss
     *
     * <pre>{@code
     * pass.forward(batch);                                     // without targets
     * double loss = pass.loss((outputs, gradient) -> {         // the sum of |y|
     *     double sum = 0;
     *     for (int i = 0; i < outputs.length; i++) {
     *         sum += Math.abs(outputs[i]);
     *         gradient[i] = Math.signum(outputs[i]);
     *     }
     *     return sum;
     * });
     * pass.backward();
     * }</pre>
     *
     * @param own is called once
     * @throws IllegalStateException if there was no forward pass since the last backward pass; after {@link #close()}
     */
    public double loss(OutputLoss own) {
        Objects.requireNonNull(own, "own: expected a loss, got null");
        requireOpen();
        if (!ran) {
            throw new IllegalStateException("loss: expected a forward pass before, got none");
        }
        clock.resume();
        MemorySegment outputs = outputs();
        int count = Math.toIntExact(outputs.byteSize() / network.precision().bytes());
        if (ownOutputs == null || ownOutputs.length != count) {
            ownOutputs = new double[count];
            ownGradient = new double[count];
        }
        network.precision().read(outputs, 0, ownOutputs, count);
        Arrays.fill(ownGradient, 0);
        double loss = own.of(ownOutputs, ownGradient);
        if (training) {
            network.precision().write(ownGradient, outputGradient(), 0, count);
        }
        clock.headEnds();
        return loss;
    }

    /**
     * {@return of how many positions a target counted in {@link #loss()}}
     *
     * @throws IllegalStateException if the batch of the last forward pass had no targets
     */
    public long counted() {
        known();
        return targets.counted();
    }

    /**
     * {@return what one position had part in the {@linkplain #loss() loss}: of classes minus the logarithm of the
     * target's probability, times its weight; of several numbers their sum; 0 where no target counted}
     *
     * @param step of the batch, from 0 on; 0 of a head that reads the last step
     * @param sequence from 0 to B - 1
     * @throws IllegalArgumentException if there is no such position
     * @throws IllegalStateException if the batch of the last forward pass had no targets
     */
    public double loss(int step, int sequence) {
        known();
        below("step", step, targets.positions() / batchSize);
        below("sequence", sequence, batchSize);
        int position = step * batchSize + sequence;
        return targets.counts(position) > 0 ? shape.head().loss(loss, position) : 0;
    }

    /**
     * {@return what {@link #loss()} was divided by: how many classes counted, or the sum of their weights, or how many
     * numbers counted. The loss over several batches is the sum of {@code loss * lossWeight} divided by that of
     * {@code lossWeight}}
     *
     * @throws IllegalStateException if the batch of the last forward pass had no targets
     */
    public double lossWeight() {
        return known().weight();
    }

    /**
     * {@return how many nanoseconds the last forward pass, and the backward pass since, spent on the input: on taking
     * in the batch, and on the embedding}
     */
    public long inputNanos() {
        return clock.input();
    }

    /** {@return how many nanoseconds they spent on the head and the loss} */
    public long headNanos() {
        return clock.head();
    }

    /** {@return what the last forward pass compared its outputs with} */
    Targets targets() {
        return targets;
    }

    private LossPass known() {
        if (!lossKnown) {
            throw new IllegalStateException("loss: expected a forward pass with targets before, got none");
        }
        return loss;
    }

    /**
     * {@return the outputs of the last forward pass, such as logits: [T, B, O], or [B, O] of a head that reads the last
     * step; at steps beyond a sequence's length they mean nothing} Those of an {@linkplain Loss.AdaptiveSoftmax
     * adaptive softmax}, log-probabilities, are computed when this is first called after a forward pass.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment outputs() {
        requireOpen();
        Head head = shape.head();
        if (head.outputsPending()) {
            guard.enter();
            try {
                head.completeOutputs();
            } finally {
                guard.exit();
            }
        }
        return head.outputs();
    }

    /**
     * {@return what the head read of the top layer in the last forward pass: [T, B, H], or [B, H] of a head that reads
     * the last step; at steps beyond a sequence's length it means nothing}
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment headInput() {
        requireOpen();
        return shape.head().input();
    }

    /**
     * {@return what the head read of the network's input in the last forward pass: [T, B, I], or [B, I] of a head that
     * reads the last step; null of a network without {@linkplain Network.Builder#skip() skip}}
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment skipInput() {
        requireOpen();
        return shape.skip() == null ? null : shape.skip().input();
    }

    /**
     * {@return the gradient of {@link #outputs()} that {@link #backward()} starts from, laid out as they are. A forward
     * pass assigns it: that of the loss, or zero without targets. What is written or added to it before
     * {@code backward()} counts, but for what stands at steps beyond a sequence's length}. See also
     * {@link #loss(OutputLoss)}
     *
     * @throws IllegalStateException if this pass has no gradients, or the outputs are those of an
     *     {@linkplain Loss.AdaptiveSoftmax adaptive softmax}; after {@link #close()}
     */
    public MemorySegment outputGradient() {
        wantGradients("outputGradient");
        if (network.description().head().loss() instanceof Loss.AdaptiveSoftmax) {
            throw new IllegalStateException(
                    "outputGradient: expected outputs that have a gradient, got those of an adaptive softmax");
        }
        aimed = true;
        touched = true;
        return shape.head().outputGradient();
    }

    /**
     * {@return one plane of the state of a layer, [B, P]: after a pass its last state; what stands here is where the
     * next pass starts if states are carried, but for sequences that begin anew in it with a learned state or one that
     * {@link #initialState} was given. A head that reads the last step reads it again in {@link #backward()}: change it
     * before a forward pass, not between the two}
     *
     * @param layer from 0, the one that reads the input
     * @param plane from 0, the cell's output; the others as the cell says. Those of the reverse direction of a
     *     bidirectional layer come behind those of the forward one
     * @throws IllegalArgumentException if there is no such layer or plane
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment state(int layer, int plane) {
        LayerPass at = at(layer, plane);
        return at.states(plane).state(at.ofDirection(plane));
    }

    /**
     * {@return one plane of the state that sequences of a layer begin with, [B, P]; zeros until it is written to. A
     * pass that carries no states starts from it, one that does where a sequence begins anew}
     *
     * @param layer as {@link #state} says
     * @param plane as {@link #state} says
     * @throws IllegalArgumentException if there is no such layer or plane, or the layer has learned what it begins with
     * @throws IllegalStateException after {@link #close()}
     */
    public MemorySegment initialState(int layer, int plane) {
        LayerPass at = at(layer, plane);
        if (network.description().layers().get(layer).learnsInitialState()) {
            throw new IllegalArgumentException("initialState: expected a layer that begins with what is given, got"
                    + " layer" + layer + ", which has learned it");
        }
        return at.states(plane).given(at.ofDirection(plane));
    }

    /**
     * {@return the gradient, after {@link #backward()}, of one plane of the state in which a layer entered the pass,
     * [B, P]}
     *
     * @param layer as {@link #state} says
     * @param plane as {@link #state} says
     * @throws IllegalArgumentException if there is no such layer or plane
     * @throws IllegalStateException if this pass has no gradients; after {@link #close()}
     */
    public MemorySegment stateGradient(int layer, int plane) {
        wantGradients("stateGradient");
        LayerPass at = at(layer, plane);
        return at.states(plane).gradient(at.ofDirection(plane));
    }

    /**
     * {@return the gradient that comes in at one plane of the last state of a layer, [B, P], from whatever else depends
     * on that state: the decoder that starts from it, or the next chunk of the same sequences. It is zero unless
     * written to, adds to what comes in through the outputs, and is zero again after {@link #backward()}}
     *
     * <pre>{@code
     * encoder.forward(sentence);
     * decoder.state(0, 0).copyFrom(encoder.state(0, 0));           // decoder.carryState(true): it starts from there
     * decoder.timeOrigin(encoder.timeOrigin());                    // and then, if a cell has a clock
     * decoder.forward(translation);
     * decoder.backward();
     * encoder.lastStateGradient(0, 0).copyFrom(decoder.stateGradient(0, 0));
     * encoder.backward();
     * }</pre>
     *
     * @param layer as {@link #state} says
     * @param plane as {@link #state} says
     * @throws IllegalArgumentException if there is no such layer or plane
     * @throws IllegalStateException if this pass has no gradients; after {@link #close()}
     */
    public MemorySegment lastStateGradient(int layer, int plane) {
        wantGradients("lastStateGradient");
        LayerPass at = at(layer, plane);
        aimed = true;
        return at.states(plane).lastGradient(at.ofDirection(plane));
    }

    private LayerPass at(int layer, int plane) {
        requireOpen();
        below("layer", layer, layers.length);
        below("plane", plane, layers[layer].statePlanes());
        return layers[layer];
    }

    private static void below(String name, int value, int count) {
        if (value < 0 || value >= count) {
            throw new IllegalArgumentException(name + ": expected 0 to " + (count - 1) + ", got " + value);
        }
    }

    private void requireOpen() {
        if (workspace.isClosed()) {
            throw new IllegalStateException(workspace.owner() + " is closed");
        }
    }

    private void wantGradients(String name) {
        requireOpen();
        if (!training) {
            throw new IllegalStateException(name + ": expected a pass with gradients, got one without");
        }
    }

    /**
     * Adds the states to a checkpoint: a training goes on from them.
     *
     * @param checkpoint gets them; their numbers are read only when it is written
     * @throws IllegalArgumentException if the states of a pass are in it already
     * @throws IllegalStateException after {@link #close()}
     */
    public void writeStates(Checkpoint.Builder checkpoint) {
        NetworkSections.writeStates(
                this, Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null"));
    }

    /**
     * Sets the states to those that a pass of an equal network and as many sequences wrote, rounded to the precision of
     * this one where the network in the checkpoint has another.
     *
     * @param checkpoint what {@link #writeStates} added to, among others
     * @throws CheckpointException if there are no such states in it; nothing is changed then
     * @throws IllegalStateException after {@link #close()}
     */
    public void restoreStates(Checkpoint checkpoint) throws CheckpointException {
        NetworkSections.restoreStates(
                this, Objects.requireNonNull(checkpoint, "checkpoint: expected one, got null"));
    }

    /** {@return 1 for each sequence that begins anew in the next forward pass, 0 for one that goes on} */
    long[] begins() {
        return states.begins();
    }

    void begins(long[] begins) {
        states.begins(begins);
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
        companions.values().forEach(Companion::close);
        companions.clear();
    }

    private PassShape shape(int steps) {
        if (shapes[steps] == null) {
            shapes[steps] = new PassShape(shared, steps);
        }
        return shapes[steps];
    }
}
