package dev.rondo.train;

import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Batches;
import dev.rondo.network.Dataset;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
 * <p>The optimiser's state lies in the network's workspace, so there is nothing to close. One thread at a time. Once
 * compiled, a step allocates nothing where its {@link StepResult} is read and let go; one that is kept has 48 bytes.
 *
 * <p>The logger {@code dev.rondo.train} says once what is trained how, and when a validation loss lets the learning
 * rate fall; it warns of the first batch of which no target counts. A Flight Recorder event {@code dev.rondo.TrainStep}
 * tells of each step while a recording asks for it: its times, those of {@link StepTimes} among them, step, loss, what
 * counted, the norm.
 */
public final class Trainer {
    private static final Logger LOGGER = System.getLogger("dev.rondo.train");

    private final Network network;
    private final Optimizer rule;
    private final OptimizerState optimizer;
    private final TrainingStep step;
    private final int batchSize;
    private LearningRate schedule;
    private int epochs;
    private volatile boolean stopping;

    private Trainer(Builder builder) {
        this.network = builder.network;
        this.rule = builder.rule();
        this.optimizer = rule.start(network.parameters());
        this.schedule = builder.schedule;
        this.step = new TrainingStep(this, builder.clipping, builder.learner);
        this.batchSize = builder.batchSize;
    }

    /**
     * {@return a builder of a trainer}
     *
     * @param network that shall be trained; stays the caller's to close
     */
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

    /**
     * {@return how long the parts of the last step took; zeros before the first. They are taken in every step, and cost
     * nothing}
     */
    public StepTimes stepTimes() {
        return step.times();
    }

    /** {@return the learning rate of the next step} */
    public double learningRate() {
        return rule.learningRate() * schedule.factor(steps() + 1);
    }

    /** {@return the schedule of the learning rate, with what it remembers} */
    public LearningRate schedule() {
        return schedule;
    }

    /**
     * Tells the schedule of a validation loss, as {@link #fit} does after each epoch.
     *
     * @param validationLoss if it does not fall, {@link LearningRate#onPlateau} lets the rate fall
     */
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
     * @return what it gave
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     * @throws IllegalArgumentException if pass or batch do not fit; nothing is updated then
     * @throws IllegalStateException if the pass has no gradients, the batch no targets, the schedule no number of at
     *     least 0 for this step, or something is closed; nothing is updated then
     */
    public StepResult step(NetworkPass pass, SequenceBatch batch) {
        return step(pass, batch, null);
    }

