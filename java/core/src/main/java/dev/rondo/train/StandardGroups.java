package dev.rondo.train;

import dev.rondo.cell.Cell;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import java.util.Arrays;
import java.util.HashMap;

/** Groups of parameters that follow from a network's description. */
enum StandardGroups implements ParameterGroups {
    GLOBAL("global"),
    PER_LAYER("per layer"),
    PER_UNIT("per unit"),
    PER_GATE_ROW("per gate row");

    private final String text;

    StandardGroups(String text) {
        this.text = text;
    }

    @Override
    public int[] of(Network network) {
        var group = new int[Math.toIntExact(network.parameters().count())];
        if (this == GLOBAL) {
            return group;
        }
        var numbers = new HashMap<String, Integer>();
        for (TensorLayout.Tensor tensor : network.parameters().layout().tensors()) {
            String part = tensor.name().split("\\.", 2)[0];
            int width = tensor.shape().size() < 2 ? 1 : tensor.shape().get(1);
            for (int i = 0; i < tensor.count(); i++) {
                String name = this == PER_LAYER ? part : part + i / width; // those of layers are written over below
                group[(int) tensor.offset() + i] = numbers.computeIfAbsent(name, _ -> numbers.size());
            }
        }
        int next = numbers.size();
        for (int layer = 0; this != PER_LAYER && layer < network.description().layers().size(); layer++) {
            next += rows(network, layer, next, group);
        }
        return group;
    }

    /** Numbers the groups of a layer from {@code next} on; returns how many numbers it takes. */
    private int rows(Network network, int layer, int next, int[] group) {
        NetworkDescription description = network.description();
        Cell cell = description.layers().get(layer).cell();
        int units = this == PER_UNIT && cell.rows() % cell.hiddenSize() == 0 ? cell.hiddenSize() : cell.rows();
        int first = Math.toIntExact(InfluenceColumns.placeOf(network, layer));
        for (ParameterBlock block : cell.blocks(description.inputSize(layer), description.inputKind(layer))) {
            for (int r = 0; r < block.rows(); r++) {
                int row = block.row() + r;
                int number = next + (block.source() == Source.UNPROJECTED ? units + row : row % units);
                for (int j = 0; j < block.width(); j++) {
                    group[Math.toIntExact(first + block.offset() + (long) r * block.rowStride()
                            + (long) j * block.columnStride())] = number;
                }
            }
        }
        int at = first + Math.toIntExact(
                cell.layout(description.inputSize(layer), description.inputKind(layer)).count());
        for (int width : description.layers().get(layer).learnsInitialState() ? cell.planeWidths() : new int[0]) {
            for (int i = 0; i < width; i++) { // a learned initial state is its unit's, or goes with the projection's
                group[at++] = next + (units == width ? i : units + i);
            }
        }
        return units + Arrays.stream(cell.planeWidths()).max().orElseThrow();
    }

    @Override
    public String toString() {
        return text;
    }
}
