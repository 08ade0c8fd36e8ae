package dev.rondo.cli.experiment;

import dev.rondo.network.SequenceBatch;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** A batch of sequences of a task, drawn anew again and again into the same arrays. */
final class Sequences {
    final float[] targets; // [B, O]
    private final LongLagTask task;
    private final float[] values; // [T, B, I]
    private final int[] lengths;
    private final float[][] steps; // of one sequence
    private final float[] target;

    Sequences(LongLagTask task, int count) {
        this.task = task;
        this.targets = new float[count * task.outputs()];
        this.values = new float[task.longest() * count * task.inputSize()];
        this.lengths = new int[count];
        this.steps = new float[task.longest()][task.inputSize()];
        this.target = new float[task.outputs()];
    }

    /** {@return a view of whatever was drawn last} */
    SequenceBatch batch() {
        return SequenceBatch.of(values, task.longest(), lengths.length, task.inputSize())
                .lengths(lengths)
                .targets(targets, task.outputs());
    }

    /** Draws all of them. */
    void draw(RandomGenerator random) {
        int count = lengths.length;
        for (int b = 0; b < count; b++) {
            for (float[] step : steps) {
                Arrays.fill(step, 0);
            }
            Arrays.fill(target, 0);
            lengths[b] = task.draw(random, steps, target);
            for (int t = 0; t < steps.length; t++) {
                System.arraycopy(steps[t], 0, values, (t * count + b) * task.inputSize(), task.inputSize());
            }
            System.arraycopy(target, 0, targets, b * task.outputs(), task.outputs());
        }
    }
}
