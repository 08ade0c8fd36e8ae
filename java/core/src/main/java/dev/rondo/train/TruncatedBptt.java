package dev.rondo.train;

import dev.rondo.cell.CellShape;
import dev.rondo.network.NetworkPass;

/**
 * Back-propagation through time from the losses of the k1 steps of a batch through the last k2 steps (Williams and Peng
 * 1990), states being {@linkplain NetworkPass#carryState carried}. Without a learner gradients end where the batch
 * begins: k2 = k1.
 *
 * <pre>{@code
 * var trainer = Trainer.builder(network).learner(TruncatedBptt.lookBack(20)).build();
 * try (var pass = network.pass(1, batchSize).carryState(true)) {
 *     for (SequenceBatch step : batches) {                     // of one step each: k1 = 1
 *         trainer.step(pass, step);
 *     }
 * }
 * }</pre>
 *
 * <p>Inputs of the last k2 steps are kept, and the state that each batch was entered in; a batch before is run again
 * from there, with the weights as they are.
 */
public final class TruncatedBptt extends Learner {
    private final int steps;

    private TruncatedBptt(int steps) {
        this.steps = steps;
    }

    /**
     * {@return truncated BPTT}
     *
     * @param steps k2, how many steps gradients go back through, those of the batch among them: at least as many as
     *     these
     * @throws IllegalArgumentException if it is below 1
     */
    public static TruncatedBptt lookBack(int steps) {
        return new TruncatedBptt(CellShape.atLeastOne("steps", steps));
    }

    @Override
    OnlineGradients start(NetworkPass pass) {
        Rtrl.refuse(pass.network(), toString());
        return new WindowGradients(pass, steps);
    }

    @Override
    public String toString() {
        return "truncated BPTT of " + steps + " steps";
    }
}
