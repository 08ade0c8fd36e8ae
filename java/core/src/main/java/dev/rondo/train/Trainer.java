package dev.rondo.train;

import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Batches;
import dev.rondo.network.Dataset;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Objects;

/**
 * Trains a network, step by step: forward, backward, clip, update.
 *
 * <pre>{@code
 * var trainer = Trainer.builder(network).optimizer(Adam.of(2e-3)).clip(GradientClipping.globalNorm(5)).build();
 * try (var pass = network.pass(timeSteps, batchSize).carryState(true)) {
 *     for (SequenceBatch batch : batches) {
 *         System.out.println(trainer.step(pass, batch).loss());
 *     }
 * }
 * }</pre>
 *
 * <p>The optimiser's state lies in the network's workspace, so there is nothing to close. One thread at a time.
 *
 * <p>The logger {@code dev.rondo.train} says once what is trained how, and when a validation loss lets the learning
 * rate fall; it warns of the first batch of which no target counts. A Flight Recorder event {@code dev.rondo.TrainStep}
 * tells of each step while a recording asks for it: the time of forward, backward and update, step, loss, what counted,
 * the norm.
 */
public final class Trainer {
    private static final Logger LOGGER = System.getLogger("dev.rondo.train");

    private static final String STEPS = "trainer.steps";
    private static final String SCHEDULE = "trainer.schedule";
    private static final String EPOCHS = "trainer.epochs";
    private static final String SLAB = "trainer.";

    private final Network network;
    private final Optimizer rule;
    private final OptimizerState optimizer;
    private final GradientClipping clipping;
    private final Gradients gradients;
    private final StepWatch watch = StepWatch.make();
    private final int batchSize;
    private LearningRate schedule;
    private boolean begun;
    private boolean warned;
    private int epochs;
    private volatile boolean stopping;

    private Trainer(Builder builder) {
        this.network = builder.network;
        this.rule = builder.optimizer;
        this.optimizer = rule.start(network.parameters());
        this.clipping = builder.clipping;
        this.schedule = builder.schedule;
        this.gradients = new Gradients(network);
        this.batchSize = builder.batchSize;
    }

    /** {@return a builder of a trainer of {@code network}} */
    public static Builder builder(Network network) {
        return new Builder(Objects.requireNonNull(network, "network: expected one, got null"));
    }

    /** {@return the network that is trained} */
    public Network network() {
        return network;
    }

    /** {@return what the optimiser remembers} */
    public OptimizerState optimizerState() {
        return optimizer;
    }

    /** {@return how many steps were made} */
    public long steps() {
        return optimizer.steps();
    }

    /** {@return the learning rate of the next step} */
    public double learningRate() {
        return rule.learningRate() * schedule.factor(steps() + 1);
    }

    /** {@return the schedule of the learning rate, with what it remembers} */
    public LearningRate schedule() {
        return schedule;
    }

    /** Tells the schedule of a validation loss: {@link LearningRate#onPlateau} lets the rate fall if it does not. */
    public void observe(double validationLoss) {
        double before = learningRate();
        schedule = schedule.after(validationLoss);
        if (learningRate() != before) {
            LOGGER.log(Level.INFO, () -> "step " + steps() + ": learning rate " + before + " -> " + learningRate());
        }
    }

    /**
     * Makes one step on {@code batch}.
     *
     * @param pass a pass of the network, with gradients, of the batch's shape
     * @param batch sequences with targets
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     * @throws IllegalArgumentException if pass or batch do not fit
     * @throws IllegalStateException if the pass has no gradients, or the batch no targets; nothing is updated then
     */
    public StepResult step(NetworkPass pass, SequenceBatch batch) {
        return step(pass, batch, null);
    }

