package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.network.Loss;
import dev.rondo.network.Network;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * What the targets of a batch say of the outputs z of a position: rows that are measured, each with its derivative by z
 * and an error e. With y the numbers wanted, or 1 for the class that is and 0 for the others:
 *
 * <pre>
 *   squared error   dz_o                             e_o = y_o - z_o
 *   sigmoid         s_o dz_o                         e_o = (y_o - p_o) / s_o    s_o^2 = p_o (1 - p_o)
 *   softmax         s_c (dz_c - sum_j p_j dz_j)      e_c = (y_c - p_c) / s_c    s_c^2 = p_c
 * </pre>
 *
 * <p>The rows of a softmax are those of B^T dz with B B^T = diag(p) - p p^T, and B e = y - p: errors and derivatives of
 * p in units of its own deviation.
 */
final class Measurement {
    /**
     * Least s^2. The change of z that is meant is at most 1 / s^2, where P is large beside R: what is sure and wrong
     * would move the weights without bound.
     */
    private static final double LEAST = 0.05;

    private final Loss loss;
    private final boolean perSequence;
    private final int outputs; // O
    private final double[] error; // [O]
    private final double[] share; // p [O]
    private SequenceBatch batch;
    private int[] last; // [B], the last step that each sequence takes; null if each step has targets

    Measurement(Network network) {
        this.loss = network.description().head().loss();
        this.perSequence = network.description().head().lastStep();
        this.outputs = network.outputSize();
        this.error = new double[outputs];
        this.share = new double[outputs];
        if (loss == null) {
            throw new IllegalArgumentException("learner: expected a network with a loss for a Kalman filter, got none");
        }
        Learning.requireSupported(network);
        if (loss instanceof Loss.SoftmaxCrossEntropy(List<Double> weights) && !weights.isEmpty()) {
            throw new IllegalArgumentException(
                    "learner: expected a loss without class weights for a Kalman filter, got " + weights);
        }
    }

    /** Takes a batch that a pass has run over, so that its targets are known to fit. */
    void take(SequenceBatch taken) {
        batch = taken;
        last = perSequence ? Learning.lastSteps(taken) : null;
    }

    /** {@return whether a target of sequence {@code b} counts at step {@code t}} */
    boolean counts(int t, int b) {
        if (perSequence ? last[b] != t : beyond(t, b)) {
            return false;
        }
        if (loss.classTargets()) {
            return marked(position(t, b), 0) && classOf(t, b) != SequenceBatch.IGNORED;
        }
        for (int o = 0; o < outputs; o++) {
            if (marked(position(t, b), o)) {
                return true;
            }
        }
        return false;
    }

    private boolean beyond(int t, int b) {
        return batch.lengths() != null
                && t >= batch.lengths().get(ValueLayout.JAVA_INT_UNALIGNED, (long) b * Integer.BYTES);
    }

    private int position(int t, int b) {
        return perSequence ? b : t * batch.batchSize() + b;
    }

    /** {@return whether number {@code o} of position {@code n} counts, by the mask alone} */
    private boolean marked(int n, int o) {
        MemorySegment mask = batch.targetMask();
        if (mask == null) {
            return true;
        }
        long positions = perSequence ? batch.batchSize() : batch.rows();
        long at = mask.byteSize() > positions ? (long) n * outputs + o : n;
        return mask.get(ValueLayout.JAVA_BYTE, at) != 0;
    }

    private int classOf(int t, int b) {
        return batch.targets().get(ValueLayout.JAVA_INT_UNALIGNED, (long) position(t, b) * Integer.BYTES);
    }

    private double number(int n, int o) {
        Precision precision = batch.targetPrecision();
        return precision.get(batch.targets(), (long) n * outputs + o);
    }

    /** Takes outputs z [O] of sequence {@code b} at step {@code t}, of which a target counts. */
    void look(int t, int b, double[] z) {
        int n = position(t, b);
        switch (loss) {
            case Loss.MeanSquaredError _ -> {
                for (int o = 0; o < outputs; o++) {
                    error[o] = number(n, o) - z[o];
                }
            }
            case Loss.SigmoidCrossEntropy _ -> {
                for (int o = 0; o < outputs; o++) {
                    share[o] = 1 / (1 + Math.exp(-z[o]));
                    error[o] = (number(n, o) - share[o]) / deviation(o);
                }
            }
            case Loss.SoftmaxCrossEntropy _, Loss.AdaptiveSoftmax _ -> {
                double greatest = Arrays.stream(z).max().orElseThrow();
                double sum = 0;
                for (int c = 0; c < outputs; c++) {
                    share[c] = Math.exp(z[c] - greatest);
                    sum += share[c];
                }
                for (int c = 0; c < outputs; c++) {
                    share[c] /= sum;
                    error[c] = ((c == classOf(t, b) ? 1 : 0) - share[c]) / deviation(c);
                }
            }
        }
    }

    private double deviation(int o) {
        double variance = loss instanceof Loss.SigmoidCrossEntropy ? share[o] * (1 - share[o]) : share[o];
        return Math.sqrt(Math.max(variance, LEAST));
    }

    /** {@return whether row {@code o} of what was looked at counts} */
    boolean measures(int t, int b, int o) {
        return loss.classTargets() || marked(position(t, b), o);
    }

    /** {@return e of row {@code o}} */
    double error(int o) {
        return error[o];
    }

    /** Writes the derivative of row {@code o} by z. */
    void derivative(int o, double[] byOutput) {
        Arrays.fill(byOutput, 0);
        switch (loss) {
            case Loss.MeanSquaredError _ -> byOutput[o] = 1;
            case Loss.SigmoidCrossEntropy _ -> byOutput[o] = deviation(o);
            case Loss.SoftmaxCrossEntropy _, Loss.AdaptiveSoftmax _ -> {
                for (int c = 0; c < outputs; c++) {
                    byOutput[c] = deviation(o) * ((c == o ? 1 : 0) - share[c]);
                }
            }
        }
    }
}
