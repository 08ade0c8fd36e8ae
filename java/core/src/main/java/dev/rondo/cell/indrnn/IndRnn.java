package dev.rondo.cell.indrnn;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellOptions;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.VectorKernel;
import dev.rondo.memory.TensorLayout;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Independently recurrent units (Li, Li, Cook, Zhu and Gao 2018, "Independently recurrent neural network (IndRNN):
 * building a longer and deeper RNN", equation 2): an Elman cell whose units see their own past only, each through one
 * number u:
 *
 * <pre>
 *   h' = activation(W x + u * h + b)
 * </pre>
 *
 * <p>Over t steps a gradient is multiplied with u t times, and with slopes of the activation: with ReLU it neither
 * vanishes nor explodes as long as |u| stays near 1. Units meet in the layer above; the authors stack many.
 *
 * <p>First values of u are drawn evenly from 0 to 1, units of short and long memory side by side. The authors go up to
 * a bound to the power of 1 / T, 2^(1/T) say, which is 1 for long sequences; a layer whose last step alone is looked at
 * does better with all u near 1. {@code Network.Builder.recurrentWeights} asks its rule for one weight at a time, of 1
 * row and 1 column:
 *
 * <pre>{@code
 * double most = Math.pow(2, 1.0 / timeSteps);
 * var builder = Network.builder(inputSize).layer(IndRnn.of(128)).classes(10)
 *         .recurrentWeights((rows, columns, fanOut, random) -> (row, column) -> random.nextDouble(most));
 * }</pre>
 *
 * <p>Parameters: {@code weightIh} [H, I] (for tokens [I, H]), {@code weightHh} [H], which is u, {@code bias} [H]. State
 * plane: h. A recurrent mask multiplies h where u does. {@link #variant}: the ordinal of the activation.
 *
 * @param hiddenSize hidden units, H
 * @param activation what is done to the sum
 */
public record IndRnn(int hiddenSize, Activation activation) implements Cell {
    private static final String ACTIVATION = "activation";

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public IndRnn {
        CellShape.units(hiddenSize, 1);
        Objects.requireNonNull(activation, "activation: expected one, got null");
    }

    /**
     * {@return a cell with ReLU}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static IndRnn of(int hiddenSize) {
        return new IndRnn(hiddenSize, Activation.RELU);
    }

    /**
     * {@return a cell with tanh}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static IndRnn tanh(int hiddenSize) {
        return new IndRnn(hiddenSize, Activation.TANH);
    }

    /**
     * {@return the cell that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int)} has it
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or an option is damaged
     */
    public static IndRnn of(int hiddenSize, Map<String, String> options) {
        return new IndRnn(hiddenSize, CellOptions.choice(options, ACTIVATION, Activation.RELU));
    }

    @Override
    public String name() {
        return "indrnn";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize};
    }

    @Override
    public int rows() {
        return hiddenSize;
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        return TensorLayout.builder()
                .add("weightIh", kind.weightShape(hiddenSize, inputSize))
                .add("weightHh", hiddenSize)
                .add("bias", hiddenSize)
                .build();
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        return List.of(
                ParameterBlock.input(layout.get("weightIh"), kind, 0),
                ParameterBlock.elementwise(layout.get("weightHh"), Source.PREVIOUS_STATE, 0, 0),
                ParameterBlock.bias(layout.get("bias"), 0));
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public boolean hasKinks() {
        return activation == Activation.RELU;
    }

    @Override
    public Map<String, String> options() {
        return Map.of(ACTIVATION, CellOptions.text(activation));
    }

    @Override
    public long variant() {
        return activation.ordinal();
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new IndRnnReference(activation);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), IndRnnVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
