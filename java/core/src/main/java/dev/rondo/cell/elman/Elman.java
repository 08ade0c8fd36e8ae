package dev.rondo.cell.elman;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellOptions;
import dev.rondo.cell.CellShape;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.VectorKernel;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.Objects;

/**
 * The simple recurrent cell (Elman 1990):
 *
 * <pre>
 *   h' = activation(W x + R h + b)
 * </pre>
 *
 * <p>Parameters: {@code weightIh} [H, I] (for tokens [I, H]), {@code weightHh} [H, H], {@code bias} [H]. State plane:
 * h. {@link #variant}: the ordinal of the activation.
 *
 * @param hiddenSize hidden units, H
 * @param activation what is done to the sum
 */
public record Elman(int hiddenSize, Activation activation) implements Cell {
    private static final String ACTIVATION = "activation";

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public Elman {
        CellShape.units(hiddenSize, 1);
        Objects.requireNonNull(activation, "activation: expected one, got null");
    }

    /**
     * {@return a cell with tanh}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static Elman of(int hiddenSize) {
        return new Elman(hiddenSize, Activation.TANH);
    }

    /**
     * {@return a cell of rectified linear units}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static Elman relu(int hiddenSize) {
        return new Elman(hiddenSize, Activation.RELU);
    }

    /**
     * {@return a cell with the logistic function}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1
     */
    public static Elman sigmoid(int hiddenSize) {
        return new Elman(hiddenSize, Activation.SIGMOID);
    }

    /**
     * {@return the cell that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int)} has it
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or an option is damaged
     */
    public static Elman of(int hiddenSize, Map<String, String> options) {
        return new Elman(hiddenSize, CellOptions.choice(options, ACTIVATION, Activation.TANH));
    }

    @Override
    public String name() {
        return "elman";
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
            case REFERENCE -> new ElmanReference(activation);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), ElmanVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
