package dev.rondo.network;

/**
 * What a layer leaves out at random in training, and in training alone; all 0 = nothing. Masks are drawn for each batch
 * from the network's seed.
 *
 * @param rate with which probability each number that the layer hands on is replaced by 0; what stays is multiplied by
 *     {@code 1 / (1 - rate)}, so that nothing is to be done without gradients (Srivastava et al., "Dropout", 2014)
 * @param perSequence whether one mask holds for all steps of a sequence, instead of one for each step: variational
 *     dropout
 * @param recurrent with which probability each unit's output is left out of the product with the recurrent weights, at
 *     all steps of a sequence; what stays is multiplied by {@code 1 / (1 - recurrent)}
 * @param zoneout with which probability each unit keeps its old state at a step
 */
public record Dropout(double rate, boolean perSequence, double recurrent, double zoneout) {
    static final Dropout NONE = new Dropout(0, false, 0, 0);

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if a probability is not from 0 to below 1
     */
    public Dropout {
        probability("dropout", rate);
        probability("recurrentDropout", recurrent);
        probability("zoneout", zoneout);
    }

    static void probability(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + ": expected 0 to below 1, got " + value);
        }
    }

    /** {@return whether anything is left out} */
    boolean any() {
        return rate > 0 || recurrent > 0 || zoneout > 0;
    }
}
