package dev.rondo.network;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Copies sequences side by side into the memory of a {@link SequenceBatch} of B sequences, which is used again for the
 * next: what is beyond a sequence's length is zero and does not count, and where sequences are missing to B there are
 * ones of length 0 whose targets do not count.
 *
 * <p>T steps, B sequences, I numbers per step, O outputs.
 */
final class SequencePacker implements AutoCloseable {
    private final Dataset data; // for messages
    private final NetworkInput input;
    private final NetworkHead head;
    private final Precision precision;
    private final int batchSize;
    private final int outputs;
    private final int width; // numbers or tokens per step
    private final MemorySegment shares; // [O], to look at target numbers of 0 to 1; null if the loss takes others
    private Workspace workspace = new Workspace("batches");
    private SequenceBatch[] batches = {}; // by T, up to what the memory has room for; made when one turns up
    private SequenceBatch[] bare = {}; // likewise, without targets
    private MemorySegment steps; // [T, B, I], or tokens, int32 [T, B]
    private MemorySegment targets; // int32 or numbers [T, B, O], or without T
    private MemorySegment marks; // which of these numbers count, a byte each; null for classes
    private MemorySegment lengths; // int32 [B]

    SequencePacker(Network network, Dataset data, int batchSize) {
        this.data = data;
        this.input = network.description().input();
        this.head = network.description().head();
        this.precision = network.precision();
        this.batchSize = batchSize;
        this.outputs = network.outputSize();
        this.width = input.tokens() ? 1 : input.size();
        this.shares = !(head.loss() instanceof Loss.SigmoidCrossEntropy) ? null
                : precision == Precision.FLOAT32 ? MemorySegment.ofArray(new float[outputs])
                : MemorySegment.ofArray(new double[outputs]);
    }

    /**
     * Looks for what {@link #pack} with targets would refuse of a data set in memory, and packs nothing.
     *
     * @throws IllegalArgumentException if a sequence does not fit the network
     */
    void checkAll() {
        for (int i = 0; i < data.size(); i++) {
            try {
                check(data.get(i), head.loss() != null);
            } catch (IllegalStateException e) { // thrown by memory alone
                throw closed(data.get(i), e);
            }
        }
    }

    /**
     * {@return a batch of T = {@code timeSteps}, for which there is room, that holds sequences {@code from} to {@code
     * to - 1} of {@code pool}, until the next call}
     *
     * @param withTargets whether also what they shall be compared with, if the network has a loss
     * @throws IllegalArgumentException if a sequence does not fit the network
     */
    SequenceBatch pack(Sequence[] pool, int from, int to, int timeSteps, boolean withTargets) {
        boolean compares = withTargets && head.loss() != null;
        SequenceBatch batch = batch(timeSteps, compares);
        fillEmpty(batch);
        for (int i = from; i < to; i++) {
            try {
                pack(pool[i], i - from, compares);
            } catch (IllegalStateException e) { // thrown by memory alone
                throw closed(pool[i], e);
            }
        }
        return batch;
    }

    private void pack(Sequence sequence, int b, boolean compares) {
        check(sequence, compares);
        packSteps(sequence, b);
        if (compares) {
            packTargets(sequence, b);
        }
    }

    private SequenceBatch batch(int timeSteps, boolean compares) {
        SequenceBatch[] made = compares ? batches : bare;
        if (made[timeSteps] == null) {
            made[timeSteps] = view(timeSteps, compares);
        }
        return made[timeSteps];
    }

    /** {@return whether {@link #close()} was called} */
    boolean isClosed() {
        return workspace.isClosed();
    }

    /** Makes room for batches of up to {@code needed} steps, twice as many at least as there was room for. */
    void reserve(int needed) {
        if (needed < batches.length) {
            return;
        }
        int timeSteps = Math.clamp(2L * (batches.length - 1), needed, Integer.MAX_VALUE - 1);
        workspace.close();
        workspace = new Workspace("batches");
        batches = new SequenceBatch[timeSteps + 1];
        bare = new SequenceBatch[timeSteps + 1];
        long rows = (long) timeSteps * batchSize;
        steps = workspace.allocateBytes(rows * stepBytes());
        long positions = head.lastStep() ? batchSize : rows;
        targets = workspace.allocateBytes(positions * targetBytes());
        marks = ofClasses() ? null : workspace.allocateBytes(positions * outputs);
        lengths = workspace.allocateBytes((long) batchSize * Integer.BYTES);
    }

    private SequenceBatch view(int timeSteps, boolean compares) {
        long rows = (long) timeSteps * batchSize;
        long positions = head.lastStep() ? batchSize : rows;
        MemorySegment now = steps.asSlice(0, rows * stepBytes());
        SequenceBatch batch = input.tokens()
                ? SequenceBatch.tokens(now, timeSteps, batchSize)
                : SequenceBatch.of(now, precision, timeSteps, batchSize, width);
        batch = batch.lengths(lengths);
        if (!compares) {
            return batch;
        }
        MemorySegment aim = targets.asSlice(0, positions * targetBytes());
        return ofClasses()
                ? batch.targets(aim)
                : batch.targets(aim, precision, outputs).targetMask(marks.asSlice(0, positions * outputs));
    }

