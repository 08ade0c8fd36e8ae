package dev.rondo.network;

import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the sequences of a batch take a step: within their length, and not where their state is held. A copy, in memory
 * that the kernels read.
 *
 * <p>T time steps, B sequences; row t * B + b.
 */
final class ActiveRows {
    private final int batchSize;
    private final MemorySegment lengths; // int32 [B]
    private final MemorySegment hold; // bytes [T, B]
    private int timeSteps; // of the last batch
    private boolean ragged; // it has lengths
    private boolean held; // it has a hold

    ActiveRows(int timeSteps, int batchSize, Workspace workspace) {
        this.batchSize = batchSize;
        this.lengths = workspace.allocateBytes((long) batchSize * Integer.BYTES);
        this.hold = workspace.allocateBytes((long) timeSteps * batchSize);
    }

    void fill(SequenceBatch batch) {
        timeSteps = batch.timeSteps();
        ragged = batch.lengths() != null;
        held = batch.hold() != null;
        if (ragged) {
            lengths.copyFrom(batch.lengths());
        }
        if (held) {
            hold.copyFrom(batch.hold());
        }
    }

    /** {@return lengths of the last batch, int32 [B]; null if all are T} */
    MemorySegment lengths() {
        return ragged ? lengths : null;
    }

    /** {@return bytes [T, B] of the last batch, not 0 where a state is held; null if none is} */
    MemorySegment hold() {
        return held ? hold : null;
    }

    private int length(int b) {
        return ragged ? lengths.getAtIndex(ValueLayout.JAVA_INT, b) : timeSteps;
    }

    boolean held(int t, int b) {
        return held && hold.get(ValueLayout.JAVA_BYTE, (long) t * batchSize + b) != 0;
    }

    boolean within(int t, int b) {
        return t < length(b);
    }

    boolean active(int t, int b) {
        return within(t, b) && !held(t, b);
    }

    /** {@return the last step that sequence {@code b} takes; -1 if it takes none} */
    int last(int b) {
        int t = Math.min(length(b), timeSteps) - 1;
        while (t >= 0 && held(t, b)) {
            t--;
        }
        return t;
    }

    /** Sets to zero what stands in {@code numbers}, [T, B, width], where no step is taken. */
    void clearOthers(Precision precision, MemorySegment numbers, int width) {
        if (!ragged && !held) {
            return;
        }
        for (int t = 0; t < timeSteps; t++) {
            for (int b = 0; b < batchSize; b++) {
                if (!active(t, b)) {
                    Elementwise.zero(precision, numbers, ((long) t * batchSize + b) * width, width);
                }
            }
        }
    }

    /** Sets to zero what stands in {@code numbers}, [T, B, width], beyond the lengths. */
    void clearPadding(Precision precision, MemorySegment numbers, int width) {
        for (int b = 0; b < batchSize && ragged; b++) {
            for (int t = length(b); t < timeSteps; t++) {
                Elementwise.zero(precision, numbers, ((long) t * batchSize + b) * width, width);
            }
        }
    }
}
