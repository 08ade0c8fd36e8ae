package dev.rondo.cli.experiment;

import dev.rondo.cell.Cell;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Initialization;
import dev.rondo.network.Network;
import java.util.Map;

/**
 * A cell that learns a {@link LongLagTask}.
 *
 * @param name what it is called in tables
 * @param cell the only layer
 * @param recurrentWeights what these start with; null = the usual
 * @param gateBiases what the biases of some of its gates start with, by number of the gate
 */
record Contestant(String name, Cell cell, Initialization recurrentWeights, Map<Integer, Double> gateBiases) {
    static final Contestant ELMAN = of("Elman", Elman.of(32));
    static final Contestant LSTM = of("LSTM", Lstm.of(16));
    static final Contestant GRU = of("GRU", Gru.of(16));
    static final Contestant CLOCKWORK = of("Clockwork", Clockwork.of(32, 8));

    /**
     * Input gates start closed and forget gates open, as in the paper: there input gates had biases from -2 to -6, and
     * there were no forget gates.
     */
    static final Contestant CLOSED_LSTM =
            new Contestant("LSTM, closed", LSTM.cell, null, Map.of(0, -4.0, 1, 5.0));

    /** The update gate, which is both, starts closed. */
    static final Contestant CLOSED_GRU = new Contestant("GRU, closed", GRU.cell, null, Map.of(1, 4.0));

    static Contestant of(String name, Cell cell) {
        return new Contestant(name, cell, null, Map.of());
    }

    /** {@return a network for {@code task}, its parameters drawn; to be closed} */
    Network network(LongLagTask task, long seed) {
        Network.Builder builder = Network.builder(task.inputSize()).layer(cell).lastStep().outputs(task.outputs())
                .loss(task.loss()).seed(seed).threads(1).quiet();
        if (recurrentWeights != null) {
            builder.recurrentWeights(recurrentWeights);
        }
        Network network = builder.build();
        setBiases(network, cell.hiddenSize(), gateBiases);
        return network;
    }

    /** Sets the biases of some gates of the first layer, by number of the gate, of all its units alike. */
    static void setBiases(Network network, int units, Map<Integer, Double> gateBiases) {
        long first = gateBiases.isEmpty() ? 0 : network.parameters().layout().get("layer0.bias").offset();
        gateBiases.forEach((gate, bias) -> {
            for (int k = 0; k < units; k++) {
                network.precision().set(network.parameters().slab(), first + (long) gate * units + k, bias);
            }
        });
        network.parameters().changed();
    }
}
