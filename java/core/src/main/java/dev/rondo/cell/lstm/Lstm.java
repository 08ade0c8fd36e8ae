package dev.rondo.cell.lstm;

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

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gate (Gers, Schmidhuber and Cummins 2000):
 *
 * <pre>
 *   i = sigmoid(W_i x + R_i h + b_i)      f = sigmoid(W_f x + R_f h + b_f)
 *   g = tanh   (W_g x + R_g h + b_g)      o = sigmoid(W_o x + R_o h + b_o)
 *   c' = f * c + i * g                    h' = o * tanh(c')
 * </pre>
 *
 * <p>This is the one place that says the order of gates: pre-activation rows are i, f, g, o, H each, as in PyTorch.
 * Parameters: {@code weightIh} [4H, I] (for tokens [I, 4H]), {@code weightHh} [4H, H], one {@code bias} [4H]. State
 * planes: h, c.
 *
 * @param hiddenSize hidden units, H
 * @param forgetBias what the forget gate's bias starts with; 1 keeps early gradients alive (Jozefowicz et al. 2015)
 */
public record Lstm(int hiddenSize, double forgetBias) implements Cell {
    static final int GATES = 4;
    static final int FORGET = 1;

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, 4H is no int, or the bias is not finite
     */
    public Lstm {
        CellShape.units(hiddenSize, GATES);
        if (!Double.isFinite(forgetBias)) {
            throw new IllegalArgumentException("forgetBias: expected a finite number, got " + forgetBias);
        }
    }

    /**
     * {@return an LSTM whose forget gates start with a bias of 1}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 4H is no int
     */
    public static Lstm of(int hiddenSize) {
        return new Lstm(hiddenSize, 1);
    }

    /**
     * {@return the LSTM that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int)} has it
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, 4H is no int, or an option is damaged
     */
    public static Lstm of(int hiddenSize, Map<String, String> options) {
        return new Lstm(hiddenSize, CellOptions.number(options, "forgetBias", 1));
    }

    @Override
    public String name() {
        return "lstm";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize, hiddenSize};
    }

    @Override
    public int rows() {
        return GATES * hiddenSize;
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public double initialBias(int row) {
        return row / hiddenSize == FORGET ? forgetBias : 0;
    }

    @Override
    public Map<String, String> options() {
        return Map.of("forgetBias", Double.toString(forgetBias));
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new LstmReference();
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), LstmVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