    /**
     * Makes one step on {@code batch} by a loss of one's own, or by the network's if it is null.
     *
     * @param pass a pass of the network, with gradients, of the batch's shape
     * @param batch sequences; a loss of one's own takes no notice of targets, and a network without a loss refuses them
     * @param loss of the outputs
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     * @throws IllegalArgumentException if pass or batch do not fit
     * @throws IllegalStateException if the pass has no gradients, or there is neither a loss of one's own nor
     *     targets; nothing is updated then
     */
    public StepResult step(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        if (pass.network() != network) {
            throw new IllegalArgumentException("pass: expected one of this trainer's network, got another's");
        }
        watch.begins();
        pass.forward(batch);
        double value = loss == null ? pass.loss() : pass.loss(loss);
        if (loss == null && pass.counted() == 0 && !warned) {
            warned = true;
            LOGGER.log(Level.WARNING, () -> "step " + (steps() + 1) + ": no target of the batch counts");
        }
        watch.forwardEnds();
        network.zeroGradients();
        pass.backward();
        watch.backwardEnds();
        return finish(value, batch.targets() == null ? 0 : pass.counted());
    }

    /**
     * Makes one step by the gradients that are in {@link Network#gradients()}: for those who run passes themselves,
     * over several batches or over networks that one loss trains together. {@link Network#zeroGradients()} comes first.
     *
     * <pre>{@code
     * network.zeroGradients();
     * for (SequenceBatch part : batches) {
     *     pass.forward(part);
     *     pass.backward();
     * }
     * trainer.update(pass.loss());
     * }</pre>
     *
     * @param loss what {@link StepResult#loss()} shall say
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     */
    public StepResult update(double loss) {
        watch.begins();
        watch.forwardEnds();
        watch.backwardEnds();
        return finish(loss, 0);
    }

    private StepResult finish(double loss, long counted) {
        if (!begun) {
            announce();
        }
        double gradientNorm = gradients.norm();
        if (!Double.isFinite(gradientNorm)) {
            throw nonFinite();
        }
        gradients.clip(clipping);
        optimizer.update(gradients, learningRate());
        var result = new StepResult(optimizer.steps(), loss, counted, gradientNorm);
        watch.ends(result);
        return result;
    }

    /**
     * Trains on {@code training} for {@code epochs} at most, without a validation set: {@link #fit(Dataset, Dataset,
     * Epochs)} with the training loss as what is watched.
     */
    public FitResult fit(Dataset training, Epochs epochs) {
        return fitOn(training, null, epochs);
    }

    /**
     * Trains on {@code training}, epoch after epoch, and evaluates on {@code validation} after each.
     *
     * <pre>{@code
     * FitResult result = trainer.fit(training.shuffle(1).bucketed(), validation, Epochs.of(20).patience(3).keepBest());
     * }</pre>
     *
     * <p>Each batch starts from the zero state. Epochs are numbered over all calls, and orders drawn by their number:
     * two calls of 10 epochs, nothing kept or restored, are one of 20. The same seeds, backend and number of threads
     * give the same parameters, bit for bit. In the steady state a step allocates nothing but its {@link StepResult}
     * and what a stream makes; an epoch its order, its result, and what sorting by length takes.
     *
     * @throws NonFiniteGradientException if a gradient is not finite; the parameters are those after the step before,
     *     or the best if these are kept
     * @throws IllegalArgumentException if a data set has no sequences, or one of them does not fit the network or has
     *     no targets; what a stream, or the listener, throws arrives as it is
     */
    public FitResult fit(Dataset training, Dataset validation, Epochs epochs) {
        return fitOn(training, Objects.requireNonNull(validation, "validation: expected one, got null"), epochs);
    }

    private FitResult fitOn(Dataset training, Dataset validation, Epochs howLong) {
        stopping = false;
        try (var trains = Batches.training(network, training, batchSize);
                var validates = validation == null ? null : Batches.inference(network, validation, batchSize);
                var memory = new Workspace("fit")) {
            return new Fit(this, trains, validates, howLong, memory).run();
        }
    }

