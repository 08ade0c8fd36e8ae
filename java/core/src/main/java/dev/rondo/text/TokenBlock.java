package dev.rondo.text;

import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;

/** What a pass over up to T steps of B lanes reads, and what it is to foresee; made once, and filled for each pass. */
final class TokenBlock {
    private final int steps; // T
    private final int lanes; // B
    private final int[] inputs; // [T, B]
    private final int[] targets; // [T, B]

    TokenBlock(int steps, int lanes) {
        this.steps = steps;
        this.lanes = lanes;
        this.inputs = new int[Math.multiplyExact(steps, lanes)];
        this.targets = new int[inputs.length];
    }

    int steps() {
        return steps;
    }

    int lanes() {
        return lanes;
    }

    /** Puts a token in its place; {@code target} may be {@link SequenceBatch#IGNORED}. */
    void set(int step, int lane, int input, int target) {
        inputs[step * lanes + lane] = input;
        targets[step * lanes + lane] = target;
    }

    /** {@return the first {@code count} steps} */
    SequenceBatch batch(int count) {
        return inputs(count).targets(part(targets, count));
    }

    /** {@return the first {@code count} steps, without anything to foresee} */
    SequenceBatch inputs(int count) {
        return SequenceBatch.tokens(part(inputs, count), count, lanes);
    }

    private MemorySegment part(int[] tokens, int count) {
        return MemorySegment.ofArray(tokens).asSlice(0, (long) count * lanes * Integer.BYTES);
    }
}
