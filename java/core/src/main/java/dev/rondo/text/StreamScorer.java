package dev.rondo.text;

import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.util.OptionalInt;

/**
 * Predicts every token of a text from those before it: N - 1 predictions of N tokens. Validation during training and
 * scoring of texts are this same code.
 *
 * <p>A long text is cut into pieces that are read side by side, each of at least {@value #SHORTEST_PIECE} tokens. The
 * first begins with the zero state; before each other one the {@value #WARM_UP} tokens before it are read, of which
 * nothing counts, so that its state is nearly that which the whole text before it would have left.
 */
final class StreamScorer implements AutoCloseable {
    private static final int MOST_PIECES = 32;
    private static final int SHORTEST_PIECE = 4096;
    private static final int WARM_UP = 256;

    /** Tokens per pass of a text in one piece: calls are few, buffers small. */
    private static final int LONG = 256;

    /** Tokens per pass of each of several pieces. */
    private static final int SIDE_BY_SIDE = 32;

    private final TextUnit unit;
    private final int unknown; // -1 = there is no such token
    private final TokenBlock block; // a piece in each lane
    private final NetworkPass pass;

    private StreamScorer(Vocabulary vocabulary, Network network, int pieces, int chunk) {
        this.unit = vocabulary.unit();
        OptionalInt unknownToken = vocabulary.unknown();
        this.unknown = unknownToken.isPresent() ? unknownToken.getAsInt() : -1;
        this.block = new TokenBlock(chunk, pieces);
        this.pass = network.inference(chunk, pieces).carryState(true);
    }

    /** {@return a scorer of texts of {@code length} tokens, or of others in as many pieces} */
    static StreamScorer of(long length, Vocabulary vocabulary, Network network) {
        int pieces = pieces(length);
        return new StreamScorer(vocabulary, network, pieces, pieces == 1 ? LONG : SIDE_BY_SIDE);
    }

    private static int pieces(long length) {
        return Math.clamp(length / SHORTEST_PIECE, 1, MOST_PIECES);
    }

    /** {@return whether this is a scorer of texts of {@code length} tokens} */
    boolean fits(long length) {
        return block.lanes() == pieces(length);
    }

    TextScore score(Tokens tokens) {
        pass.resetState();
        int pieces = block.lanes();
        int chunk = block.steps();
        long predictions = Math.max(0, tokens.length() - 1);
        // Of a single piece these are its predictions; of several, each but the first begins with those of warming up.
        long warmUp = pieces == 1 ? 0 : WARM_UP;
        long apart = Math.ceilDiv(predictions - warmUp, pieces);
        long steps = apart + warmUp;
        double nats = 0;
        long unknowns = 0;
        for (long step = 0; step < steps; step += chunk) {
            int count = (int) Math.min(chunk, steps - step);
            for (int t = 0; t < count; t++) {
                for (int piece = 0; piece < pieces; piece++) {
                    long at = piece * apart + step + t;
                    boolean counts = at < predictions && (piece == 0 || step + t >= warmUp);
                    int target = counts ? tokens.at(at + 1) : SequenceBatch.IGNORED;
                    block.set(t, piece, at < predictions ? tokens.at(at) : 0, target);
                    unknowns += counts && target == unknown ? 1 : 0;
                }
            }
            pass.forward(block.batch(count));
            nats += pass.loss() * pass.counted();
        }
        return new TextScore(unit, nats, predictions, unknowns);
    }

    @Override
    public void close() {
        pass.close();
    }
}