    /**
     * Makes one step on {@code batch} by a loss of one's own.
     *
     * @param pass a pass of the network, with gradients, of the batch's shape
     * @param batch sequences; a loss of one's own takes no notice of targets, and a network without a loss refuses
     *     them
     * @param loss of the outputs; null = the network's
     * @return what it gave
     * @throws NonFiniteGradientException as {@link #step(NetworkPass, SequenceBatch)}
     * @throws IllegalArgumentException as there
     * @throws IllegalStateException as there, but that a loss of one's own needs no targets
     */
    public StepResult step(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        return step.run(pass, batch, loss);
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
     * @return what it gave, {@link StepResult#counted} being 0
     * @throws NonFiniteGradientException if a gradient is not finite; nothing is updated then
     * @throws IllegalStateException if the schedule has no number of at least 0 for this step, or the network is
     *     closed; nothing is updated then
     */
    public StepResult update(double loss) {
        return step.update(loss);
    }

    /**
     * Trains without a validation set: {@link #fit(Dataset, Dataset, Epochs)} with the training loss as what is
     * watched.
     *
     * @param training to learn from
     * @param epochs for how long at most
     * @return how it went
     * @throws NonFiniteGradientException as there
     * @throws IllegalArgumentException as there
     * @throws IllegalStateException as there
     * @throws java.io.UncheckedIOException as there
     */
    public FitResult fit(Dataset training, Epochs epochs) {
        return fitOn(training, null, epochs);
    }

    /**
     * Trains epoch after epoch, and evaluates after each.
     *
     * <pre>{@code
     * FitResult result = trainer.fit(training.shuffle(1).bucketed(), validation, Epochs.of(20).patience(3).keepBest());
     * }</pre>
     *
     * <p>Each batch starts from the zero state. Epochs are numbered over all calls, and orders drawn by their number:
     * two calls of 10 epochs, nothing kept or restored, are one of 20. The same seeds, backend and number of threads
     * give the same parameters, bit for bit. In the steady state a step allocates nothing but what a stream makes and,
     * where the listener keeps it, its {@link StepResult}; an epoch its order, its result, and what sorting by length
     * takes.
     *
     * @param training to learn from
     * @param validation to evaluate on
     * @param epochs for how long at most, and what to do meanwhile
     * @return how it went
     * @throws NonFiniteGradientException if a gradient is not finite; the parameters are those after the step before,
     *     or the best if these are kept
     * @throws ArithmeticException if the validation loss is NaN or infinite; it says at which sequence, and step, that
     *     began; the parameters are those after the epoch, or the best if these are kept
     * @throws IllegalArgumentException if a data set has no sequences, or one of them does not fit the network or has
     *     no targets: of sets in memory before the first step; a stream is looked at as it comes, when steps may have
     *     been made. What a stream, or the listener, throws arrives as it is
     * @throws IllegalStateException as {@link #step(NetworkPass, SequenceBatch)}
     * @throws java.io.UncheckedIOException if the file of the best parameters cannot be written, if possible before
     *     the first step; or if a stream cannot be opened
     */
    public FitResult fit(Dataset training, Dataset validation, Epochs epochs) {
        return fitOn(training, Objects.requireNonNull(validation, "validation: expected a data set, got null"), epochs);
    }

    private FitResult fitOn(Dataset training, Dataset validation, Epochs howLong) {
        Objects.requireNonNull(training, "training: expected a data set, got null");
        Objects.requireNonNull(howLong, "epochs: expected some, got null");
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

    Optimizer optimizer() {
        return rule;
    }

    void schedule(LearningRate restored) {
        schedule = restored;
    }

    /**
     * Writes what {@link #restore} reads: with parameters and states, a training goes on from it bit for bit.
     *
     * @param checkpoint is added to; the optimiser's numbers are read when it is written
     * @throws IllegalArgumentException if it has those of a trainer already
     */
    public void write(Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        TrainerSections.write(this, checkpoint);
    }

    /**
     * Puts this trainer where the one was that wrote: restored are the steps and epochs made, what the optimiser
     * keeps of each parameter, and what the schedule remembers of validation losses. All settings stay as this one
     * was built: learning rate, decay and the like, the form of the schedule, clipping, batch size. So a training
     * may go on with others, but not with an optimiser of another class, or one that keeps other numbers ({@link
     * Sgd} with momentum and without), for these mean something else there.
     *
     * @param checkpoint as {@link #write} made it, of an equal network
     * @throws CheckpointException if there is no trainer in it, or it is one of another optimiser, of another
     *     network, or of a schedule that remembers another number of things; nothing is changed then
     */
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        Objects.requireNonNull(checkpoint, "checkpoint: expected one, got null");
        TrainerSections.restore(this, checkpoint);
    }

    /**
     * Writes what {@link #restorePast} reads: what the {@link Learner} knows of the past of the sequences of a pass,
     * for streams that are gone on with.
     *
     * <pre>{@code
     * Checkpoint.builder().add(network::write).add(trainer::write).add(pass::writeStates)
     *         .add(checkpoint -> trainer.writePast(pass, checkpoint)).write(path);
     * }</pre>
     *
     * @param pass a pass of the network, with gradients, that states are carried in
     * @param checkpoint is added to; some of the numbers are read when it is written
     * @throws IllegalArgumentException if the pass is one of another network, which the learner refuses, or the
     *     checkpoint has the past of another learner already
     * @throws IllegalStateException if this trainer has no learner: back-propagation through each batch knows no past;
     *     or the pass is closed
     */
    public void writePast(NetworkPass pass, Checkpoint.Builder checkpoint) {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        Objects.requireNonNull(checkpoint, "checkpoint: expected a builder, got null");
        step.write(pass, checkpoint);
    }

    /**
     * Puts the learner where the one was that wrote: together with {@link #restore}, and the states of the pass, a
     * training of streams goes on bit for bit. Left out, as with files that have no such part, the learner begins
     * without a past.
     *
     * @param pass a pass of the network, with gradients, of as many sequences as the one that wrote
     * @param checkpoint as {@link #writePast} made it, of an equal network and learner
     * @throws CheckpointException if there is no past in it, or it is one of another learner, another number of
     *     sequences, another precision or network; nothing is changed then
     * @throws IllegalArgumentException if the pass is one of another network, which the learner refuses
     * @throws IllegalStateException as {@link #writePast}
     */
    public void restorePast(NetworkPass pass, Checkpoint checkpoint) throws CheckpointException {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        Objects.requireNonNull(checkpoint, "checkpoint: expected one, got null");
        step.restore(pass, checkpoint);
    }

    /** Says how a network shall be trained. */
    public static final class Builder {
        private final Network network;
        private Optimizer optimizer; // null = Adam
        private GradientClipping clipping = GradientClipping.none();
        private LearningRate schedule = LearningRate.constant();
        private int batchSize = 32;
        private Learner learner; // null = back-propagation through the batch

        private Builder(Network network) {
            this.network = network;
        }

        /**
         * Sets the rule of updates.
         *
         * @param value default: Adam with a learning rate of 1e-3
         * @return this
         */
        public Builder optimizer(Optimizer value) {
            this.optimizer = Objects.requireNonNull(value, "optimizer: expected one, got null");
            return this;
        }

        /**
         * Sets how gradients are found.
         *
         * @param value default: by back-propagation through time over each batch
         * @return this
         */
        public Builder learner(Learner value) {
            this.learner = Objects.requireNonNull(value, "learner: expected one, got null");
            return this;
        }

        /**
         * Sets the clipping of gradients.
         *
         * @param value default: none
         * @return this
         */
        public Builder clip(GradientClipping value) {
            this.clipping = Objects.requireNonNull(value, "clip: expected one, got null");
            return this;
        }

        /**
         * Sets how the optimiser's learning rate changes in time.
         *
         * @param value default: not at all
         * @return this
         */
        public Builder learningRate(LearningRate value) {
            this.schedule = Objects.requireNonNull(value, "learningRate: expected one, got null");
            return this;
        }

        /**
         * Sets how many sequences {@link #fit} trains on at once, B. A data set in memory that has fewer is one
         * batch.
         *
         * @param count at least 1; default 32
         * @return this
         * @throws IllegalArgumentException if it is not
         */
        public Builder batchSize(int count) {
            this.batchSize = CellShape.atLeastOne("batchSize", count);
            return this;
        }

        /**
         * {@return the trainer, its optimiser's state fresh}
         *
         * @throws IllegalArgumentException if an optimiser, clipping or a learning rate is given together with an
         *     {@link Ekf}, which makes updates itself, or its covariance needs more than its memory limit
         * @throws IllegalStateException if the network is closed
         */
        public Trainer build() {
            return new Trainer(this);
        }

        private Optimizer rule() {
            if (!(learner instanceof Ekf ekf)) {
                return optimizer == null ? Adam.of(1e-3) : optimizer;
            }
            refuse("optimizer", optimizer, null);
            refuse("clip", clipping, GradientClipping.none());
            refuse("learningRate", schedule, LearningRate.constant());
            return new KalmanFilter.Rule(ekf, network);
        }

        private void refuse(String name, Object given, Object byDefault) {
            if (!Objects.equals(given, byDefault)) {
                throw new IllegalArgumentException(
                        name + ": expected none beside a Kalman filter, which makes updates itself, got " + given);
            }
        }
    }
}
