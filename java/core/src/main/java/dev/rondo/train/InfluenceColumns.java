package dev.rondo.train;

import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import java.util.Arrays;

/**
 * Which parameters of the slab a layer's state can depend on, which are those before a place: the embedding, the layers
 * below, its own cell's, and its learned initial state.
 *
 * @param first place of the layer's first parameter; all before it belong to what lies below
 * @param cell how many the cell has
 * @param initial how many numbers of initial state are learned: n, or 0
 */
record InfluenceColumns(long first, int cell, int initial) {
    static InfluenceColumns of(Network network, int layer) {
        NetworkDescription description = network.description();
        TensorLayout own = description.layers().get(layer).cell()
                .layout(description.inputSize(layer), description.inputKind(layer));
        int size = Arrays.stream(description.layers().get(layer).planeWidths()).sum();
        return new InfluenceColumns(firstOf(network, layer), Math.toIntExact(own.count()),
                description.layers().get(layer).learnsInitialState() ? size : 0);
    }

    /** {@return place of a layer's first parameter in the slab} */
    static long firstOf(Network network, int layer) {
        String prefix = "layer" + layer + ".";
        return network.parameters().layout().tensors().stream()
                .filter(tensor -> tensor.name().startsWith(prefix))
                .mapToLong(TensorLayout.Tensor::offset).min().orElseThrow();
    }

    /** {@return how many parameters are the layer's own} */
    int own() {
        return Math.addExact(cell, initial);
    }

    /** {@return the place behind the layer's last parameter} */
    long end() {
        return first + own();
    }
}
