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
import java.util.HashMap;
import java.util.Map;

/**
 * What beside text and network decides the course of a training, bit for bit; kept in its checkpoints.
 *
 * @param batchSize streams of text side by side, B
 * @param timeSteps tokens of each stream per step, T: gradients reach back that far
 * @param optimizer one of the built-in ones
 * @param schedule of the learning rate, one of the built-in ones
 * @param clip the greatest norm of all gradients
 * @param backend that trains
 * @param threads that train
 */
record TrainingSettings(
        int batchSize,
        int timeSteps,
        Optimizer optimizer,
        LearningRate schedule,
        double clip,
        Backend backend,
        int threads) {
    private static final String SECTION = "training.settings";

    TrainingSettings {
        CellShape.atLeastOne("batchSize", batchSize);
        CellShape.atLeastOne("timeSteps", timeSteps);
        CellShape.atLeastOne("threads", threads);
        Optimizers.text(optimizer);
        Schedules.text(schedule);
        GradientClipping.globalNorm(clip);
    }

    /** {@return a trainer of {@code network} by these settings} */
    Trainer trainer(Network network) {
        return Trainer.builder(network)
                .optimizer(optimizer)
                .learningRate(schedule)
                .clip(GradientClipping.globalNorm(clip))
                .build();
    }

    /** Adds these settings, one per line. */
    void write(Checkpoint.Builder checkpoint) {
        checkpoint.text(SECTION, String.join("\n", "batchSize " + batchSize, "timeSteps " + timeSteps,
                "optimizer " + Optimizers.text(optimizer), "schedule " + Schedules.text(schedule), "clip " + clip,
                "backend " + backend, "threads " + threads));
    }

    /**
     * {@return the settings in {@code checkpoint}}
     *
     * @throws CheckpointException if it has none
     */
    static TrainingSettings read(Checkpoint checkpoint) throws CheckpointException {
        String text = checkpoint.text(SECTION);
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw checkpoint.damaged(SECTION, e);
        }
    }

    private static TrainingSettings parse(String text) {
        Map<String, String> values = new HashMap<>();
        text.lines().map(line -> line.split(" ", 2)).forEach(pair -> values.put(pair[0], pair[pair.length - 1]));
        return new TrainingSettings(
                Integer.parseInt(value(values, "batchSize")),
                Integer.parseInt(value(values, "timeSteps")),
                optimizer(values),
                Schedules.parse(values.getOrDefault("schedule", "constant")),
                Double.parseDouble(value(values, "clip")),
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
