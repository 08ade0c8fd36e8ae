package dev.rondo.network;

/**
 * A loss of one's own on the outputs of a network: {@link NetworkPass#loss(OutputLoss)} computes it, trainers train by
 * it, gradient checks check it.
 *
 * <pre>{@code
 * OutputLoss sumOfSquares = (outputs, gradient) -> {
 *     double loss = 0;
 *     for (int i = 0; i < outputs.length; i++) {
 *         loss += outputs[i] * outputs[i];
 *         gradient[i] = 2 * outputs[i];
 *     }
 *     return loss;
 * };
 * }</pre>
 */
@FunctionalInterface
public interface OutputLoss {
    /**
     * {@return the loss}
     *
     * @param outputs what the network puts out, [T, B, O], or [B, O] if its head reads the last step; at steps beyond a
     *     sequence's length they mean nothing, and the loss must not depend on them
     * @param gradient as many zeros, to be filled with the gradient of the loss by each output
     */
    double of(double[] outputs, double[] gradient);
}
