package dev.rondo.text;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.network.Network;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.LearningRate;
import dev.rondo.train.Optimizer;
import dev.rondo.train.Optimizers;
import dev.rondo.train.Schedules;
import dev.rondo.train.Trainer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What beside text and network decides the course of a training, bit for bit; kept in its checkpoints.
 *
 * @param batchSize streams of text side by side, B
 * @param timeSteps tokens of each stream per step, T: gradients reach back that far
 * @param optimizer one of the built-in ones
 * @param schedule of the learning rate, one of the built-in ones
 * @param clip what is done to gradients that are too large
 * @param seed of the first parameters, of masks and of the order of reading
 * @param pace when to evaluate, and how often in vain
 * @param backend that trains
 * @param threads that train
 */
record TrainingSettings(
        int batchSize,
        int timeSteps,
        Optimizer optimizer,
        LearningRate schedule,
        GradientClipping clip,
        long seed,
        Pace pace,
        Backend backend,
        int threads) {
    private static final String SECTION = "training.settings";

    /**
     * When to evaluate, and when to give up.
     *
     * @param evaluateEvery steps between evaluations; 0 = by time
     * @param patience evaluations in a row without a new lowest loss that end the training; 0 = none do
     */
    record Pace(long evaluateEvery, int patience) {
        Pace {
            if (evaluateEvery < 0) {
                throw new IllegalArgumentException("evaluateEvery: expected at least 0, got " + evaluateEvery);
            }
            if (patience < 0) {
                throw new IllegalArgumentException("patience: expected at least 0, got " + patience);
            }
        }
    }

    TrainingSettings {
        CellShape.atLeastOne("batchSize", batchSize);
        CellShape.atLeastOne("timeSteps", timeSteps);
        CellShape.atLeastOne("threads", threads);
        Optimizers.text(optimizer);
        Schedules.text(schedule);
        Objects.requireNonNull(clip, "clip: expected one, got null");
    }

    /** {@return a trainer of {@code network} by these settings} */
    Trainer trainer(Network network) {
        return Trainer.builder(network)
                .optimizer(optimizer)
                .learningRate(schedule)
                .clip(clip)
                .build();
    }

    /** Adds these settings, one per line. */
    void write(Checkpoint.Builder checkpoint) {
        checkpoint.text(SECTION, String.join("\n", "batchSize " + batchSize, "timeSteps " + timeSteps,
                "optimizer " + Optimizers.text(optimizer), "schedule " + Schedules.text(schedule),
                "clip " + clip.text(), "seed " + seed, "evaluateEvery " + pace.evaluateEvery(),
                "patience " + pace.patience(), "backend " + backend, "threads " + threads));
    }

    /** {@return what {@link #write} wrote, by name, in its order; empty if there is nothing} */
    static Map<String, String> values(Checkpoint checkpoint) throws CheckpointException {
        Map<String, String> values = new LinkedHashMap<>();
        if (checkpoint.has(SECTION)) {
            checkpoint.text(SECTION).lines().map(line -> line.split(" ", 2))
                    .forEach(pair -> values.put(pair[0], pair[pair.length - 1]));
        }
        return values;
    }

    /**
     * {@return the settings in {@code checkpoint}}
     *
     * @throws CheckpointException if it has none
     */
    static TrainingSettings read(Checkpoint checkpoint) throws CheckpointException {
        checkpoint.text(SECTION);
        try {
            return of(values(checkpoint));
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(SECTION, e);
        }
    }

    /** Earlier checkpoints do not say the seed, nor when to evaluate. */
    private static TrainingSettings of(Map<String, String> values) {
        return new TrainingSettings(
                Integer.parseInt(value(values, "batchSize")),
                Integer.parseInt(value(values, "timeSteps")),
                optimizer(values),
                Schedules.parse(values.getOrDefault("schedule", "constant")),
                GradientClipping.parse(value(values, "clip")),
                Long.parseLong(values.getOrDefault("seed", "0")),
                new Pace(Long.parseLong(values.getOrDefault("evaluateEvery", "0")),
                        Integer.parseInt(values.getOrDefault("patience", "0"))),
                Backend.valueOf(value(values, "backend")),
                Integer.parseInt(value(values, "threads")));
    }

    /** Earlier checkpoints name but the learning rate of Adam. */
    private static Optimizer optimizer(Map<String, String> values) {
        return values.containsKey("optimizer")
                ? Optimizers.parse(values.get("optimizer"))
                : Adam.of(Double.parseDouble(value(values, "learningRate")));
    }

    private static String value(Map<String, String> values, String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("expected " + name + ", got none");
        }
        return value;
    }
}
