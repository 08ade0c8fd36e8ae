package dev.rondo.network;

import dev.rondo.memory.Precision;

/**
 * Sigmoid and cross-entropy of each output z by itself, with its number y from 0 to 1, summed over the numbers that
 * count:
 *
 * <pre>
 *   loss = max(z, 0) - z y + log(1 + exp(-|z|))          in nats
 *   dz   = 1 / (1 + exp(-z)) - y
 * </pre>
 *
 * <p>The exponential is taken of -|z| alone, so that it never overflows.
 */
final class SigmoidPass extends LossPass {
    private final double[] wanted; // [O]

    SigmoidPass(Precision precision, int outputs) {
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
            double y = wanted[o];
            double z = row[o];
            double small = Math.exp(-Math.abs(z));
            sum += Math.max(z, 0) - z * y + Math.log1p(small);
            row[o] = scale * ((z >= 0 ? 1 : small) / (1 + small) - y);
        }
        return sum;
    }
}
