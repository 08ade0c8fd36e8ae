package dev.rondo.network;

import java.util.Locale;

/**
 * What a network is worth on a data set: a value. Which figures there are depends on the loss that the network is
 * trained by; asking for another throws.
 *
 * <table>
 *   <caption>figures by loss</caption>
 *   <tr><td>softmax and cross-entropy</td><td>loss, accuracy, confusion matrix; perplexity without class
 *   weights</td></tr>
 *   <tr><td>sigmoid and cross-entropy</td><td>loss, accuracy, exact match</td></tr>
 *   <tr><td>mean squared error</td><td>loss, mean squared error</td></tr>
 * </table>
 *
 * <p>Each is a mean over all that counts in the data set, not over means of batches: but for rounding it does not
 * depend on how the sequences were batched.
 */
public final class Metrics {
    /** Up to how many classes the confusion matrix is kept. */
    public static final int CONFUSION_CLASSES = 1000;

    private final Loss kind;
    private final double loss;
    private final long counted;
    private final long numbers;
    private final long right;
    private final long exact;
    private final long[][] confusion;

    Metrics(MetricsCounter counter) {
        this.kind = counter.kind();
        this.loss = counter.loss();
        this.counted = counter.counted();
        this.numbers = counter.numbers();
        this.right = counter.right();
        this.exact = counter.exact();
        this.confusion = counter.confusion();
    }

    /** {@return the mean of the {@link Loss} over all that counted} */
    public double loss() {
        return loss;
    }

    /** {@return how many positions counted: sequences, or steps of sequences} */
    public long counted() {
        return counted;
    }

    /**
     * {@return the share that is right}: of positions whose greatest output is that of their class (the first, of equal
     * ones); with sigmoid and cross-entropy of single outputs that are above 0, probability 1/2, where the target is at
     * least 1/2, and not where it is below
     *
     * @throws UnsupportedOperationException with mean squared error
     */
    public double accuracy() {
        if (kind instanceof Loss.MeanSquaredError) {
            throw missing("accuracy", "softmaxCrossEntropy or sigmoidCrossEntropy");
        }
        return (double) right / numbers;
    }

    /**
     * {@return the share of positions with all outputs right that count there}
     *
     * @throws UnsupportedOperationException unless with sigmoid and cross-entropy
     */
    public double exactMatch() {
        if (!(kind instanceof Loss.SigmoidCrossEntropy)) {
            throw missing("exactMatch", "sigmoidCrossEntropy");
        }
        return (double) exact / counted;
    }

    /**
     * {@return which class was taken for which}
     *
     * @throws UnsupportedOperationException unless with softmax and cross-entropy, adaptive or not, over at most
     *     {@value #CONFUSION_CLASSES} classes
     */
    public ConfusionMatrix confusionMatrix() {
        if (!kind.classTargets()) {
            throw missing("confusionMatrix", "softmaxCrossEntropy or adaptiveSoftmax");
        }
        if (confusion == null) {
            throw new UnsupportedOperationException(
                    "confusionMatrix: expected at most " + CONFUSION_CLASSES + " classes, got more");
        }
        return new ConfusionMatrix(confusion);
    }

    /**
     * {@return exp(loss)}: among how many equally likely classes the network would be as much in doubt
     *
     * @throws UnsupportedOperationException unless with softmax and cross-entropy, adaptive or without class weights
     */
    public double perplexity() {
        boolean weighted = kind instanceof Loss.SoftmaxCrossEntropy softmax && !softmax.classWeights().isEmpty();
        if (weighted || !kind.classTargets()) {
            throw missing("perplexity", "softmaxCrossEntropy without class weights, or adaptiveSoftmax");
        }
        return Math.exp(loss);
    }

    /**
     * {@return the mean squared error}, which is the loss
     *
     * @throws UnsupportedOperationException unless it is
     */
    public double meanSquaredError() {
        if (!(kind instanceof Loss.MeanSquaredError)) {
            throw missing("meanSquaredError", "meanSquaredError");
        }
        return loss;
    }

    /** {@return "loss 0.0812, accuracy 97.50 %, 200 counted", without an accuracy where there is none} */
    @Override
    public String toString() {
        String accuracy = kind instanceof Loss.MeanSquaredError
                ? ""
                : String.format(Locale.ROOT, ", accuracy %.2f %%", 100 * accuracy());
        return String.format(Locale.ROOT, "loss %.4g%s, %d counted", loss, accuracy, counted);
    }

    private UnsupportedOperationException missing(String figure, String expected) {
        return new UnsupportedOperationException(
                figure + ": expected a network with the loss " + expected + ", got " + kind);
    }
}
