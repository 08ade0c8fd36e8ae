package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Softmax and cross-entropy in one pass over the logits z [N, C]:
 *
 * <pre>
 *   loss = mean over counted rows of  log(sum_c exp(z_c)) - z_target          in nats
 *   dz_c = (exp(z_c) / sum exp(z) - [c = target]) / counted                   0 in rows that do not count
 * </pre>
 *
 * <p>Row (t, b) counts if its target is not {@link SequenceBatch#IGNORED} and t is below the length of sequence b. The
 * greatest logit is subtracted first, so that no exponential overflows. All arithmetic is float64.
 */
final class SoftmaxCrossEntropy {
    private final Precision precision;
    private final int batchSize;
    private final int classes;
    private final double[] row;
    private MemorySegment targets;
    private MemorySegment lengths;
    private double sum;
    private long counted;

    SoftmaxCrossEntropy(Precision precision, int batchSize, int classes) {
        this.precision = precision;
        this.batchSize = batchSize;
        this.classes = classes;
        this.row = new double[classes];
    }

    /** {@return mean nats over the counted rows of the last run, 0 if none counted} */
    double mean() {
        return counted == 0 ? 0 : sum / counted;
    }

    /** {@return how many rows counted in the last run} */
    long counted() {
        return counted;
    }

    /**
     * Takes what the next run shall aim at, and counts.
     *
     * @param ofRows targets, int32 [N]
     * @param ofSequences lengths, int32 [B], or null
     * @throws IllegalArgumentException if a target is out of range
     */
    void aim(MemorySegment ofRows, MemorySegment ofSequences) {
        targets = ofRows;
        lengths = ofSequences;
        counted = 0;
        for (long n = 0; n < rows(); n++) {
            counted += target(n) == SequenceBatch.IGNORED ? 0 : 1;
        }
    }

    /**
     * Runs over all rows.
     *
     * @param logits [N, C]
     * @param gradient [N, C], assigned; or null
     */
    void run(MemorySegment logits, MemorySegment gradient) {
        sum = 0;
        if (gradient != null) {
            gradient.fill((byte) 0);
        }
        for (long n = 0; n < rows(); n++) {
            int target = target(n);
            if (target != SequenceBatch.IGNORED) {
                precision.read(logits, n * classes, row, classes);
                sum += runRow(target);
                if (gradient != null) {
                    precision.write(row, gradient, n * classes, classes);
                }
            }
        }
    }

    /** Turns the logits in {@code row} into their gradient; returns the loss of the row. */
    private double runRow(int target) {
        double greatest = row[0];
        for (int c = 1; c < classes; c++) {
            greatest = Math.max(greatest, row[c]);
        }
        double ofTarget = row[target] - greatest;
        double total = 0;
        for (int c = 0; c < classes; c++) {
            row[c] = Math.exp(row[c] - greatest);
            total += row[c];
        }
        double scale = 1 / (total * counted);
        for (int c = 0; c < classes; c++) {
            row[c] *= scale;
        }
        row[target] -= 1.0 / counted;
        return Math.log(total) - ofTarget;
    }

    private long rows() {
        return targets.byteSize() / Integer.BYTES;
    }

    private int target(long n) {
        int target = targets.getAtIndex(ValueLayout.JAVA_INT, n);
        if (target < SequenceBatch.IGNORED || target >= classes) {
            throw new IllegalArgumentException("targets[" + n / batchSize + ", " + n % batchSize + "]: expected 0 to "
                    + (classes - 1) + ", or -1 = ignored, got " + target);
        }
        boolean beyond = lengths != null
                && n / batchSize >= lengths.getAtIndex(ValueLayout.JAVA_INT, n % batchSize);
        return beyond ? SequenceBatch.IGNORED : target;
    }
}
