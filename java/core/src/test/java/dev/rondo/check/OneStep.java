package dev.rondo.check;

import dev.rondo.cell.InputKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** One step of one sequence with one input, 1; all parameters 0 but those that are set; each gradient of output 1. */
final class OneStep {
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);

    private final CellBody body;
    private final CellData data;

    /** From a state of as many units as numbers. */
    OneStep(CellBody body, double... initial) {
        int units = initial.length;
        this.body = body;
        this.data = new CellData(body.cell(units), body.cell(units).shape(1, 1, 1));
        data.input[0] = 1;
        data.initial[0] = initial;
        data.outputGradient = new double[units];
        Arrays.fill(data.outputGradient, 1);
    }

    OneStep set(String tensor, double... values) {
        var place = data.cell.layout(1, InputKind.DENSE).get(tensor);
        System.arraycopy(values, 0, data.params, Math.toIntExact(place.offset()), values.length);
        return this;
    }

    OneStep mask(double... values) {
        data.mask = values;
        return this;
    }

    OneStep input(double value) {
        data.input[0] = value;
        return this;
    }

    Map<String, double[]> run() {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new HashMap<>(trial.forward());
            results.putAll(trial.backward());
            return results;
        }
    }

    /** A few roundings of numbers of order one. */
    static double eps(CellBody body) {
        return 16 * body.precision().epsilon();
    }
}
