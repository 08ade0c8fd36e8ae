package dev.rondo.train;

import dev.rondo.network.Metrics;
import java.util.Locale;

/**
 * What one epoch gave.
 *
 * @param epoch its number, from 1 on, over all that this trainer made
 * @param steps steps that the trainer has made so far
 * @param trainingLoss mean over all that counted in its steps, each before its update; not a number if the weights of
 *     all that counted are 0
 * @param counted positions that counted in them
 * @param validation what the network was worth after it; null without a validation set
 * @param best whether it is better than those before it, as {@link Epochs} says
 */
public record EpochResult(
        int epoch, long steps, double trainingLoss, long counted, Metrics validation, boolean best) {
    /** {@return the loss that says how good it was: of the validation, or of training if there was none} */
    public double watchedLoss() {
        return validation == null ? trainingLoss : validation.loss();
    }

    /**
     * {@return "epoch 3, step 96: training loss 0.1432; validation loss 0.1619, accuracy 94.00 %, 50 counted; best"}
     */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "epoch %d, step %d: training loss %.4g%s%s",
                epoch, steps, trainingLoss,
                validation == null ? "" : "; validation " + validation,
                best ? "; best" : "");
    }
}
