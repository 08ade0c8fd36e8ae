package dev.rondo.network;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

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
    private final int positions;
    private final int outputs;
    private final MemorySegment classes; // int32 [N]; null for numbers
    private final MemorySegment numbers; // [N, O]; null for classes
    private final byte[] marks; // [N, O], which numbers count; null for classes
    private final int[] counts; // [N], how many numbers of a position count; of classes 1 or 0
    private long counted;

    Targets(NetworkDescription description, Precision precision, int timeSteps, int batchSize, Workspace workspace) {
        this.loss = description.head().loss();
        this.precision = precision;
        this.perSequence = description.head().lastStep();
        this.batchSize = batchSize;
        this.positions = perSequence ? batchSize : Math.multiplyExact(timeSteps, batchSize);
        this.outputs = description.outputSize();
        boolean ofClasses = loss != null && loss.classTargets();
        this.classes = ofClasses ? workspace.allocateBytes((long) positions * Integer.BYTES) : null;
        this.numbers = loss != null && !ofClasses ? workspace.allocate(precision, (long) positions * outputs) : null;
        this.marks = numbers == null ? null : new byte[Math.multiplyExact(positions, outputs)];
        this.counts = new int[positions];
    }

    /** {@return N} */
    int positions() {
        return positions;
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
        counted = 0;
        for (int n = 0; n < positions; n++) {
            counts[n] = classes != null ? countClass(batch, n) : countNumbers(batch, n);
            counted += counts[n] > 0 ? 1 : 0;
        }
    }

    private int countClass(SequenceBatch batch, int n) {
        int target = classOf(n);
        if (target < SequenceBatch.IGNORED || target >= outputs) {
            throw new IllegalArgumentException(
                    name(n) + "]: expected 0 to " + (outputs - 1) + ", or -1 = ignored, got " + target);
        }
        return target != SequenceBatch.IGNORED && within(batch, n) && marked(batch, n) ? 1 : 0;
    }

    private int countNumbers(SequenceBatch batch, int n) {
        boolean within = within(batch, n);
        boolean each = batch.targetMask() != null && batch.targetMask().byteSize() == marks.length;
        int count = 0;
        for (int o = 0; o < outputs; o++) {
            int at = n * outputs + o;
            boolean counts = within && marked(batch, each ? at : n);
            if (counts && loss instanceof Loss.SigmoidCrossEntropy) {
                checkShare(n, o);
            }
            marks[at] = (byte) (counts ? 1 : 0);
            count += marks[at];
        }
        return count;
    }

    private static boolean marked(SequenceBatch batch, long at) {
        return batch.targetMask() == null || batch.targetMask().get(ValueLayout.JAVA_BYTE, at) != 0;
    }

    private void checkShape(SequenceBatch batch) {
        if (loss == null) {
            throw new IllegalArgumentException("targets: expected none, for the network has no loss; got some");
        }
        boolean ofClasses = batch.targetPrecision() == null;
        if (ofClasses != loss.classTargets()) {
            throw new IllegalArgumentException("targets: expected " + (ofClasses ? "numbers, got classes" : "classes, got numbers"));
        }
        if (!ofClasses && batch.targetSize() != outputs) {
            throw new IllegalArgumentException(
                    "targets: expected " + outputs + " numbers per position, got " + batch.targetSize());
        }
        long elementBytes = ofClasses ? Integer.BYTES : (long) outputs * batch.targetPrecision().bytes();
        checkCount("targets", batch.targets().byteSize() / elementBytes, "");
        boolean each = batch.targetMask() == null
                || !ofClasses && batch.targetMask().byteSize() == (long) positions * outputs;
        if (!each) {
            checkCount("targetMask", batch.targetMask().byteSize(), ofClasses ? "" : ", or " + outputs + " times that");
        }
    }

    private void checkCount(String name, long got, String otherwise) {
        if (got != positions) {
            throw new IllegalArgumentException(name + ": expected " + positions + ", one per "
                    + (perSequence ? "sequence" : "step") + otherwise + ", got " + got);
        }
    }

    private boolean within(SequenceBatch batch, int n) {
        return perSequence || batch.lengths() == null
                || n / batchSize < batch.lengths().getAtIndex(ValueLayout.JAVA_INT, n % batchSize);
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
