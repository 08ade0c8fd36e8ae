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

    /**
     * {@return adaptive softmax over classes, in nats, with tails that are narrower by 4}
     *
     * <pre>{@code
     * Network.embedding(50_000, 200).layer(Lstm.of(200)).outputs(50_000)
     *         .loss(Loss.adaptiveSoftmax(2_000, 10_000)).build();
     * }</pre>
     *
     * @param cutoffs as {@link AdaptiveSoftmax} says
     * @throws IllegalArgumentException if there are none, or they do not ascend from 1 or more
     */
    static AdaptiveSoftmax adaptiveSoftmax(int... cutoffs) {
        Objects.requireNonNull(cutoffs, "cutoffs: expected where clusters begin, got null");
        return new AdaptiveSoftmax(Arrays.stream(cutoffs).boxed().toList(), 4);
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
     * Adaptive softmax (Grave, Joulin, Cisse, Grangier and Jegou 2017) of classes that are numbered by how often they
     * occur, the most frequent first, for vocabularies of tens of thousands of words and more: what a step costs, and
     * how many parameters there are, grows little with those that are rare. Definitions and layout are those of
     * PyTorch's {@code AdaptiveLogSoftmaxWithLoss} with {@code head_bias}. Of K cutoffs c, the classes below
     * c<sub>0</sub> and the K clusters of the others have an output of the dense layer each; cluster i, the classes
     * from c<sub>i</sub> to below c<sub>i+1</sub>, or to the last, has a softmax of its own on a projection of what the
     * head reads:
     *
     * <pre>
     *   log p(y) = log softmax(W h + b)_y                                                              y below c_0
     *   log p(y) = log softmax(W h + b)_(c_0 + i) + log softmax(W_i P_i h)_(y - c_i)                   y in cluster i
     *
     *   W [c_0 + K, H]     P_i [D_i, H]     W_i [size, D_i]     D_i = max(1, floor(H / divValue^(i + 1)))
     * </pre>
     *
     * <p>The network's outputs are the exact log p of all classes. They are computed when they are asked for, and have
     * no gradient; the loss is computed without them, of the clusters alone that the targets are in.
     *
     * @param cutoffs c, at least one, ascending, from 1 to below the number of classes
     * @param divValue by how much each cluster is narrower than the one before, at least 1
     */
    record AdaptiveSoftmax(List<Integer> cutoffs, double divValue) implements Loss {
        /**
         * Checks its arguments.
         *
         * @throws IllegalArgumentException if a cluster would be empty, or {@code divValue} is below 1 or not finite
         */
        public AdaptiveSoftmax {
            cutoffs = Elements.copyOf("cutoffs", "a class", cutoffs);
            for (int i = 0; i == 0 || i < cutoffs.size(); i++) {
                if (cutoffs.isEmpty() || cutoffs.get(i) <= (i == 0 ? 0 : cutoffs.get(i - 1))) {
                    throw new IllegalArgumentException(
                            "cutoffs: expected at least one, ascending, from 1 on, got " + cutoffs);
                }
            }
            if (!(divValue >= 1 && divValue < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("divValue: expected a number of at least 1, got " + divValue);
            }
        }

        /**
         * {@return this loss with clusters of other widths}
         *
         * @param value at least 1; 4 as a rule
         * @throws IllegalArgumentException if it is below 1 or not finite
         */
        public AdaptiveSoftmax divValue(double value) {
            return new AdaptiveSoftmax(cutoffs, value);
        }

        /** {@return how many outputs the dense layer has} */
        int topOutputs() {
            return cutoffs.getFirst() + cutoffs.size();
        }

        /** {@return how many classes cluster {@code i} has, of all {@code classes}} */
        int size(int i, int classes) {
            return (i + 1 < cutoffs.size() ? cutoffs.get(i + 1) : classes) - cutoffs.get(i);
        }

        /** {@return D of cluster {@code i}, where the head reads {@code hidden} numbers} */
        int width(int i, int hidden) {
            return (int) Math.max(1, hidden / Math.pow(divValue, i + 1));
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
