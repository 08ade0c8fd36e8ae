package dev.rondo.train;

import dev.rondo.cell.CellShape;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import java.util.List;

/**
 * Real-time recurrent learning (Williams and Zipser 1989) and its approximations: the derivatives of the state by the
 * parameters are carried along with the state, so that gradients of a stream without end need no past, and memory does
 * not depend on its length.
 *
 * <pre>{@code
 * var trainer = Trainer.builder(network).learner(Rtrl.exact()).optimizer(Adam.of(1e-3)).build();
 * try (var pass = network.pass(1, batchSize).carryState(true)) {
 *     for (SequenceBatch step : batches) {                     // of one step each: an update at every step
 *         trainer.step(pass, step);
 *     }
 * }
 * }</pre>
 *
 * <p>An update is made once for each batch, of k steps: with k = 1 and states {@linkplain NetworkPass#carryState
 * carried} that is online learning, and influences go on from batch to batch as states do. A batch of whole
 * sequences, or {@link Trainer#fit}, gives the gradient of BPTT over them, or what approximates it. Where weights
 * have changed since, what is remembered of earlier steps is that of the weights as they were then.
 *
 * <p>The gradient of a step's loss goes back through that step itself exactly, through all layers, and meets what is
 * known of the past in the state that the step was entered in.
 */
public final class Rtrl extends Learner {
    private final String name;
    private final Maker maker;

    /** Makes the influence of a network's parameters on its states, of as many sequences. */
    private interface Maker {
        Influence of(Network network, int sequences);
    }

    private Rtrl(String name, Maker maker) {
        this.name = name;
        this.maker = maker;
    }

    private static Rtrl of(InfluenceRule rule) {
        return new Rtrl(rule.toString(), (network, sequences) -> new MatrixInfluence(network, sequences, rule));
    }

    /**
     * {@return the exact gradient, that of full back-propagation through time} For n numbers of state and p parameters
     * below the head, memory is n p numbers for each sequence, time n<sup>2</sup> p per step. Of a layer whose units
     * see but their own past ({@link dev.rondo.cell.indrnn.IndRnn}, minGRU, minLSTM) memory and time are p.
     */
    public static Rtrl exact() {
        return of(new InfluenceRule.Exact());
    }

    /**
     * {@return SnAp-n: entries of the influence matrix that differ from zero within n steps are kept, the others are
     * zero (Menick et al. 2020)} With n = 1 that are a unit's own parameters: memory and time are p, nothing is kept of
     * what lower layers do to the past of higher ones, nor of an embedding, and cells whose units mix within a step are
     * refused. From n = 2 on a layer with dense recurrent weights keeps all: that is {@link #exact()}.
     *
     * @param steps n, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public static Rtrl snap(int steps) {
        return of(new InfluenceRule.Snap(CellShape.atLeastOne("steps", steps)));
    }

    /**
     * {@return UORO: an unbiased estimate of rank one, of large variance (Tallec and Ollivier 2017)} Memory is n + p
     * for each sequence.
     *
     * @param seed what its signs are drawn from
     */
    public static Rtrl uoro(long seed) {
        return new Rtrl("UORO", (network, sequences) -> new RankOneInfluence(network, sequences, seed));
    }

    /**
     * {@return KF-RTRL: an unbiased estimate by a Kronecker product, of less variance than {@link #uoro} (Mujika, Meier
     * and Steger 2018)} Memory is n R for each sequence, R being the cell's pre-activation rows, time n<sup>2</sup> R.
     * For one layer of a cell whose rows all read the same input and state: Elman, LSTM without peepholes.
     *
     * @param seed what its signs are drawn from
     */
    public static Rtrl kroneckerFactored(long seed) {
        return new Rtrl("KF-RTRL", (network, sequences) -> new KroneckerInfluence(network, sequences, seed));
    }

    /**
     * {@return RFLO: as {@code snap(1)}, and of a unit's past only what it keeps by itself, without recurrent weights
     * (Murray 2019)} Errors come back through the head's own weights, not through random ones.
     */
    public static Rtrl rflo() {
        return of(new InfluenceRule.Rflo());
    }

    @Override
    OnlineGradients start(NetworkPass pass) {
        refuse(pass.network(), name);
        NetworkPass single = pass.network().pass(1, pass.batchSize());
        try {
            return new RealTimeGradients(single, maker.of(pass.network(), pass.batchSize()));
        } catch (RuntimeException | Error e) {
            single.close();
            throw e;
        }
    }

    /** Refuses layers that need steps to come. */
    static void refuse(Network network, String learner) {
        List<Layer> layers = network.description().layers();
        for (int layer = 0; layer < layers.size(); layer++) {
            if (layers.get(layer).directions() > 1) {
                throw new IllegalArgumentException("learner: expected layers that run forwards, for " + learner
                        + " learns as steps come, got layer" + layer + ", a bidirectional one");
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
