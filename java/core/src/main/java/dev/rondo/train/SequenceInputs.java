package dev.rondo.train;

import dev.rondo.network.SequenceBatch;
import java.lang.foreign.ValueLayout;

/** What a batch says of its inputs alone. */
final class SequenceInputs {
    private SequenceInputs() {}

    /** {@return a batch without targets} */
    static SequenceBatch of(SequenceBatch batch) {
        SequenceBatch inputs = batch.tokens() != null
                ? SequenceBatch.tokens(batch.tokens(), batch.timeSteps(), batch.batchSize())
                : SequenceBatch.of(batch.values(), batch.precision(), batch.timeSteps(), batch.batchSize(),
                        batch.inputSize());
        inputs = batch.lengths() == null ? inputs : inputs.lengths(batch.lengths());
        return batch.hold() == null ? inputs : inputs.hold(batch.hold());
    }

    /** {@return whether a sequence takes a step then, and is neither at its end nor held} */
    static boolean takesStep(SequenceBatch batch, int t, int b) {
        boolean within = batch.lengths() == null
                || t < batch.lengths().get(ValueLayout.JAVA_INT_UNALIGNED, (long) b * Integer.BYTES);
        return within && (batch.hold() == null
                || batch.hold().get(ValueLayout.JAVA_BYTE, (long) t * batch.batchSize() + b) == 0);
    }
}
