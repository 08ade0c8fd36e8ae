package dev.rondo.network;

import dev.rondo.memory.Precision;

/**
 * The squared error of outputs z and numbers y, summed over the numbers that count:
 *
 * <pre>
 *   loss = (z - y)^2
 *   dz   = 2 (z - y)
 * </pre>
 */
final class SquaredErrorPass extends LossPass {
    private final double[] wanted; // [O]

    SquaredErrorPass(Precision precision, int outputs) {
        super(precision, outputs);
        this.wanted = new double[outputs];
    }

    @Override
    double position(Targets targets, int n, double[] row, double scale) {
        targets.numbersOf(n, wanted);
        double sum = 0;
        for (int o = 0; o < outputs(); o++) {
            if (!targets.counts(n, o)) {
                row[o] = 0;
                continue;
            }
            double error = row[o] - wanted[o];
            sum += error * error;
            row[o] = 2 * scale * error;
        }
        return sum;
    }
}
