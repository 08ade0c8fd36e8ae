package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Loss;
import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A learner at work on the batches of one pass, which has the outputs and the loss of each. */
final class Learning implements NetworkPass.Companion {
    private final NetworkPass pass;
    private final OnlineGradients online;
    private final Precision precision;
    private final boolean lastStep; // the head reads that alone
    private final int outputs; // O
    private final Workspace memory;
    private final MemorySegment gradient; // [B, O], of a head that reads the last step

    Learning(Learner learner, NetworkPass pass) {
        requireSupported(pass.network());
        this.pass = pass;
        this.precision = pass.network().precision();
        this.lastStep = pass.network().description().head().lastStep();
        this.outputs = pass.network().outputSize();
        this.online = learner.start(pass);
        this.memory = new Workspace("learner");
        this.gradient = memory.allocate(precision, (long) pass.batchSize() * outputs);
    }

    /** Learners begin with the gradient of the outputs, and read what is embedded without masks. */
    static void requireSupported(Network network) {
        if (network.description().head().loss() instanceof Loss.AdaptiveSoftmax) {
            throw new IllegalArgumentException(
                    "learner: expected back-propagation through the batch for an adaptive softmax, got another");
        }
        if (network.description().embeddingDropout() > 0) {
            throw new IllegalArgumentException("learner: expected back-propagation through the batch for dropout of an"
                    + " embedding, got another");
        }
    }

    /** Before the pass runs forward. */
    void enter() {
        online.enter(pass);
    }

    /** After it ran forward over {@code batch}: adds the gradients of the parameters. */
    void backward(SequenceBatch batch) {
        MemorySegment all = pass.outputGradient();
        int most = Math.min(online.mostSteps(), batch.timeSteps());
        int[] last = lastStep ? lastSteps(batch) : null;
        for (int t = 0; t < batch.timeSteps(); t += most) {
            int steps = Math.min(most, batch.timeSteps() - t);
            online.forward(batch.steps(t, steps), masks(pass, t));
            MemorySegment part = steps == batch.timeSteps() ? all
                    : lastStep ? endingAt(t, last, all)
                    : precision.slice(all, (long) t * batch.batchSize() * outputs,
                            (long) steps * batch.batchSize() * outputs);
            if (differsFromZero(part)) {
                online.addGradient(part);
            }
            online.advance();
        }
    }

    /** {@return the masks of the pass's last batch from step {@code t} on; null where nothing is drawn} */
    static MaskDraw masks(NetworkPass pass, int t) {
        return pass.maskDraw() == null ? null : pass.maskDraw().after(t);
    }

    /** {@return the last step that each sequence takes; 0 if it takes none, for then it is read where it began} */
    static int[] lastSteps(SequenceBatch batch) {
        var last = new int[batch.batchSize()];
        for (int b = 0; b < last.length; b++) {
            last[b] = batch.timeSteps() - 1;
            while (last[b] > 0 && !SequenceInputs.takesStep(batch, last[b], b)) {
                last[b]--;
            }
        }
        return last;
    }

    /** {@return the gradients of the sequences that take their last step at {@code t}, where the others have zero} */
    private MemorySegment endingAt(int t, int[] last, MemorySegment all) {
        gradient.fill((byte) 0);
        long row = (long) outputs * precision.bytes();
        for (int b = 0; b < last.length; b++) {
            if (last[b] == t) {
                MemorySegment.copy(all, b * row, gradient, b * row, row);
            }
        }
        return gradient;
    }

    private static boolean differsFromZero(MemorySegment values) {
        long bytes = values.byteSize();
        for (long at = 0; at < bytes; at += Integer.BYTES) {
            if (values.get(ValueLayout.JAVA_INT, at) != 0) {
                return true;
            }
        }
        return false;
    }

    OnlineGradients online() {
        return online;
    }

    @Override
    public void close() {
        memory.close();
        online.close();
    }
}
