package dev.rondo.text;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.util.Arrays;

/**
 * Predicts every token of a stream from those before it, in long chunks with the state carried over: N - 1 predictions
 * of N tokens, from the zero state. Validation during training and scoring of texts are this same code.
 */
final class StreamScorer implements AutoCloseable {
    private static final int CHUNK = 256;

    private final NetworkPass pass;
    private final int[] inputs = new int[CHUNK];
    private final int[] targets = new int[CHUNK];
    private final int[] length = new int[1];
    private final SequenceBatch whole = SequenceBatch.tokens(inputs, CHUNK, 1).targets(targets);
    private final SequenceBatch part = whole.lengths(length);

    StreamScorer(Network network) {
        this.pass = network.inference(CHUNK, 1).carryState(true);
    }

    TextScore score(int[] tokens) {
        pass.resetState();
        int predictions = Math.max(0, tokens.length - 1);
        double nats = 0;
        for (int at = 0; at < predictions; at += CHUNK) {
            int count = Math.min(CHUNK, predictions - at);
            System.arraycopy(tokens, at, inputs, 0, count);
            System.arraycopy(tokens, at + 1, targets, 0, count);
            Arrays.fill(targets, count, CHUNK, SequenceBatch.IGNORED);
            length[0] = count;
            pass.forward(count == CHUNK ? whole : part);
            nats += pass.loss() * count;
        }
        return new TextScore(nats, predictions);
    }

    @Override
    public void close() {
        pass.close();
    }
}