    private void fillEmpty(SequenceBatch batch) {
        MemorySegment now = input.tokens() ? batch.tokens() : batch.values();
        now.fill((byte) 0);
        lengths.fill((byte) 0);
        if (batch.targets() != null) {
            batch.targets().fill((byte) (ofClasses() ? 0xFF : 0)); // bytes of IGNORED
        }
        if (batch.targetMask() != null) {
            batch.targetMask().fill((byte) 0);
        }
    }

    private void packSteps(Sequence sequence, int b) {
        int length = sequence.length();
        lengths.setAtIndex(ValueLayout.JAVA_INT, b, length);
        for (int t = 0; t < length; t++) {
            long row = (long) t * batchSize + b;
            if (input.tokens()) {
                steps.setAtIndex(ValueLayout.JAVA_INT, row, sequence.token(t));
            } else {
                sequence.rows().copy(t, steps, row * width, precision);
            }
        }
    }

    private void packTargets(Sequence sequence, int b) {
        int positions = head.lastStep() ? 1 : sequence.length();
        for (int n = 0; n < positions; n++) {
            long row = (long) n * batchSize + b;
            if (ofClasses()) {
                targets.setAtIndex(ValueLayout.JAVA_INT, row, sequence.classOf(n));
                continue;
            }
            sequence.numbers().copy(n, targets, row * outputs, precision);
            for (int o = 0; o < outputs; o++) {
                marks.set(ValueLayout.JAVA_BYTE, row * outputs + o, (byte) (sequence.counts(n, o) ? 1 : 0));
            }
        }
    }

    /** Says what is wrong with a sequence in the words of the data set; the pass would name a place in the batch. */
    private void check(Sequence sequence, boolean compares) {
        if (sequence.isTokens() != input.tokens()) {
            throw wrong(sequence, input.tokens() ? "expected tokens, got numbers" : "expected numbers, got tokens");
        }
        if (!input.tokens() && sequence.length() > 0 && sequence.inputSize() != width) {
            throw wrong(sequence, "expected " + width + " numbers per step, got " + sequence.inputSize());
        }
        for (int t = 0; input.tokens() && t < sequence.length(); t++) {
            if (sequence.token(t) < 0 || sequence.token(t) >= input.vocabularySize()) {
                throw wrong(sequence,
                        "token " + t + ": expected 0 to " + (input.vocabularySize() - 1) + ", got "
                                + sequence.token(t));
            }
        }
        if (compares) {
            checkTargets(sequence);
        }
    }

    private void checkTargets(Sequence sequence) {
        boolean kind = ofClasses() ? sequence.hasClasses() : sequence.hasNumbers();
        boolean empty = !head.lastStep() && sequence.length() == 0;
        boolean size = ofClasses() || empty || kind && sequence.numbers().width() == outputs;
        if (!kind || !size || sequence.perStep() == head.lastStep()) {
            throw wrong(sequence, "target: expected " + (ofClasses() ? "one class" : outputs + " numbers")
                    + (head.lastStep() ? " per sequence" : " per step") + ", got " + sequence.target());
        }
        int positions = head.lastStep() ? 1 : sequence.length();
        for (int n = 0; ofClasses() && n < positions; n++) {
            if (sequence.classOf(n) < SequenceBatch.IGNORED || sequence.classOf(n) >= outputs) {
                throw wrong(sequence, (head.lastStep() ? "label" : "label of step " + n) + ": expected 0 to "
                        + (outputs - 1) + ", or -1 = ignored, got " + sequence.classOf(n));
            }
        }
        for (int n = 0; shares != null && n < positions; n++) {
            checkShares(sequence, n);
        }
    }

    private void checkShares(Sequence sequence, int n) {
        sequence.numbers().copy(n, shares, 0, precision);
        for (int o = 0; o < outputs; o++) {
            double share = precision.get(shares, o);
            if (sequence.counts(n, o) && !(share >= 0 && share <= 1)) {
                throw wrong(sequence, "target" + (head.lastStep() ? "" : " of step " + n) + " for output " + o
                        + ": expected 0 to 1, got " + share);
            }
        }
    }

    private IllegalStateException closed(Sequence sequence, IllegalStateException e) {
        return new IllegalStateException(data.name(sequence) + ": its memory is closed", e);
    }

    private IllegalArgumentException wrong(Sequence sequence, String what) {
        return new IllegalArgumentException(data.name(sequence) + ": " + what);
    }

    private boolean ofClasses() {
        return head.loss() == null || head.loss().classTargets();
    }

    private long stepBytes() {
        return input.tokens() ? Integer.BYTES : (long) width * precision.bytes();
    }

    private long targetBytes() {
        return ofClasses() ? Integer.BYTES : (long) outputs * precision.bytes();
    }

    @Override
    public void close() {
        workspace.close();
    }
}
