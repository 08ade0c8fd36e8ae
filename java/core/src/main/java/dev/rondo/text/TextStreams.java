package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;

/**
 * A text as B streams side by side, read T tokens at a time: the training batches of truncated back-propagation
 * through time. The streams are contiguous pieces of the text; each batch goes on where the last one ended.
 *
 * <p>The text is thought of as a ring, cut at a random place in each epoch, so that the borders of pieces and batches
 * move, and what does not fill a whole batch is another part each time. The step over the seam of the ring is no
 * prediction.
 */
final class TextStreams {
    /** A model that learns only from states that it has long been in may never find out of the zero state. */
    private static final int RESTART = 2000;

    private static final String SECTION = "training.position";

    private final Tokens tokens;
    private final int timeSteps;
    private final int batchSize;
    private final SeededRandom random;
    private final int[] inputs; // [T, B]
    private final int[] targets; // [T, B]
    private final SequenceBatch batch;
    private long epoch = -1; // the first batch begins epoch 0
    private long chunk; // batches of this epoch that were read
    private long cut; // where the ring is cut in this epoch

    TextStreams(Tokens tokens, TextUnit unit, TrainingSettings settings, long seed) {
        this.tokens = tokens;
        this.timeSteps = settings.timeSteps();
        this.batchSize = settings.batchSize();
        if ((long) batchSize * timeSteps > tokens.length()) {
            throw new IllegalArgumentException(
                    "text: expected at least " + (long) batchSize * timeSteps + " " + unit.plural()
                            + " to learn from, for " + batchSize + " streams of " + timeSteps + ", got "
                            + tokens.length());
        }
        this.random = new SeededRandom(seed);
        this.inputs = new int[timeSteps * batchSize];
        this.targets = new int[timeSteps * batchSize];
        this.batch = SequenceBatch.tokens(inputs, timeSteps, batchSize).targets(targets);
        this.chunk = chunks();
    }

    /** {@return how many batches an epoch has} */
    long chunks() {
        return tokens.length() / batchSize / timeSteps;
    }

    /** {@return times through the text, with the part of the current one} */
    double epochs() {
        return epoch + (double) chunk / chunks();
    }

    /**
     * {@return whether stream {@code b} of the batch that was read last starts from the zero state: at the beginning of
     * an epoch, and every {@value #RESTART} tokens, the streams in turn}
     */
    boolean restarts(int b) {
        long chunk = this.chunk - 1;
        int interval = Math.max(1, RESTART / timeSteps);
        return chunk == 0 || (chunk + (long) b * interval / batchSize) % interval == 0;
    }

    /** {@return the next batch, valid until the next call} */
    SequenceBatch next() {
        if (chunk == chunks()) {
            epoch++;
            chunk = 0;
            cut = anywhere();
        }
        long length = tokens.length();
        long piece = length / batchSize;
        for (int b = 0; b < batchSize; b++) {
            long at = (cut + b * piece + chunk * timeSteps) % length;
            int token = tokens.at(at);
            for (int t = 0; t < timeSteps; t++) {
                at = at + 1 == length ? 0 : at + 1;
                inputs[t * batchSize + b] = token;
                token = tokens.at(at);
                targets[t * batchSize + b] = at == 0 ? SequenceBatch.IGNORED : token;
            }
        }
        chunk++;
        return batch;
    }

    /** As ever where an int is enough, so that earlier trainings go on as they would have. */
    private long anywhere() {
        long length = tokens.length();
        return length <= Integer.MAX_VALUE ? random.nextInt((int) length) : random.nextLong(length);
    }

    /** Adds where the streams stand. */
    void write(Checkpoint.Builder checkpoint) {
        checkpoint.longs(SECTION, epoch, chunk, cut, random.state());
    }

    /**
     * {@return streams of the same text that stand where {@code checkpoint} says}
     *
     * @throws CheckpointException if it says no such thing
     */
    static TextStreams read(Checkpoint checkpoint, Tokens tokens, TextUnit unit, TrainingSettings settings)
            throws CheckpointException {
        long[] position = checkpoint.longs(SECTION, 4);
        var streams = new TextStreams(tokens, unit, settings, position[3]);
        streams.epoch = position[0];
        streams.chunk = position[1];
        streams.cut = position[2];
        return streams;
    }
}
