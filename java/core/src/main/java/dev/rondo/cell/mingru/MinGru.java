package dev.rondo.cell.mingru;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.NativeKernel;
import dev.rondo.kernel.VectorKernel;
import dev.rondo.memory.TensorLayout;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.Objects;

/**
 * The minimal gated recurrent unit (Feng, Tung, Hajimirsadeghi, Ahmed and Bengio 2024, "Were RNNs all we needed?",
 * section 3.1): a GRU whose gate and candidate see the input alone, without reset gate and tanh:
 *
 * <pre>
 *   z = sigmoid(W_z x + b_z)      g = W_g x + b_g
 *   h' = (1 - z) * h + z * g
 * </pre>
 *
 * <p>Note the sense of z: 1 takes the new value, where in the GRU of this library it keeps the old one.
 *
 * <p>There are no recurrent weights: a unit sees its own past only, and units meet in the layer above. So all products
 * of a sequence are one; the native body then scans over time, a vector of units after the other. It does so in plain
 * numbers, for 1 - z is at most 1: positive candidates, which the authors' form in logarithms needs, are not asked for.
 *
 * <p>Parameters: {@code weightIh} [2H, I] (for tokens [I, 2H]), {@code bias} [2H]; rows z, then g. State plane: h. With
 * no recurrent product a recurrent mask multiplies nothing: it is accepted, and changes nothing.
 *
 * @param hiddenSize hidden units, H
 */
public record MinGru(int hiddenSize) implements Cell {
    private static final int GATES = 2;

    /**
     * Checks its argument.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 2H is no int
     */
    public MinGru {
        CellShape.units(hiddenSize, GATES);
    }

    /**
     * {@return a minGRU}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 2H is no int
     */
    public static MinGru of(int hiddenSize) {
        return new MinGru(hiddenSize);
    }

    /**
     * {@return the cell that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options none are known
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 2H is no int
     */
    public static MinGru of(int hiddenSize, Map<String, String> options) {
        Objects.requireNonNull(options, "options: expected a map, got null");
        return new MinGru(hiddenSize);
    }

    @Override
    public String name() {
        return "mingru";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize};
    }

    @Override
    public int rows() {
        return GATES * hiddenSize;
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        return TensorLayout.builder()
                .add("weightIh", kind.weightShape(rows(), inputSize))
                .add("bias", rows())
                .build();
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new MinGruReference();
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), MinGruVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
