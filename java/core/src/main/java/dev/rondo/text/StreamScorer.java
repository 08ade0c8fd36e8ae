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
    /** Tokens per pass for long texts: calls are few, buffers small. */
    static final int LONG = 256;

    /** Tokens per pass for lines, most of which are shorter than this. */
    static final int SHORT = 64;

    private final int chunk;
    private final NetworkPass pass;
    private final int[] inputs;
    private final int[] targets;
    private final int[] length = new int[1];
    private final SequenceBatch whole;
    private final SequenceBatch part;

    /** A scorer that runs {@code chunk} tokens per pass. */
    StreamScorer(Network network, int chunk) {
        this.chunk = chunk;
        this.pass = network.inference(chunk, 1).carryState(true);
        this.inputs = new int[chunk];
        this.targets = new int[chunk];
        this.whole = SequenceBatch.tokens(inputs, chunk, 1).targets(targets);
        this.part = whole.lengths(length);
    }

    TextScore score(int[] tokens) {
        pass.resetState();
        int predictions = Math.max(0, tokens.length - 1);
        double nats = 0;
        for (int at = 0; at < predictions; at += chunk) {
            int count = Math.min(chunk, predictions - at);
            System.arraycopy(tokens, at, inputs, 0, count);
            System.arraycopy(tokens, at + 1, targets, 0, count);
            Arrays.fill(targets, count, chunk, SequenceBatch.IGNORED);
            length[0] = count;
            pass.forward(count == chunk ? whole : part);
            nats += pass.loss() * count;
        }
        return new TextScore(nats, predictions);
    }

    @Override
    public void close() {
        pass.close();
    }
}
