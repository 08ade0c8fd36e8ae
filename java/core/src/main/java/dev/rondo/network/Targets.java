package dev.rondo.network;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What the outputs of a pass are compared with: a copy of a batch's targets, checked, and which of them count.
 *
 * <p>N positions: T * B of a head that reads each step, position n being (n / B, n % B), or the B sequences; O outputs.
 */
final class Targets {
    private final Loss loss;
    private final Precision precision;
    private final boolean perSequence;
    private final int batchSize;
    private final int outputs;
    private final MemorySegment classes; // int32 [N]; null for numbers
    private final MemorySegment numbers; // [N, O]; null for classes
    private final byte[] given; // [N] or [N, O], the batch's mask
    private final int[] lengths; // [B]
    private final byte[] marks; // [N, O], which numbers count; null for classes
    private final int[] counts; // [N], how many numbers of a position count; of classes 1 or 0
    private int positions; // of the last batch
    private long counted;

    Targets(NetworkDescription description, Precision precision, int timeSteps, int batchSize, Workspace workspace) {
        this.loss = description.head().loss();
        this.precision = precision;
        this.perSequence = description.head().lastStep();
        this.batchSize = batchSize;
        int most = perSequence ? batchSize : Math.multiplyExact(timeSteps, batchSize);
        this.outputs = description.outputSize();
        boolean ofClasses = loss != null && loss.classTargets();
        this.classes = ofClasses ? workspace.allocateBytes((long) most * Integer.BYTES) : null;
        this.numbers = loss != null && !ofClasses ? workspace.allocate(precision, (long) most * outputs) : null;
        this.given = new byte[Math.multiplyExact(most, numbers == null ? 1 : outputs)];
        this.lengths = new int[batchSize];
        this.marks = numbers == null ? null : new byte[Math.multiplyExact(most, outputs)];
        this.counts = new int[most];
    }

    /** {@return N of the last batch} */
    int positions() {
        return positions;
    }

    /** {@return the most positions that a batch may have} */
    int mostPositions() {
        return counts.length;
    }

    /** {@return classes of the last batch, int32 [N]; {@link SequenceBatch#IGNORED} where none counts} */
    MemorySegment classes() {
        return classes;
    }

    /** {@return how many positions count} */
    long counted() {
        return counted;
    }

    /** {@return how many targets of position {@code n} count: of classes 1 or 0, of numbers up to O} */
    int counts(int n) {
        return counts[n];
    }

    /** {@return whether number {@code o} of position {@code n} counts} */
    boolean counts(int n, int o) {
        return marks[n * outputs + o] != 0;
    }

    /** {@return the class of position {@code n}, which counts} */
    int classOf(int n) {
        return classes.getAtIndex(ValueLayout.JAVA_INT, n);
    }

    /** Reads the O numbers of position {@code n}, which counts. */
    void numbersOf(int n, double[] row) {
        precision.read(numbers, (long) n * outputs, row, outputs);
    }

    /**
     * Takes the targets of {@code batch}, and looks which count.
     *
     * @throws IllegalArgumentException if they do not fit head or loss, or one that counts is out of range
     */
    void fill(SequenceBatch batch) {
        positions = perSequence ? batchSize : (int) batch.rows(); // not more than there is room for: the pass looked
        checkShape(batch);
        if (classes != null) {
            classes.copyFrom(batch.targets());
        } else if (batch.targetPrecision() == precision) {
            numbers.copyFrom(batch.targets());
        } else {
            for (long i = 0; i < (long) positions * outputs; i++) {
                precision.set(numbers, i, batch.targetPrecision().get(batch.targets(), i));
            }
        }
        boolean each = readMask(batch.targetMask());
        readLengths(batch);
        counted = 0;
        for (int n = 0; n < positions; n++) {
            boolean beyond = n / batchSize >= lengths[n % batchSize];
            counts[n] = beyond ? 0 : classes != null ? countClass(n) : countNumbers(n, each);
            counted += counts[n] > 0 ? 1 : 0;
            if (classes != null && counts[n] == 0) {
                classes.setAtIndex(ValueLayout.JAVA_INT, n, SequenceBatch.IGNORED);
            }
        }
    }

    /** Returns whether there is a mark per number, not per position. */
    private boolean readMask(MemorySegment mask) {
        if (mask == null) {
            Arrays.fill(given, (byte) 1);
            return false;
        }
        MemorySegment.copy(mask, ValueLayout.JAVA_BYTE, 0, given, 0, (int) mask.byteSize());
        return mask.byteSize() > positions;
    }

    private void readLengths(SequenceBatch batch) {
        if (perSequence || batch.lengths() == null) {
            Arrays.fill(lengths, Integer.MAX_VALUE);
        } else {
            MemorySegment.copy(batch.lengths(), ValueLayout.JAVA_INT_UNALIGNED, 0, lengths, 0, batchSize);
        }
    }

    private int countClass(int n) {
        if (given[n] == 0) {
            return 0;
        }
        int target = classOf(n);
        if (target < SequenceBatch.IGNORED || target >= outputs) {
            throw new IllegalArgumentException(
                    name(n) + "]: expected 0 to " + (outputs - 1) + ", or -1 = ignored, got " + target);
        }
        return target == SequenceBatch.IGNORED ? 0 : 1;
    }

    private int countNumbers(int n, boolean each) {
        int count = 0;
        for (int o = 0; o < outputs; o++) {
            int at = n * outputs + o;
            boolean counts = given[each ? at : n] != 0;
            if (counts && loss instanceof Loss.SigmoidCrossEntropy) {
                checkShare(n, o);
            }
            marks[at] = (byte) (counts ? 1 : 0);
            count += marks[at];
        }
        return count;
    }

    private void checkShape(SequenceBatch batch) {
        if (loss == null) {
            throw new IllegalArgumentException("targets: expected none, for the network has no loss; got some");
        }
        boolean ofClasses = batch.targetPrecision() == null;
        if (ofClasses != loss.classTargets()) {
            throw new IllegalArgumentException(
                    "targets: expected " + (ofClasses ? "numbers, got classes" : "classes, got numbers"));
        }
        if (!ofClasses && batch.targetSize() != outputs) {
            throw new IllegalArgumentException(
                    "targets: expected " + outputs + " numbers per position, got " + batch.targetSize());
        }
        long elementBytes = ofClasses ? Integer.BYTES : (long) outputs * batch.targetPrecision().bytes();
        checkCount("targets", batch.targets().byteSize() / elementBytes, positions);
        if (batch.targetMask() != null) {
            checkCount("targetMask", batch.targetMask().byteSize(), positions * (given.length / counts.length));
        }
    }

    /** Takes as many as there are positions, or {@code otherwise}. */
    private void checkCount(String name, long got, int otherwise) {
        if (got != positions && got != otherwise) {
            throw new IllegalArgumentException(name + ": expected " + positions + ", one per "
                    + (perSequence ? "sequence" : "step") + (otherwise == positions ? "" : ", or " + otherwise)
                    + ", got " + got);
        }
    }

    private void checkShare(int n, int o) {
        double share = precision.get(numbers, (long) n * outputs + o);
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException(name(n) + ", " + o + "]: expected 0 to 1, got " + share);
        }
    }

    private String name(int n) {
        return perSequence ? "targets[" + n : "targets[" + n / batchSize + ", " + n % batchSize;
    }
}
