package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.io.Checkpoint;
import dev.rondo.network.SequenceBatch;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.LearningRate;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextStreamsTest {
    private static final int B = 3;
    private static final int T = 4;
    private static final int N = 50; // 16 characters per stream, 4 batches per epoch
    private static final Tokens TEXT = TokenList.of(IntStream.range(0, N).toArray()); // each token tells where it stood

    private static TrainingSettings settings(int batchSize, int timeSteps) {
        return new TrainingSettings(
                batchSize, timeSteps, Adam.of(1e-3), LearningRate.constant(), GradientClipping.none(), 1,
                new TrainingSettings.Pace(0, 0), Backend.REFERENCE, 1);
    }

    private static TextStreams streams() {
        return new TextStreams(TEXT, TextUnit.CHARACTER, settings(B, T), 7);
    }

    private static int[] inputs(SequenceBatch batch) {
        return batch.tokens().toArray(ValueLayout.JAVA_INT);
    }

    private static int[] targets(SequenceBatch batch) {
        return batch.targets().toArray(ValueLayout.JAVA_INT);
    }

    @Test
    void streamsGoOnFromBatchToBatchAndTargetsAreTheNextCharacters() {
        TextStreams streams = streams();
        assertEquals(4, streams.chunks());
        var expected = new int[B];
        var cuts = new HashSet<Integer>();
        for (int step = 0; step < 40; step++) {
            SequenceBatch batch = streams.next();
            int[] inputs = inputs(batch);
            int[] targets = targets(batch);
            for (int b = 0; b < B; b++) {
                if (step % 4 == 0) {
                    assertTrue(streams.restarts(b), "an epoch begins with nothing");
                    assertEquals((inputs[0] + 16 * b) % N, inputs[b], "streams begin a piece apart");
                    expected[b] = inputs[b];
                }
                for (int t = 0; t < T; t++) {
                    assertEquals(expected[b], inputs[t * B + b]);
                    expected[b] = (expected[b] + 1) % N;
                    assertEquals(expected[b] == 0 ? SequenceBatch.IGNORED : expected[b], targets[t * B + b]);
                }
            }
            if (step % 4 == 0) {
                cuts.add(inputs[0]);
            }
            assertEquals((step + 1) / 4.0, streams.epochs());
        }
        assertTrue(cuts.size() > 5, "the text is cut elsewhere in each epoch");
    }

    @Test
    void streamsRestartInTurnEveryTwoThousandCharacters() {
        int batchSize = 4;
        int timeSteps = 100;
        var streams = new TextStreams(TokenList.of(new int[batchSize * timeSteps * 61]), TextUnit.CHARACTER,
                settings(batchSize, timeSteps), 1);
        var restarts = new int[batchSize];
        for (int step = 0; step < 61; step++) {
            streams.next();
            int together = 0;
            for (int b = 0; b < batchSize; b++) {
                if (streams.restarts(b)) {
                    restarts[b]++;
                    together++;
                }
            }
            assertTrue(step == 0 ? together == batchSize : together <= 1, "batch " + step);
        }
        assertArrayEquals(new int[] {4, 4, 4, 4}, restarts); // at the beginning, and three times in 6000 characters
    }

    @Test
    void aPositionIsReturnedTo(@TempDir Path directory) throws IOException {
        TextStreams streams = streams();
        for (int step = 0; step < 6; step++) {
            streams.next();
        }
        Path file = directory.resolve("position.rondo");
        Checkpoint.Builder checkpoint = Checkpoint.builder();
        streams.write(checkpoint);
        checkpoint.write(file);
        TextStreams restored = TextStreams.read(Checkpoint.read(file), TEXT, TextUnit.CHARACTER, settings(B, T));
        for (int step = 0; step < 20; step++) {
            assertArrayEquals(inputs(streams.next()), inputs(restored.next()));
            assertEquals(streams.epochs(), restored.epochs());
        }
    }

    @Test
    void aTextShorterThanOneBatchIsRefused() {
        assertEquals("text: expected at least 12 words to learn from, for 3 streams of 4, got 11",
                assertThrows(IllegalArgumentException.class,
                        () -> new TextStreams(TokenList.of(new int[11]), TextUnit.WORD, settings(B, T), 1))
                        .getMessage());
    }
}
