package dev.rondo.train;

import dev.rondo.network.Network;

/**
 * Which parameters a decoupled Kalman filter takes to be correlated: those of a group share a covariance matrix, and of
 * two groups nothing is kept.
 *
 * <pre>{@code
 * Ekf.decoupled(ParameterGroups.perUnit());
 * Ekf.decoupled(network -> {                                   // the head, and all that lies below
 *     var group = new int[Math.toIntExact(network.parameters().count())];
 *     Arrays.fill(group, (int) network.parameters().layout().get("head.weight").offset(), group.length, 1);
 *     return group;
 * });
 * }</pre>
 */
@FunctionalInterface
public interface ParameterGroups {
    /**
     * {@return the number of the group of each parameter, in the order of the slab; any numbers, equal within a group}
     *
     * @param network whose parameters they are
     */
    int[] of(Network network);

    /**
     * {@return a group for each unit of each layer: all weights that lead into it, of all gates, and its biases
     * (node-decoupled, Puskorius and Feldkamp 1994)} So is each output of the head, each vector of an embedding, and
     * each element of a projected state. Of a cell whose pre-activation rows are not so many for each unit, each row.
     */
    static ParameterGroups perUnit() {
        return StandardGroups.PER_UNIT;
    }

    /**
     * {@return a group for each pre-activation row: the weights that lead into one gate of one unit, and its bias} Head
     * and embedding as in {@link #perUnit}.
     */
    static ParameterGroups perGateRow() {
        return StandardGroups.PER_GATE_ROW;
    }

    /** {@return a group for each layer, for the embedding and for the head} */
    static ParameterGroups perLayer() {
        return StandardGroups.PER_LAYER;
    }
}
