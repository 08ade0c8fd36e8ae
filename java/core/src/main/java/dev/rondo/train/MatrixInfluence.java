package dev.rondo.train;

import dev.rondo.io.Checkpoint;
import dev.rondo.io.CheckpointException;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Network;
import java.lang.foreign.MemorySegment;

/** The influence by layers: of each on its own parameters, and, where it is kept, on those of all that lies below. */
final class MatrixInfluence implements Influence {
    private final Precision precision;
    private final InfluenceColumns[] columns; // of each layer
    private final Workspace memory;
    private final StepLinearization[] linear; // of each layer; null where a state depends on no parameter, as below
    private final LayerInfluence[] layers;
    private final MemorySegment row; // of all columns

    /**
     * Refuses what {@code rule} cannot be, and what the machine has no memory for.
     *
     * @throws IllegalArgumentException if a cell does not fit the rule
     * @throws OutOfMemoryError if the machine has too little left
     */
    MatrixInfluence(Network network, int sequences, InfluenceRule rule) {
        this.precision = network.precision();
        this.columns = InfluenceColumns.of(network);
        this.memory = new Workspace("influence of " + rule);
        this.linear = new StepLinearization[columns.length];
        this.layers = new LayerInfluence[columns.length];
        var shared = new LayerInfluence.Shared(network, rule, sequences, memory);
        try {
            for (int layer = 0; layer < layers.length; layer++) {
                boolean owns = columns[layer].own() > 0;
                if (owns || columns[layer].first() > 0 && !rule.ownUnitOnly()) {
                    linear[layer] = new StepLinearization(network, layer, owns, memory);
                    layers[layer] = new LayerInfluence(
                            shared, layer, linear[layer], columns[layer], layer == 0 ? null : layers[layer - 1]);
                }
            }
            this.row = memory.allocate(precision, columns[columns.length - 1].end());
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public void begin(int b) {
        for (LayerInfluence layer : layers) {
            if (layer != null) {
                layer.begin(b);
            }
        }
    }

    @Override
    public void advance(int b, Step step) {
        for (LayerInfluence layer : layers) { // from below, for a layer reads what those below have become
            if (layer != null) {
                layer.advance(b, step);
            }
        }
    }

    @Override
    public void addGradient(int b, double[][] byState, MemorySegment gradients) {
        row.fill((byte) 0);
        for (int layer = 0; layer < layers.length; layer++) {
            if (layers[layer] != null) {
                layers[layer].addGradient(b, byState[layer], row);
            }
        }
        InfluenceColumns.add(row, columns, precision, gradients);
    }

    @Override
    public void write(Checkpoint.Builder checkpoint) {
        for (int layer = 0; layer < layers.length; layer++) {
            if (layers[layer] != null) {
                checkpoint.numbers(section(layer), precision, layers[layer].memory());
            }
        }
    }

    private static String section(int layer) {
        return LearnerSections.PAST + "layer" + layer;
    }

    @Override
    public void restore(Checkpoint checkpoint) throws CheckpointException {
        for (int layer = 0; layer < layers.length; layer++) {
            if (layers[layer] != null) {
                checkpoint.expect(section(layer), layers[layer].memory().byteSize());
            }
        }
        for (int layer = 0; layer < layers.length; layer++) {
            if (layers[layer] != null) {
                checkpoint.copy(section(layer), precision, layers[layer].memory());
            }
        }
    }

    @Override
    public void close() {
        memory.close();
        for (StepLinearization layer : linear) {
            if (layer != null) {
                layer.close();
            }
        }
    }
}
