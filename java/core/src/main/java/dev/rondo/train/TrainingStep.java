package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.OutputLoss;
import dev.rondo.network.SequenceBatch;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Objects;

/** A step of a trainer, part by part, and what the last one gave. */
final class TrainingStep {
    private static final Logger LOGGER = System.getLogger("dev.rondo.train");

    /**
     * HotSpot does not inline a call at which it finds three classes. So what calls the parts stays small, is itself
     * inlined into its caller, and makes no result where the caller but reads it.
     */
    private interface Part {
        void run(NetworkPass pass, SequenceBatch batch, OutputLoss loss);
    }

    private final Part[] parts;
    private final Trainer trainer;
    private final Network network;
    private final OptimizerState optimizer;
    private final GradientClipping clipping;
    private final Learner learner; // null for back-propagation through the batch
    private final Gradients gradients;
    private final StepWatch watch = StepWatch.make();
    private boolean begun;
    private boolean warned;
    private double lastLoss;
    private long lastCounted;
    private double lastNorm;

    /** Steps of {@code trainer}; {@code learner} is null for back-propagation through the batch. */
    TrainingStep(Trainer trainer, GradientClipping clipping, Learner learner) {
        Part update = (_, _, _) -> update();
        this.parts = learner == null
                ? new Part[] {this::forward, (pass, _, _) -> backward(pass), update}
                : learner instanceof Ekf
                ? new Part[] {this::enterFilter, this::forward, (pass, batch, _) -> filter(pass, batch)}
                : new Part[] {this::enter, this::forward, (pass, batch, _) -> learn(pass, batch), update};
        this.learner = learner;
        this.trainer = trainer;
        this.network = trainer.network();
        this.optimizer = trainer.optimizerState();
        this.clipping = clipping;
        this.gradients = new Gradients(network);
    }

    /** Makes a whole step; {@code loss} is null for the network's. */
    StepResult run(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        for (Part part : parts) {
            part.run(pass, batch, loss);
        }
        return result();
    }

    /** Makes a step by the gradients that are there. */
    StepResult update(double loss) {
        if (learner instanceof Ekf) {
            throw new IllegalStateException("update: expected an optimiser, got " + learner
                    + ", which updates by derivatives of the outputs, not by gradients of a loss");
        }
        watch.begins();
        lastLoss = loss;
        lastCounted = 0;
        update();
        return result();
    }

    /** {@return the times of the last step} */
    StepTimes times() {
        return watch.times();
    }

    private StepResult result() {
        return new StepResult(optimizer.steps(), lastLoss, lastCounted, lastNorm);
    }

    private void forward(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        Objects.requireNonNull(batch, "batch: expected one, got null");
        requireOwn(pass);
        watch.begins();
        pass.forward(batch);
        lastLoss = loss == null ? pass.loss() : pass.loss(loss);
        lastCounted = batch.targets() == null ? 0 : pass.counted();
        if (loss == null && lastCounted == 0 && !warned) {
            warned = true;
            LOGGER.log(Level.WARNING, () -> "step " + (optimizer.steps() + 1) + ": no target of the batch counts");
        }
        watch.forwardEnds(pass);
    }

    private void requireOwn(NetworkPass pass) {
        if (pass.network() != network) {
            throw new IllegalArgumentException("pass: expected one of this trainer's network, got another's");
        }
    }

    private void backward(NetworkPass pass) {
        network.zeroGradients();
        watch.backwardBegins();
        pass.backward();
        watch.backwardEnds(pass);
    }

    private void enter(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        requireOwn(pass);
        learning(pass).enter();
    }

    private void learn(NetworkPass pass, SequenceBatch batch) {
        network.zeroGradients();
        watch.backwardBegins();
        learning(pass).backward(batch);
        watch.backwardEnds(pass);
    }

    private Learning learning(NetworkPass pass) {
        return pass.companion(this, own -> new Learning(learner, own));
    }

    private void enterFilter(NetworkPass pass, SequenceBatch batch, OutputLoss loss) {
        Objects.requireNonNull(pass, "pass: expected one, got null");
        requireOwn(pass);
        if (loss != null) {
            throw new IllegalArgumentException("loss: expected the network's for " + learner + ", got another");
        }
        filtering(pass).enter();
    }

    /** Makes the updates of a Kalman filter; a loss that is not finite says before the first that there is none. */
    private void filter(NetworkPass pass, SequenceBatch batch) {
        if (!begun) {
            announce();
        }
        if (!Double.isFinite(lastLoss)) {
            backward(pass);
            gradients.norm();
            throw nonFinite();
        }
        lastNorm = filtering(pass).learn(batch);
        optimizer.steps(optimizer.steps() + 1);
        watch.ends(optimizer.steps(), lastLoss, lastCounted, lastNorm);
    }

    private KalmanLearning filtering(NetworkPass pass) {
        return pass.companion(this, own -> new KalmanLearning((Ekf) learner, (KalmanFilter) optimizer, own));
    }

    /** Adds to a checkpoint what the learner knows of the sequences of a pass. */
    void write(NetworkPass pass, Checkpoint.Builder checkpoint) {
        LearnerSections.write(learner, pass, online(pass), checkpoint);
    }

    /** Takes that over; if it is refused nothing is changed. */
    void restore(NetworkPass pass, Checkpoint checkpoint) throws CheckpointException {
        LearnerSections.restore(learner, pass, online(pass), checkpoint);
    }

    private OnlineGradients online(NetworkPass pass) {
        requireOwn(pass);
        if (learner == null) {
            throw new IllegalStateException("trainer: expected one with a learner, got one by back-propagation through"
                    + " each batch, which has no past");
        }
        return learner instanceof Ekf ? filtering(pass).online() : learning(pass).online();
    }

    private void update() {
        if (!begun) {
            announce();
        }
        lastNorm = gradients.norm();
        if (!Double.isFinite(lastNorm)) {
            throw nonFinite();
        }
        double rate = checkedRate();
        gradients.clip(clipping);
        optimizer.update(gradients, rate);
        watch.ends(optimizer.steps(), lastLoss, lastCounted, lastNorm);
    }

    private void announce() {
        begun = true;
        LOGGER.log(Level.INFO, () -> "training " + network.parameters().count() + " parameters from step "
                + (optimizer.steps() + 1) + " on, " + trainer.optimizer() + ", " + clipping + ", "
                + trainer.schedule() + (learner == null ? "" : ", " + learner));
    }

    /** {@return the learning rate of the next step}; one that is no number would spoil every parameter */
    private double checkedRate() {
        double rate = trainer.learningRate();
        if (!(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new IllegalStateException("learningRate: expected a finite number of at least 0 for step "
                    + (optimizer.steps() + 1) + ", got " + rate + " by " + trainer.optimizer() + " and "
                    + trainer.schedule());
        }
        return rate;
    }

    /** Names the first parameter whose gradient is to blame. */
    private NonFiniteGradientException nonFinite() {
        long worst = gradients.worst();
        TensorLayout.Tensor tensor = network.parameters().layout().at(worst);
        String element = tensor.element(worst - tensor.offset());
        return new NonFiniteGradientException(element, gradients.get(worst), optimizer.steps() + 1);
    }
}
