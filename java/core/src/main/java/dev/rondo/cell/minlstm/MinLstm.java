package dev.rondo.cell.minlstm;

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
 * The minimal long short-term memory (Feng, Tung, Hajimirsadeghi, Ahmed and Bengio 2024, "Were RNNs all we needed?",
 * section 3.2): an LSTM whose gates and candidate see the input alone, without output gate and tanh, and whose input
 * and forget gates are taken relative to each other:
 *
 * <pre>
 *   i = sigmoid(W_i x + b_i)      f = sigmoid(W_f x + b_f)      g = W_g x + b_g
 *   h' = f / (f + i) * h + i / (f + i) * g
 * </pre>
 *
 * <p>Both gates may underflow where the quotients are ordinary numbers, so these are not divided. With a and b the
 * pre-activations of i and f, and m = min(0, a, b), none of the following powers is above 1 and one of them is 1:
 *
 * <pre>
 *   A = e^(m - a)      B = e^(m - b)      E = e^m      D = A + B + 2 E
 *   i / (f + i) = (E + B) / D             f / (f + i) = (E + A) / D
 * </pre>
 *
 * <p>There are no recurrent weights: a unit sees its own past only, and units meet in the layer above. So all products
 * of a sequence are one; the native body then scans over time, a vector of units after the other. It does so in plain
 * numbers, for f / (f + i) is at most 1: positive candidates, which the authors' form in logarithms needs, are not
 * asked for.
 *
 * <p>Parameters: {@code weightIh} [3H, I] (for tokens [I, 3H]), {@code bias} [3H]; rows i, f, g, as in the LSTM. State
 * plane: h. With no recurrent product a recurrent mask multiplies nothing: it is accepted, and changes nothing.
 *
 * @param hiddenSize hidden units, H
 */
public record MinLstm(int hiddenSize) implements Cell {
    private static final int GATES = 3;

    /**
     * Checks its argument.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 3H is no int
     */
    public MinLstm {
        CellShape.units(hiddenSize, GATES);
    }

    /**
     * {@return a minLSTM}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 3H is no int
     */
    public static MinLstm of(int hiddenSize) {
        return new MinLstm(hiddenSize);
    }

    /**
     * {@return the cell that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options none are known
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 3H is no int
     */
    public static MinLstm of(int hiddenSize, Map<String, String> options) {
        Objects.requireNonNull(options, "options: expected a map, got null");
        return new MinLstm(hiddenSize);
    }

    @Override
    public String name() {
        return "minlstm";
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
            case REFERENCE -> new MinLstmReference();
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), MinLstmVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
