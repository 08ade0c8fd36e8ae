package dev.rondo.network;

import dev.rondo.memory.Precision;

/**
 * Softmax and cross-entropy in one pass over the outputs z of a position with class y:
 *
 * <pre>
 *   loss = log(sum_c exp(z_c)) - z_y          in nats
 *   dz_c = exp(z_c) / sum exp(z) - [c = y]
 * </pre>
 *
 * <p>The greatest output is subtracted first, so that no exponential overflows. {@link NativeSoftmaxPass} is the same
 * in C++.
 */
class SoftmaxPass extends LossPass {
    private final double[] classWeights; // [C]; null = all 1

    SoftmaxPass(Precision precision, int classes, Loss.SoftmaxCrossEntropy loss) {
        super(precision, classes);
        this.classWeights = loss.classWeights().isEmpty()
                ? null
                : loss.classWeights().stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    double weight(Targets targets, int n) {
        return classWeights == null ? 1 : classWeights[targets.classOf(n)];
    }

    @Override
    double position(Targets targets, int n, double[] row, double scale) {
        double weight = weight(targets, n);
        return weight * softmax(row, targets.classOf(n), weight * scale);
    }

    /**
     * {@return the loss of a row}
     *
     * @param row in: its outputs; out: {@code scale} times the gradient of the loss by them
     */
    static double softmax(double[] row, int target, double scale) {
        double greatest = row[0];
        for (int c = 1; c < row.length; c++) {
            greatest = Math.max(greatest, row[c]);
        }
        double ofTarget = row[target] - greatest;
        double total = 0;
        for (int c = 0; c < row.length; c++) {
            row[c] = Math.exp(row[c] - greatest);
            total += row[c];
        }
        double share = scale / total;
        for (int c = 0; c < row.length; c++) {
            row[c] *= share;
        }
        row[target] -= scale;
        return Math.log(total) - ofTarget;
    }
}
