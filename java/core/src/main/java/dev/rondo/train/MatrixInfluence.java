package dev.rondo.train;

import dev.rondo.memory.Workspace;
import dev.rondo.network.Network;
import java.lang.foreign.MemorySegment;

/** The influence by layers: of each on its own parameters, and, where it is kept, on those of all that lies below. */
final class MatrixInfluence implements Influence {
    private final Workspace memory;
    private final StepLinearization[] linear; // of each layer
    private final LayerInfluence[] layers;

    /**
     * Refuses what {@code rule} cannot be, and what the machine has no memory for.
     *
     * @throws IllegalArgumentException if a cell does not fit the rule
     * @throws OutOfMemoryError if the machine has too little left
     */
    MatrixInfluence(Network network, int sequences, InfluenceRule rule) {
        this.memory = new Workspace("influence of " + rule);
        this.linear = new StepLinearization[network.description().layers().size()];
        this.layers = new LayerInfluence[linear.length];
        try {
            for (int layer = 0; layer < layers.length; layer++) {
                linear[layer] = new StepLinearization(network, layer, true, memory);
                layers[layer] = new LayerInfluence(network, layer, linear[layer],
                        layer == 0 ? null : layers[layer - 1], sequences, rule, memory);
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public void begin(int b) {
        for (LayerInfluence layer : layers) {
            layer.begin(b);
        }
    }

    @Override
    public void advance(int b, Step step) {
        for (LayerInfluence layer : layers) { // from below, for a layer reads what those below have become
            layer.advance(b, step);
        }
    }

    @Override
    public void addGradient(int b, double[][] byState, MemorySegment gradients) {
        for (int layer = 0; layer < layers.length; layer++) {
            layers[layer].addGradient(b, byState[layer], gradients);
        }
    }

    @Override
    public void close() {
        memory.close();
        for (StepLinearization layer : linear) {
            if (layer != null) { // else this is closed for the machine has too little memory
                layer.close();
            }
        }
    }
}
