package dev.rondo.network;

import dev.rondo.cell.Backend;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * A loss over the outputs of a pass: its weighted mean over what counts, and its gradient. What is of one loss alone is
 * what it makes of one position.
 *
 * <p>N positions, O outputs. All arithmetic here is float64.
 */
abstract class LossPass {
    private final Precision precision;
    private final int outputs;
    private final double[] row; // [O]
    private double[] losses = {}; // [N], of the last run
    private double sum;
    private double weight;

    LossPass(Precision precision, int outputs) {
        this.precision = precision;
        this.outputs = outputs;
        this.row = new double[outputs];
    }

    /** {@return what computes the loss of {@code network} over up to {@code positions} positions; null without one} */
    static LossPass of(Network network, int positions) {
        Loss loss = network.description().head().loss();
        if (loss instanceof Loss.SoftmaxCrossEntropy softmax && network.backend() == Backend.NATIVE) {
            return new NativeSoftmaxPass(network, positions, softmax);
        }
        return loss == null ? null : of(loss, network.precision(), network.outputSize());
    }

    /** {@return what computes {@code loss} in plain Java} */
    static LossPass of(Loss loss, Precision precision, int outputs) {
        return switch (loss) {
            case Loss.SoftmaxCrossEntropy softmax -> new SoftmaxPass(precision, outputs, softmax);
            // Of outputs that are log-probabilities. Its head sums without them.
            case Loss.AdaptiveSoftmax _ -> new SoftmaxPass(precision, outputs, Loss.softmaxCrossEntropy());
            case Loss.SigmoidCrossEntropy _ -> new SigmoidPass(precision, outputs);
            case Loss.MeanSquaredError _ -> new SquaredErrorPass(precision, outputs);
        };
    }

    /** {@return O} */
    final int outputs() {
        return outputs;
    }

    /** {@return the loss of the last run; 0 if nothing counted} */
    final double mean() {
        return weight == 0 ? 0 : sum / weight;
    }

    /** {@return what the sum was divided by: how many classes or numbers counted, or the sum of their weights} */
    final double weight() {
        return weight;
    }

    /** {@return the loss of position {@code n}, which counted in the last run, times its weight} */
    double loss(int n) {
        return losses[n];
    }

    /**
     * Runs over all positions.
     *
     * @param targets what the outputs shall be
     * @param head has the outputs; its gradient is assigned, if it has one
     */
    final void run(Targets targets, Head head) {
        weight = 0;
        for (int n = 0; n < targets.positions(); n++) {
            weight += targets.counts(n) > 0 ? weight(targets, n) : 0;
        }
        if (weight > 0) {
            sum = head.sum(this, targets, 1 / weight);
        } else {
            sum = 0;
            head.zeroGradient();
        }
    }

    private static void zero(MemorySegment gradient) {
        if (gradient != null) {
            gradient.fill((byte) 0);
        }
    }

    /**
     * {@return the sum over the positions that count of loss times weight}
     *
     * @param targets what the outputs shall be
     * @param values outputs [N, O]
     * @param gradient {@code scale} times that of the sum, assigned; or null
     */
    double sum(Targets targets, MemorySegment values, MemorySegment gradient, double scale) {
        zero(gradient);
        if (losses.length < targets.positions()) {
            losses = new double[targets.mostPositions()];
        }
        double all = 0;
        for (int n = 0; n < targets.positions(); n++) {
            if (targets.counts(n) > 0) {
                precision.read(values, (long) n * outputs, row, outputs);
                losses[n] = position(targets, n, row, scale);
                all += losses[n];
                if (gradient != null) {
                    precision.write(row, gradient, (long) n * outputs, outputs);
                }
            }
        }
        return all;
    }

    /** {@return the weight of position {@code n}, which counts} */
    double weight(Targets targets, int n) {
        return targets.counts(n);
    }

    /**
     * {@return the loss of position {@code n}, which counts, times its weight}
     *
     * @param row in: its outputs [O]; out: {@code scale} times the gradient of that by them
     */
    abstract double position(Targets targets, int n, double[] row, double scale);
}
