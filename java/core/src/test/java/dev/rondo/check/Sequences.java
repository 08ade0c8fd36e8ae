package dev.rondo.check;

import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.function.IntBinaryOperator;

/** Cuts cases and their results into steps and sequences, and turns them round in time. */
final class Sequences {
    private Sequences() {}

    /** Row {@code index} of the {@code rows} rows that make up {@code values}. */
    static double[] row(double[] values, int index, int rows) {
        int width = values.length / rows;
        return Arrays.copyOfRange(values, index * width, (index + 1) * width);
    }

    static double[] join(List<double[]> parts) {
        return parts.stream().flatMapToDouble(Arrays::stream).toArray();
    }

    static double[] sum(double[] a, double[] b) {
        var sum = new double[a.length];
        Arrays.setAll(sum, i -> a[i] + b[i]);
        return sum;
    }

    static Map<String, double[]> only(Map<String, double[]> results, Collection<String> names) {
        var some = new LinkedHashMap<>(results);
        some.keySet().retainAll(names);
        return some;
    }

    /**
     * Results of forward, step by step, each from the last states of the one before; masks and holds as in the whole.
     */
    static List<Map<String, double[]>> steps(CellBody body, CellData whole) {
        var results = new ArrayList<Map<String, double[]>>();
        double[][] state = whole.initial;
        for (int t = 0; t < whole.shape.timeSteps(); t++) {
            CellData step = step(whole, t, state);
            try (var trial = new CellTrial(body, step, PassVariant.PLAIN.with(PassOption.LAST_IN_INITIAL))) {
                results.add(trial.forward());
            }
            state = planes(whole, results.getLast(), "last");
        }
        return results;
    }

    /**
     * Results of backward, step by step: each from what the one after it left as the gradient of its initial states,
     * and adding to its gradients of the parameters. {@code forward} is what {@link #steps} gave.
     */
    static List<Map<String, double[]>> stepsBack(CellBody body, CellData whole, List<Map<String, double[]>> forward) {
        var results = new LinkedList<Map<String, double[]>>();
        double[][] gradient = whole.lastGradient;
        double[] params = whole.paramsBefore;
        for (int t = whole.shape.timeSteps() - 1; t >= 0; t--) {
            double[][] state = t == 0 ? whole.initial : planes(whole, forward.get(t - 1), "last");
            CellData step = step(whole, t, state);
            System.arraycopy(gradient, 0, step.lastGradient, 0, gradient.length);
            step.outputGradient = row(whole.outputGradient, t, whole.shape.timeSteps());
            copy(params, step.paramsBefore);
            try (var trial = new CellTrial(body, step, PassVariant.PLAIN)) {
                trial.forward();
                results.addFirst(trial.backward());
            }
            gradient = planes(whole, results.getFirst(), "gradient of initial");
            params = join(whole.cell.layout(whole.shape.inputSize(), InputKind.DENSE).tensors().stream()
                    .map(tensor -> results.getFirst().get("gradient of " + tensor.name())).toList());
        }
        return results;
    }

    private static CellData step(CellData whole, int t, double[][] initial) {
        int batch = whole.shape.batchSize();
        int steps = whole.shape.timeSteps();
        var step = new CellData(whole.cell, whole.cell.shape(1, batch, whole.shape.inputSize()));
        copy(whole.params, step.params);
        copy(row(whole.input, t, steps), step.input);
        System.arraycopy(initial, 0, step.initial, 0, initial.length);
        step.mask = whole.mask == null ? null : row(whole.mask, t, steps);
        step.hold = whole.hold == null ? null : Arrays.copyOfRange(whole.hold, t * batch, (t + 1) * batch);
        step.timeOrigin = whole.timeOrigin + t;
        return step;
    }

    private static double[][] planes(CellData whole, Map<String, double[]> results, String name) {
        var planes = new double[whole.planes()][];
        Arrays.setAll(planes, p -> results.get(name + "[" + p + "]"));
        return planes;
    }

    /** Sequence {@code b} of a batch as a batch of its own, of its own length; no masks or holds. */
    static CellData alone(CellData batch, int b) {
        CellShape shape = batch.cell.shape(batch.length(b), 1, batch.shape.inputSize());
        var alone = new CellData(batch.cell, shape);
        copy(batch.params, alone.params);
        copy(column(batch, b, batch.input), alone.input);
        alone.outputGradient = column(batch, b, batch.outputGradient);
        for (int p = 0; p < batch.planes(); p++) {
            alone.initial[p] = row(batch.initial[p], b, batch.shape.batchSize());
            alone.lastGradient[p] = row(batch.lastGradient[p], b, batch.shape.batchSize());
        }
        return alone;
    }

    /**
     * What {@link #alone(CellData, int)} gives, taken from the batch's results; the parameters' gradients are of all.
     */
    static Map<String, double[]> alone(CellData batch, int b, Map<String, double[]> together) {
        var results = new LinkedHashMap<String, double[]>();
        for (String name : List.of("output", "gradient of input", "gradient of preActivations")) {
            results.put(name, column(batch, b, together.get(name)));
        }
        for (int p = 0; p < batch.planes(); p++) {
            for (String name : List.of("last[" + p + "]", "gradient of initial[" + p + "]")) {
                results.put(name, row(together.get(name), b, batch.shape.batchSize()));
            }
        }
        return results;
    }

    private static double[] column(CellData batch, int b, double[] values) {
        return gather(values, batch.length(b), 1, (t, zero) -> t * batch.shape.batchSize() + b, batch.shape);
    }

    /** The case whose sequences run the other way, each within its own length. */
    static CellData turned(CellData data) {
        var turned = new CellData(data.cell, data.shape);
        copy(data.params, turned.params);
        copy(data.paramsBefore, turned.paramsBefore);
        copy(turned(data, data.input), turned.input);
        turned.lengths = data.lengths;
        turned.initial = data.initial;
        turned.lastGradient = data.lastGradient;
        turned.outputGradient = turned(data, data.outputGradient);
        turned.mask = turned(data, data.mask);
        turned.hold = new byte[data.hold.length];
        for (int row = 0; row < data.hold.length; row++) {
            turned.hold[row] = data.hold[turnedRow(data, row / data.shape.batchSize(), row % data.shape.batchSize())];
        }
        turned.reversed = !data.reversed;
        return turned;
    }

    /** The results of a turned case in the order of time of the other. */
    static Map<String, double[]> turned(CellData data, Map<String, double[]> results) {
        var turned = new LinkedHashMap<>(results);
        for (String name : List.of("output", "gradient of input", "gradient of preActivations")) {
            turned.put(name, turned(data, results.get(name)));
        }
        return turned;
    }

    private static double[] turned(CellData data, double[] values) {
        int steps = data.shape.timeSteps();
        return gather(values, steps, data.shape.batchSize(), (t, b) -> turnedRow(data, t, b), data.shape);
    }

    private static int turnedRow(CellData data, int t, int b) {
        int from = t < data.length(b) ? data.length(b) - 1 - t : t;
        return from * data.shape.batchSize() + b;
    }

    /** Rows of a [T, B, ...] tensor of {@code shape}, put together anew. */
    private static double[] gather(double[] values, int steps, int batch, IntBinaryOperator from, CellShape shape) {
        var rows = new ArrayList<double[]>();
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                rows.add(row(values, from.applyAsInt(t, b), Math.toIntExact(shape.rows())));
            }
        }
        return join(rows);
    }

    private static void copy(double[] from, double[] to) {
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
