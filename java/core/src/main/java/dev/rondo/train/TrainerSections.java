package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/** What a trainer writes into checkpoints. */
final class TrainerSections {
    private static final String OPTIMIZER = "trainer.optimizer";
    private static final String STEPS = "trainer.steps";
    private static final String SCHEDULE = "trainer.schedule";
    private static final String EPOCHS = "trainer.epochs";
    private static final String SLAB = "trainer.";

    private TrainerSections() {}

    static void write(Trainer trainer, Checkpoint.Builder checkpoint) {
        checkpoint.text(OPTIMIZER, trainer.optimizerState().kind());
        checkpoint.longs(STEPS, trainer.steps());
        checkpoint.longs(EPOCHS, trainer.epochs());
        double[] memory = trainer.schedule().memory();
        checkpoint.longs(SCHEDULE, Arrays.stream(memory).mapToLong(Double::doubleToLongBits).toArray());
        slabs(trainer).forEach((name, slab) -> checkpoint.numbers(SLAB + name, precision(trainer), slab));
    }

    /** Reads all that can be refused before anything is changed. */
    static void restore(Trainer trainer, Checkpoint checkpoint) throws CheckpointException {
        checkKind(trainer, checkpoint);
        for (var slab : slabs(trainer).entrySet()) {
            checkpoint.expect(SLAB + slab.getKey(), slab.getValue().byteSize());
        }
        long steps = checkpoint.longs(STEPS, 1)[0];
        int epochs = checkpoint.has(EPOCHS) ? (int) checkpoint.longs(EPOCHS, 1)[0] : 0; // the first format has neither
        LearningRate schedule = checkpoint.has(SCHEDULE) ? schedule(trainer, checkpoint) : trainer.schedule();
        for (var slab : slabs(trainer).entrySet()) {
            checkpoint.copy(SLAB + slab.getKey(), precision(trainer), slab.getValue());
        }
        trainer.optimizerState().steps(steps);
        trainer.began(epochs);
        trainer.schedule(schedule);
    }

    private static LearningRate schedule(Trainer trainer, Checkpoint checkpoint) throws CheckpointException {
        LearningRate schedule = trainer.schedule();
        long[] memory = checkpoint.longs(SCHEDULE, schedule.memory().length);
        return schedule.remembering(Arrays.stream(memory).mapToDouble(Double::longBitsToDouble).toArray());
    }

    /** Files of the first formats do not say; the names of the slabs tell all optimisers apart but Adam and AdamW. */
    private static void checkKind(Trainer trainer, Checkpoint checkpoint) throws CheckpointException {
        String expected = trainer.optimizerState().kind();
        String got = checkpoint.has(OPTIMIZER) ? checkpoint.text(OPTIMIZER) : expected;
        if (!got.equals(expected)) {
            throw checkpoint.damaged(OPTIMIZER,
                    new IllegalArgumentException("expected the numbers of " + expected + ", got those of " + got));
        }
    }

    private static Map<String, MemorySegment> slabs(Trainer trainer) {
        return trainer.optimizerState().slabs();
    }

    private static Precision precision(Trainer trainer) {
        return trainer.optimizerState().precision();
    }
}
