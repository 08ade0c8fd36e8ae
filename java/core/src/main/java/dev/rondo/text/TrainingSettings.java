package dev.rondo.text;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import java.util.HashMap;
import java.util.Map;

/**
 * What beside text and network decides the course of a training, bit for bit; kept in its checkpoints.
 *
 * @param batchSize streams of text side by side, B
 * @param timeSteps characters of each stream per step, T: gradients reach back that far
 * @param learningRate of Adam
 * @param clip the greatest norm of all gradients
 * @param backend that trains
 * @param threads that train
 */
record TrainingSettings(
        int batchSize, int timeSteps, double learningRate, double clip, Backend backend, int threads) {
    TrainingSettings {
        CellShape.atLeastOne("batchSize", batchSize);
        CellShape.atLeastOne("timeSteps", timeSteps);
    }

    /** {@return one line per setting} */
    String text() {
        return "batchSize " + batchSize + "\ntimeSteps " + timeSteps + "\nlearningRate " + learningRate + "\nclip " + clip
                + "\nbackend " + backend + "\nthreads " + threads;
    }

    /**
     * {@return the settings that {@link #text} wrote}
     *
     * @throws IllegalArgumentException if it did not write this
     */
    static TrainingSettings parse(String text) {
        Map<String, String> values = new HashMap<>();
        text.lines().map(line -> line.split(" ", 2)).forEach(pair -> values.put(pair[0], pair[pair.length - 1]));
        return new TrainingSettings(
                Integer.parseInt(value(values, "batchSize")),
                Integer.parseInt(value(values, "timeSteps")),
                Double.parseDouble(value(values, "learningRate")),
                Double.parseDouble(value(values, "clip")),
                Backend.valueOf(value(values, "backend")),
                Integer.parseInt(value(values, "threads")));
    }

    private static String value(Map<String, String> values, String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("expected " + name + ", got none");
        }
        return value;
    }
}
