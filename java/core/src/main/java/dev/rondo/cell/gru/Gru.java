package dev.rondo.cell.gru;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Gated recurrent units, in two forms that differ in where the reset gate acts:
 *
 * <pre>
 *   r = sigmoid(W_r x + R_r h + b_r)                 z = sigmoid(W_z x + R_z h + b_z)
 *   after the product:   n = tanh(W_n x + b_n + r * (R_n h + b_hn))
 *   before the product:  n = tanh(W_n x + R_n (r * h) + b_n)
 *   h' = (1 - z) * n + z * h
 * </pre>
 *
 * <p>Before the product is the cell as it was published (Cho et al. 2014); after it is what PyTorch and cuDNN compute,
 * with one recurrent product in a step. A recurrent mask multiplies h in the products, not in z * h.
 *
 * <p>This is the one place that says the order of gates: r, z, n, H rows each in the parameters, as in PyTorch.
 * Parameters: {@code weightIh} [3H, I] (for tokens [I, 3H]), {@code weightHh} [3H, H], {@code bias} [3H], and after the
 * product {@code biasHn} [H]. Pre-activation rows: r, z, n; after the product the two parts of n apart, r, z, W_n x +
 * b_n, R_n h + b_hn, so that {@code bias} and {@code biasHn} side by side are the bias of all 4H. State plane: h. Cache
 * plane, before the product: r * h. {@link #variant}: the ordinal of the reset.
 *
 * @param hiddenSize hidden units, H
 * @param reset where the reset gate acts
 */
public record Gru(int hiddenSize, Reset reset) implements Cell {
    private static final String RESET = "reset";
    private static final int GATES = 3;
    private static final int MOST_GROUPS = 4;

    /** Where the reset gate acts; the native library knows them by their order. */
    public enum Reset {
        /** On the product R_n h + b_hn. */
        AFTER,
        /** On h, before the product with R_n. */
        BEFORE
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 4H is no int
     */
    public Gru {
        CellShape.units(hiddenSize, MOST_GROUPS);
        Objects.requireNonNull(reset, "reset: expected one, got null");
    }

    /**
     * {@return a GRU with reset after the product}
     *
     * @param hiddenSize hidden units, H
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or 4H is no int
     */
    public static Gru of(int hiddenSize) {
        return new Gru(hiddenSize, Reset.AFTER);
    }

    /**
     * {@return the GRU that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int)} has it
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, 4H is no int, or an option is damaged
     */
    public static Gru of(int hiddenSize, Map<String, String> options) {
        return new Gru(hiddenSize, CellOptions.choice(options, RESET, Reset.AFTER));
    }

    /** {@return this cell with reset before the product} */
    public Gru resetBefore() {
        return new Gru(hiddenSize, Reset.BEFORE);
    }

    @Override
    public String name() {
        return "gru";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {hiddenSize};
    }

    @Override
    public int[] cachePlaneWidths() {
        return reset == Reset.BEFORE ? new int[] {hiddenSize} : new int[0];
    }

    @Override
    public int rows() {
        return (reset == Reset.AFTER ? MOST_GROUPS : GATES) * hiddenSize;
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        var layout = TensorLayout.builder()
                .add("weightIh", kind.weightShape(GATES * hiddenSize, inputSize))
                .add("weightHh", GATES * hiddenSize, hiddenSize)
                .add("bias", GATES * hiddenSize);
        return (reset == Reset.AFTER ? layout.add("biasHn", hiddenSize) : layout).build();
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        int H = hiddenSize;
        TensorLayout.Tensor weightHh = layout.get("weightHh");
        var blocks = new ArrayList<>(List.of(
                ParameterBlock.input(layout.get("weightIh"), kind, 0),
                ParameterBlock.matrix(weightHh, Source.PREVIOUS_STATE, 0, 0).slice(0, 2 * H, 0), // r and z
                ParameterBlock.bias(layout.get("bias"), 0)));
        switch (reset) {
            case AFTER -> {
                blocks.add(ParameterBlock.matrix(weightHh, Source.PREVIOUS_STATE, 0, 0).slice(2 * H, H, 3 * H));
                blocks.add(ParameterBlock.bias(layout.get("biasHn"), 3 * H));
            }
            case BEFORE -> blocks.add(ParameterBlock.matrix(weightHh, Source.CACHE, 0, 0).slice(2 * H, H, 2 * H));
        }
        return List.copyOf(blocks);
    }

    @Override
    public boolean perUnit() {
        return reset == Reset.AFTER;
    }

    @Override
    public Map<String, String> options() {
        return Map.of(RESET, CellOptions.text(reset));
    }

    @Override
    public long variant() {
        return reset.ordinal();
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new GruReference(reset);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), GruVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
