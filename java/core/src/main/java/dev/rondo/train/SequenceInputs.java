package dev.rondo.train;

import dev.rondo.network.MaskDraw;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
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

    /** Has a pass begun all sequences, so that states put into it are where they go on from. */
    static void beginAll(NetworkPass pass) {
        Network network = pass.network();
        int sequences = pass.batchSize();
        SequenceBatch nothing = network.description().input().tokens()
                ? SequenceBatch.tokens(new int[sequences], 1, sequences)
                : SequenceBatch.of(new double[sequences * network.inputSize()], 1, sequences, network.inputSize());
        pass.maskDraw(new MaskDraw(0, 1, 0)); // leaves the network's own draws to the passes that masks are taken from
        pass.forward(nothing.lengths(new int[sequences]));
    }

    /** {@return whether a sequence takes a step then, and is neither at its end nor held} */
    static boolean takesStep(SequenceBatch batch, int t, int b) {
        boolean within = batch.lengths() == null
                || t < batch.lengths().get(ValueLayout.JAVA_INT_UNALIGNED, (long) b * Integer.BYTES);
        return within && (batch.hold() == null
                || batch.hold().get(ValueLayout.JAVA_BYTE, (long) t * batch.batchSize() + b) == 0);
    }
}
