package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** What learners know of the past, in checkpoints. */
final class LearnerSections {
    /** What the names of all of them begin with. */
    static final String PAST = "learner.past.";

    private static final String LEARNER = "learner";
    private static final String RANDOM = PAST + "random";

    private LearnerSections() {}

    static void write(Learner learner, NetworkPass pass, OnlineGradients online, Checkpoint.Builder checkpoint) {
        checkpoint.text(LEARNER, name(learner, pass));
        online.write(checkpoint);
    }

    static void restore(Learner learner, NetworkPass pass, OnlineGradients online, Checkpoint checkpoint)
            throws CheckpointException {
        String written = checkpoint.text(LEARNER);
        String expected = name(learner, pass);
        if (!written.equals(expected)) {
            throw checkpoint.damaged(LEARNER,
                    new IllegalArgumentException("expected the past of " + expected + ", got that of " + written));
        }
        online.restore(checkpoint);
    }

    private static String name(Learner learner, NetworkPass pass) {
        return learner.derivatives() + ", " + pass.batchSize() + " sequences, " + pass.network().precision();
    }

    /** Writes arrays by their names, and what signs are drawn from. */
    static void write(Map<String, double[]> arrays, SeededRandom random, Checkpoint.Builder checkpoint) {
        arrays.forEach((name, array) ->
                checkpoint.numbers(PAST + name, Precision.FLOAT64, MemorySegment.ofArray(array)));
        checkpoint.longs(RANDOM, random.state());
    }

    /** Reads them, or changes nothing; returns what signs are drawn from. */
    static SeededRandom restore(Map<String, double[]> arrays, Checkpoint checkpoint) throws CheckpointException {
        for (var array : arrays.entrySet()) {
            checkpoint.expect(PAST + array.getKey(), (long) array.getValue().length * Double.BYTES);
        }
        var random = new SeededRandom(checkpoint.longs(RANDOM, 1)[0]);
        for (var array : arrays.entrySet()) {
            checkpoint.copy(PAST + array.getKey(), Precision.FLOAT64, MemorySegment.ofArray(array.getValue()));
        }
        return random;
    }
}
