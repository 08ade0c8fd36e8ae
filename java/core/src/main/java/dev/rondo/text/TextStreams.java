package dev.rondo.text;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.SeededRandom;
import dev.rondo.network.SequenceBatch;

/**
 * A text as B streams side by side, read T characters at a time: the training batches of truncated back-propagation
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

    private final int[] tokens;
    private final int timeSteps;
    private final int batchSize;
    private final SeededRandom random;
    private final int[] inputs; // [T, B]
    private final int[] targets; // [T, B]
    private final SequenceBatch batch;
    private long epoch = -1; // the first batch begins epoch 0
    private int chunk; // batches of this epoch that were read
    private int cut; // where the ring is cut in this epoch

    TextStreams(int[] tokens, TrainingSettings settings, long seed) {
        this.tokens = tokens;
        this.timeSteps = settings.timeSteps();
        this.batchSize = settings.batchSize();
        if ((long) batchSize * timeSteps > tokens.length) {
            throw new IllegalArgumentException(
                    "text: expected at least " + (long) batchSize * timeSteps + " characters to learn from, for "
                            + batchSize + " streams of " + timeSteps + ", got " + tokens.length);
        }
        this.random = new SeededRandom(seed);
        this.inputs = new int[timeSteps * batchSize];
        this.targets = new int[timeSteps * batchSize];
        this.batch = SequenceBatch.tokens(inputs, timeSteps, batchSize).targets(targets);
        this.chunk = chunks();
    }

    /** {@return how many batches an epoch has} */
    int chunks() {
        return tokens.length / batchSize / timeSteps;
    }

    /** {@return times through the text, with the part of the current one} */
    double epochs() {
        return epoch + (double) chunk / chunks();
    }

    /**
     * {@return whether stream {@code b} of the batch that was read last starts from the zero state: at the beginning of
     * an epoch, and every {@value #RESTART} characters, the streams in turn}
     */
    boolean restarts(int b) {
        int chunk = this.chunk - 1;
        int interval = Math.max(1, RESTART / timeSteps);
        return chunk == 0 || (chunk + (long) b * interval / batchSize) % interval == 0;
    }

    /** {@return the next batch, valid until the next call} */
    SequenceBatch next() {
        if (chunk == chunks()) {
            epoch++;
            chunk = 0;
            cut = random.nextInt(tokens.length);
        }
        int piece = tokens.length / batchSize;
        for (int b = 0; b < batchSize; b++) {
            int at = (int) (((long) cut + (long) b * piece + (long) chunk * timeSteps) % tokens.length);
            for (int t = 0; t < timeSteps; t++) {
                int next = at + 1 == tokens.length ? 0 : at + 1;
                inputs[t * batchSize + b] = tokens[at];
                targets[t * batchSize + b] = next == 0 ? SequenceBatch.IGNORED : tokens[next];
                at = next;
            }
        }
        chunk++;
        return batch;
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
    static TextStreams read(Checkpoint checkpoint, int[] tokens, TrainingSettings settings) throws CheckpointException {
        long[] position = checkpoint.longs(SECTION, 4);
        var streams = new TextStreams(tokens, settings, position[3]);
        streams.epoch = position[0];
        streams.chunk = (int) position[1];
        streams.cut = (int) position[2];
        return streams;
    }
}
