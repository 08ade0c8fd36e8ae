package dev.rondo.cell;

import dev.rondo.memory.TensorLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Description of a recurrent cell: its sizes, states, parameters and options. It holds no numbers; it is a value, and
 * two equal descriptions make equal cells.
 *
 * <p>All products of a cell are linear in its parameters and land in R <em>pre-activation rows</em>; what follows is
 * pointwise. {@link #blocks} says which parameter feeds which row.
 */
public interface Cell {
    /** {@return the name in checkpoints, on the command line and in the native library: "lstm"} */
    String name();

    /** {@return the number of hidden units, H} */
    int hiddenSize();

    /** {@return width of each state plane; plane 0 is what the cell puts out. LSTM: {H, H} for h and c} */
    int[] planeWidths();

    /** {@return the number of pre-activation rows, R} */
    int rows();

    /**
     * {@return width of each cache plane: what the pointwise part computes between the two products of a step and the
     * second product multiplies, see {@link ParameterBlock.Source#CACHE}; empty for a cell with one product} GRU with
     * reset before the product: {H}, for r * h.
     */
    default int[] cachePlaneWidths() {
        return new int[0];
    }

    /**
     * {@return names and shapes of the parameters, in the order in which they lie} By default those of one product:
     * {@code weightIh} [R, I] (for tokens [I, R]), {@code weightHh} [R, P<sub>0</sub>], {@code bias} [R]. A cell whose
     * state no product reads has no {@code weightHh}.
     *
     * @param inputSize I, numbers of a step, or of the vocabulary
     * @param kind what the input is made of, which decides how its weights lie
     * @throws IllegalArgumentException if {@code inputSize} is below 1
     */
    default TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        return TensorLayout.builder()
                .add("weightIh", kind.weightShape(rows(), inputSize))
                .add("weightHh", rows(), outputSize())
                .add("bias", rows())
                .build();
    }

    /**
     * {@return which parameters feed which pre-activation rows} By default all rows are fed by input, plane 0 of the
     * old state and bias, whole matrices of the default {@link #layout}; not by the state where {@link #layout} has no
     * {@code weightHh}.
     *
     * @param inputSize I, as for {@link #layout}
     * @param kind what the input is made of
     * @throws IllegalArgumentException if {@code inputSize} is below 1
     */
    default List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        var blocks = new ArrayList<ParameterBlock>();
        blocks.add(ParameterBlock.input(layout.get("weightIh"), kind, 0));
        if (layout.tensors().stream().anyMatch(tensor -> tensor.name().equals("weightHh"))) {
            blocks.add(ParameterBlock.matrix(layout.get("weightHh"), ParameterBlock.Source.PREVIOUS_STATE, 0, 0));
        }
        blocks.add(ParameterBlock.bias(layout.get("bias"), 0));
        return List.copyOf(blocks);
    }

    /**
     * {@return whether, after one product, no unit sees another; row r belongs to unit r % H then} A cell with a second
     * product is not per unit.
     */
    boolean perUnit();

    /**
     * {@return groups of units that have a clock each, in the order of the units; by default none: all units move at
     * every step} Where a group does not move, its units are held: their state stays, their pre-activations have no
     * gradient, and the gradient of their state passes by. A cell with groups has one gate, R = H, planes of H units,
     * and one product, and each of its {@linkplain #blocks blocks} feeds units of one group.
     */
    default List<UnitGroup> unitGroups() {
        return List.of();
    }

    /**
     * {@return which units a sparse product of the old state connects; null, as by default, of a cell whose products
     * are dense} Such a cell has one gate, R = H; its weights, one for each connection in this order, are the tensor
     * after that of the input, multiply plane 0 and are all that does. {@link #blocks} says the same, connection by
     * connection.
     */
    default SparsePattern recurrentPattern() {
        return null;
    }

    /**
     * {@return whether the pointwise part has kinks, where it has no derivative, as a rectified unit has where its
     * pre-activation is 0} Checks choose numbers for such a cell that keep away from them; its reference says where
     * they are.
     */
    default boolean hasKinks() {
        return false;
    }

    /**
     * {@return the value that a bias starts with; by default 0}
     *
     * @param row the pre-activation row that it belongs to, from 0 to R - 1
     */
    default double initialBias(int row) {
        return 0;
    }

    /**
     * {@return what the parameters start with, all of them as {@link #layout} says, of a cell that draws them itself;
     * null, as by default, leaves them to the rules of the network and to {@link #initialBias}} Drawn in one order
     * whatever the kind of input, so that weights are the same for tokens and for one-hot numbers.
     *
     * @param inputSize I, as for {@link #layout}
     * @param kind what the input is made of
     * @param random what to draw from
     * @throws IllegalArgumentException if {@code inputSize} is below 1
     */
    default double[] firstParameters(int inputSize, InputKind kind, RandomGenerator random) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        Objects.requireNonNull(random, "random: expected a generator, got null");
        return null;
    }

    /** {@return the options beside the hidden size, by name, for checkpoints; by default none} */
    default Map<String, String> options() {
        return Map.of();
    }

    /**
     * {@return the options as one number, for the native library: each cell says in its class what the number means.
     * Cells of one name, one variant, and equal {@link #settings} and {@linkplain #unitGroups groups} compute the same}
     */
    default long variant() {
        return 0;
    }

    /**
     * {@return what options say that are numbers, for the native library: each cell says in its class what they mean;
     * by default none}
     */
    default double[] settings() {
        return new double[0];
    }

    /**
     * {@return a body of this cell}
     *
     * @param backend whose
     * @throws UnsupportedOperationException if this cell has no such body, or the backend is not available here; the
     *     message gives the reason
     */
    CellKernel kernel(Backend backend);

    /** {@return the width of the output, that of plane 0} */
    default int outputSize() {
        return planeWidths()[0];
    }

    /** {@return whether units can be held one by one: every state plane has one element for each} */
    default boolean holdsUnits() {
        return Arrays.stream(planeWidths()).allMatch(width -> width == hiddenSize());
    }

    /**
     * {@return sizes of a pass of this cell}
     *
     * @param timeSteps T
     * @param batchSize B
     * @param inputSize I
     * @throws IllegalArgumentException if a size is below 1
     */
    default CellShape shape(int timeSteps, int batchSize, int inputSize) {
        return new CellShape(timeSteps, batchSize, inputSize, hiddenSize());
    }
}
