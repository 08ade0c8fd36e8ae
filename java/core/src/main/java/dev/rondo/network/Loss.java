package dev.rondo.network;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What a network's outputs are compared with its targets by: a mean over the targets that count. The target of (t, b)
 * counts, if the head reads each step, where t is below the length of sequence b, the class is not
 * {@link SequenceBatch#IGNORED} and the mark in {@link SequenceBatch#targetMask} is not zero; if the head reads the
 * last step, that of sequence b by class and mark alone, whatever its length. Where none counts, the loss is 0, and so
 * is its gradient.
 *
 * <pre>{@code
 * Network.builder(12).layer(Lstm.of(64)).lastStep().outputs(5).loss(Loss.sigmoidCrossEntropy()).build();
 * }</pre>
 *
 * <p>Arithmetic is float64, whatever the network's precision, but for exponentials of the softmax of NATIVE, which are
 * in that precision. Definitions and reductions are those of PyTorch. A loss that is not here is an {@link OutputLoss}.
 */
public sealed interface Loss {
    /** {@return softmax and cross-entropy over classes, in nats, all classes alike} */
    static SoftmaxCrossEntropy softmaxCrossEntropy() {
        return new SoftmaxCrossEntropy(List.of());
    }

    /** {@return sigmoid and cross-entropy of each output by itself, in nats: any number of labels at once} */
    static SigmoidCrossEntropy sigmoidCrossEntropy() {
        return new SigmoidCrossEntropy();
    }

    /** {@return the mean squared error of the outputs} */
    static MeanSquaredError meanSquaredError() {
        return new MeanSquaredError();
    }

    /** {@return whether targets are classes, int32; else they are numbers, one per output} */
    default boolean classTargets() {
        return false;
    }

    /**
     * Softmax and cross-entropy of outputs z and a class y per position (PyTorch's {@code CrossEntropyLoss}):
     *
     * <pre>
     *   loss = sum of w_y (log(sum_c exp(z_c)) - z_y) / sum of w_y        over the positions that count
     * </pre>
     *
     * @param classWeights w, one per class, each 0 or more; empty = all 1
     */
    record SoftmaxCrossEntropy(List<Double> classWeights) implements Loss {
        /**
         * Checks its argument.
         *
         * @throws IllegalArgumentException if a weight is negative or not finite
         */
        public SoftmaxCrossEntropy {
            classWeights = Elements.copyOf("classWeights", "a number", classWeights);
            for (int c = 0; c < classWeights.size(); c++) {
                double weight = classWeights.get(c);
                if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException(
                            "classWeights[" + c + "]: expected a number of at least 0, got " + weight);
                }
            }
        }

        /**
         * {@return this loss with a weight per class, for classes that are seldom, say}
         *
         * @param weights w, one per class, each 0 or more; none = all 1
         * @throws IllegalArgumentException if a weight is negative or not finite
         */
        public SoftmaxCrossEntropy classWeights(double... weights) {
            Objects.requireNonNull(weights, "weights: expected one per class, got null");
            return new SoftmaxCrossEntropy(Arrays.stream(weights).boxed().toList());
        }

        @Override
        public boolean classTargets() {
            return true;
        }
    }

    /**
     * Sigmoid and cross-entropy of outputs z and numbers y from 0 to 1 (PyTorch's {@code BCEWithLogitsLoss}), the mean
     * over all numbers that count of
     *
     * <pre>
     *   -y log s(z) - (1 - y) log(1 - s(z))  =  max(z, 0) - z y + log(1 + exp(-|z|))        s(z) = 1 / (1 + exp(-z))
     * </pre>
     *
     * of which the right side neither overflows nor cancels.
     */
    record SigmoidCrossEntropy() implements Loss {}

    /**
     * The mean of (z - y)<sup>2</sup> over the outputs z whose numbers y count (PyTorch's {@code MSELoss}).
     */
    record MeanSquaredError() implements Loss {}
}