    /**
     * Ends the {@code fit} that runs, from its listener or from another thread: after its current step and the
     * evaluation that ends an epoch, this one's being cut short. Does nothing if none runs.
     */
    public void stop() {
        stopping = true;
    }

    boolean stopping() {
        return stopping;
    }

    /** {@return how many epochs were begun} */
    int epochs() {
        return epochs;
    }

    /** Says that epoch {@code number} made a step. */
    void began(int number) {
        epochs = number;
    }

    /** Adds to {@code checkpoint} what {@link #restore} reads: a training goes on from it bit for bit. */
    public void write(Checkpoint.Builder checkpoint) {
        checkpoint.longs(STEPS, steps());
        checkpoint.longs(EPOCHS, epochs);
        checkpoint.longs(SCHEDULE, Arrays.stream(schedule.memory()).mapToLong(Double::doubleToLongBits).toArray());
        optimizer.slabs().forEach((name, slab) -> checkpoint.numbers(SLAB + name, network.precision(), slab));
    }

    /**
     * Puts this trainer, made with the same optimiser and schedule on the same network, where the one was that wrote.
     *
     * @throws CheckpointException if there is no such trainer in {@code checkpoint}
     */
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        for (var slab : optimizer.slabs().entrySet()) {
            checkpoint.copy(SLAB + slab.getKey(), network.precision(), slab.getValue());
        }
        optimizer.steps(checkpoint.longs(STEPS, 1)[0]);
        epochs = checkpoint.has(EPOCHS) ? (int) checkpoint.longs(EPOCHS, 1)[0] : 0; // the first format has neither
        if (checkpoint.has(SCHEDULE)) {
            long[] memory = checkpoint.longs(SCHEDULE, schedule.memory().length);
            schedule = schedule.remembering(Arrays.stream(memory).mapToDouble(Double::longBitsToDouble).toArray());
        }
    }

    private void announce() {
        begun = true;
        LOGGER.log(Level.INFO, () -> "training " + network.parameters().count() + " parameters from step "
                + (steps() + 1) + " on, " + rule + ", " + clipping + ", " + schedule);
    }

    /** Names the first parameter whose gradient is to blame. */
    private NonFiniteGradientException nonFinite() {
        long worst = gradients.worst();
        TensorLayout.Tensor tensor = network.parameters().layout().at(worst);
        String element = tensor.element(worst - tensor.offset());
        return new NonFiniteGradientException(element, gradients.get(worst), optimizer.steps() + 1);
    }

    /** Says how a network shall be trained. */
    public static final class Builder {
        private final Network network;
        private Optimizer optimizer = Adam.of(1e-3);
        private GradientClipping clipping = GradientClipping.none();
        private LearningRate schedule = LearningRate.constant();
        private int batchSize = 32;

        private Builder(Network network) {
            this.network = network;
        }

        /** Sets the rule of updates; default Adam with a learning rate of 1e-3. */
        public Builder optimizer(Optimizer value) {
            this.optimizer = Objects.requireNonNull(value, "optimizer: expected one, got null");
            return this;
        }

        /** Sets the clipping of gradients; default none. */
        public Builder clip(GradientClipping value) {
            this.clipping = Objects.requireNonNull(value, "clipping: expected one, got null");
            return this;
        }

        /** Sets how the optimiser's learning rate changes in time; default not at all. */
        public Builder learningRate(LearningRate value) {
            this.schedule = Objects.requireNonNull(value, "learningRate: expected one, got null");
            return this;
        }

        /**
         * Sets how many sequences {@link #fit} trains on at once; default 32. A data set in memory that has fewer is
         * one batch.
         *
         * @throws IllegalArgumentException if {@code count} is below 1
         */
        public Builder batchSize(int count) {
            this.batchSize = CellShape.atLeastOne("batchSize", count);
            return this;
        }

        /** {@return the trainer, its optimiser's state fresh} */
        public Trainer build() {
            return new Trainer(this);
        }
    }
}
