package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What a {@link NetworkPass} keeps of a batch, in memory of its own that the kernels read: the one copy on the way in.
 *
 * <p>T time steps, B sequences, I numbers per step.
 */
final class InputBuffers {
    private final NetworkInput input;
    private final Precision precision;
    private final int timeSteps;
    private final int batchSize;
    private final MemorySegment values; // [T, B, I]; null for tokens
    private final MemorySegment tokens; // int32 [T, B]; null for numbers
    private final ActiveRows rows;

    InputBuffers(Network network, NetworkPass owner) {
        long positions = (long) owner.timeSteps() * owner.batchSize();
        this.input = network.description().input();
        this.precision = network.precision();
        this.timeSteps = owner.timeSteps();
        this.batchSize = owner.batchSize();
        this.values = input.tokens() ? null : owner.workspace().allocate(precision, positions * input.size());
        this.tokens = input.tokens() ? owner.workspace().allocateBytes(positions * Integer.BYTES) : null;
        this.rows = new ActiveRows(timeSteps, batchSize, owner.workspace());
    }

    void fill(SequenceBatch batch) {
        if (batch.timeSteps() > timeSteps || batch.batchSize() != batchSize) {
            throw new IllegalArgumentException("batch: expected at most " + timeSteps + " time steps x exactly "
                    + batchSize + " sequences, got " + batch.timeSteps() + " x " + batch.batchSize());
        }
        if (input.tokens() != (batch.tokens() != null)) {
            throw new IllegalArgumentException("batch: expected " + (input.tokens() ? "tokens" : "numbers") + ", got "
                    + (input.tokens() ? "numbers" : "tokens"));
        }
        if (input.tokens()) {
            tokens.copyFrom(batch.tokens());
        } else {
            fillValues(batch);
        }
        rows.fill(batch);
    }

    private void fillValues(SequenceBatch batch) {
        if (batch.inputSize() != input.size()) {
            throw new IllegalArgumentException(
                    "inputSize: expected " + input.size() + ", got " + batch.inputSize());
        }
        if (batch.precision() == precision) {
            values.copyFrom(batch.values());
            return;
        }
        for (long i = 0; i < batch.rows() * input.size(); i++) {
            precision.set(values, i, batch.precision().get(batch.values(), i));
        }
    }

    LayerPass.Source asSource() {
        return new LayerPass.Source(tokens, values, null, false);
    }

    MemorySegment tokens() {
        return tokens;
    }

    /** {@return where the last batch takes steps} */
    ActiveRows rows() {
        return rows;
    }
}
