package dev.rondo.train;

import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import dev.rondo.network.NetworkInput;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The parameters that a layer's state can depend on, as columns of the influence: of the embedding, then, layer by
 * layer, those of the cell and the learned initial state. Fixed layers have none. All columns before a layer's own are
 * of what lies below it.
 *
 * @param first column of the layer's first parameter
 * @param cell how many the cell has
 * @param initial how many numbers of initial state are learned: n, or 0
 * @param place of the layer's first parameter in the slab
 */
record InfluenceColumns(long first, int cell, int initial, long place) {
    private static final int CHUNK = 1024;

    /** {@return those of each layer of a network} */
    static InfluenceColumns[] of(Network network) {
        NetworkDescription description = network.description();
        var columns = new InfluenceColumns[description.layers().size()];
        long first = embedding(network);
        for (int number = 0; number < columns.length; number++) {
            Layer layer = description.layers().get(number);
            int cell = Math.toIntExact(layer.cell()
                    .layout(description.inputSize(number), description.inputKind(number)).count());
            int size = Arrays.stream(layer.planeWidths()).sum();
            columns[number] = new InfluenceColumns(first, layer.isFixed() ? 0 : cell,
                    layer.isFixed() || !layer.learnsInitialState() ? 0 : size, placeOf(network, number));
            first = Math.addExact(first, columns[number].own());
        }
        return columns;
    }

    /** {@return how many parameters the embedding has, which are the first of all} */
    private static long embedding(Network network) {
        return network.description().input() instanceof NetworkInput.Embedding(int vocabularySize, int width, double _)
                ? (long) vocabularySize * width : 0;
    }

    /** {@return place of a layer's first parameter in the slab} */
    static long placeOf(Network network, int layer) {
        String prefix = "layer" + layer + ".";
        return network.parameters().layout().tensors().stream()
                .filter(tensor -> tensor.name().startsWith(prefix))
                .mapToLong(TensorLayout.Tensor::offset).min().orElseThrow();
    }

    /** {@return how many parameters are the layer's own} */
    int own() {
        return Math.addExact(cell, initial);
    }

    /** {@return the column behind the layer's last} */
    long end() {
        return first + own();
    }

    /** Adds a row of all columns to gradients that are laid out as the parameters. */
    static void add(MemorySegment row, InfluenceColumns[] columns, Precision precision, MemorySegment gradients) {
        add(row, 0, precision, gradients, 0, columns[0].first);
        for (InfluenceColumns layer : columns) {
            add(row, layer.first, precision, gradients, layer.place, layer.own());
        }
    }

    private static void add(
            MemorySegment row, long from, Precision precision, MemorySegment gradients, long to, long count) {
        var sums = new double[(int) Math.min(CHUNK, count)];
        var more = new double[sums.length];
        for (long done = 0; done < count; done += CHUNK) {
            int part = (int) Math.min(CHUNK, count - done);
            precision.read(gradients, to + done, sums, part);
            precision.read(row, from + done, more, part);
            for (int i = 0; i < part; i++) {
                sums[i] += more[i];
            }
            precision.write(sums, gradients, to + done, part);
        }
    }
}
