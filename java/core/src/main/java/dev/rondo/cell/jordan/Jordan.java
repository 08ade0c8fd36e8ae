package dev.rondo.cell.jordan;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The network of Jordan (1986, "Serial order: a parallel distributed processing approach"), whose output feeds its
 * hidden units at the next step:
 *
 * <pre>
 *   h' = f(W x + U s + b)      y' = g(V h' + c)      s = y
 *   with a decaying context:   s' = y' + alpha s
 *   with Elman's feedback too: h' = f(W x + U s + R h + b)
 * </pre>
 *
 * <p>What feeds back is the network's own output: it runs freely, and its gradient goes through every y. Teacher
 * forcing puts the target of the step before in the place of s, which is an input then: [x, d] of an ordinary layer.
 *
 * <p>Parameters: {@code weightIh} [H, I] (for tokens [I, H]), {@code weightHh} [H, O] = U, with Elman's feedback
 * [H, O + H], where in each row R is behind U; {@code bias} [H + O], b and c; {@code weightHy} [O, H] = V.
 * Pre-activation rows: those of h', H, and of y', O. State planes: y [O]; s [O] if there is a decay; h [H] if there is
 * Elman's feedback. Cache plane: h' [H].
 *
 * <p>Without decay a recurrent mask multiplies y within U y, and nothing else; with one, U multiplies s and a mask
 * changes nothing, as in a cell that multiplies no state. Units cannot be held one by one: hidden ones and outputs are
 * not the same.
 *
 * <p>{@link #variant}: the ordinal of f, plus 3 times that of g, plus 9 with Elman's feedback; {@link #settings}: O,
 * alpha.
 *
 * @param hiddenSize hidden units, H
 * @param outputs numbers of the output, O
 * @param activation f
 * @param outputActivation g
 * @param decay alpha, from 0 to below 1; 0 = the last output alone is fed back
 * @param elman whether the hidden units feed themselves, too
 */
public record Jordan(int hiddenSize, int outputs, Activation activation, Output outputActivation, double decay,
        boolean elman) implements Cell {
    private static final int ACTIVATIONS = Activation.values().length;
    private static final int OUTPUTS = Output.values().length;

    /** What an output makes of its pre-activation; the native library knows them by their order. */
    public enum Output {
        /** Nothing: the output is linear. */
        IDENTITY,
        /** The hyperbolic tangent. */
        TANH,
        /** The logistic function, 1 / (1 + e^-x). */
        SIGMOID
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} or {@code outputs} are below 1 or their sum is no int, or
     *     {@code decay} is below 0 or not below 1
     */
    public Jordan {
        CellShape.atLeastOne("hiddenSize", hiddenSize);
        CellShape.atLeastOne("outputs", outputs);
        if (outputs > Integer.MAX_VALUE - hiddenSize) {
            throw new IllegalArgumentException(
                    "outputs: expected at most " + (Integer.MAX_VALUE - hiddenSize) + ", got " + outputs);
        }
        Objects.requireNonNull(activation, "activation: expected one, got null");
        Objects.requireNonNull(outputActivation, "outputActivation: expected one, got null");
        if (!(decay >= 0 && decay < 1)) {
            throw new IllegalArgumentException("decay: expected 0 to below 1, got " + decay);
        }
        decay = Math.abs(decay); // no -0, which would be another cell
    }

    /**
     * {@return a cell of tanh units whose output is linear and fed back without decay}
     *
     * @param hiddenSize hidden units, H
     * @param outputs numbers of the output, O
     * @throws IllegalArgumentException if one is below 1, or their sum is no int
     */
    public static Jordan of(int hiddenSize, int outputs) {
        return new Jordan(hiddenSize, outputs, Activation.TANH, Output.IDENTITY, 0, false);
    }

    /**
     * {@return the cell that a checkpoint describes}
     *
     * @param hiddenSize hidden units, H
     * @param options as {@link #options()} gives them; where one is absent, as {@link #of(int, int)} has it, with as
     *     many outputs as hidden units
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, or an option is damaged
     */
    public static Jordan of(int hiddenSize, Map<String, String> options) {
        int outputs = CellOptions.count(options, "outputs");
        return new Jordan(hiddenSize, outputs == 0 ? hiddenSize : outputs,
                CellOptions.choice(options, "activation", Activation.TANH),
                CellOptions.choice(options, "outputActivation", Output.IDENTITY),
                CellOptions.number(options, "decay", 0),
                CellOptions.flag(options, "elman"));
    }

    /**
     * {@return this cell with other hidden units}
     *
     * @param f what is done to their sums
     */
    public Jordan activation(Activation f) {
        return new Jordan(hiddenSize, outputs, f, outputActivation, decay, elman);
    }

    /**
     * {@return this cell with another output}
     *
     * @param g what is done to its sums
     */
    public Jordan outputActivation(Output g) {
        return new Jordan(hiddenSize, outputs, activation, g, decay, elman);
    }

    /**
     * {@return this cell with a decaying context}
     *
     * @param alpha what is left of the context after a step, from 0 to below 1; 0 for none
     * @throws IllegalArgumentException if it is not
     */
    public Jordan decay(double alpha) {
        return new Jordan(hiddenSize, outputs, activation, outputActivation, alpha, elman);
    }

    /** {@return this cell with Elman's feedback, from hidden units to hidden units, beside that of the output} */
    public Jordan withElman() {
        return new Jordan(hiddenSize, outputs, activation, outputActivation, decay, true);
    }

    @Override
    public String name() {
        return "jordan";
    }

    boolean decays() {
        return decay > 0;
    }

    /** {@return which state plane U multiplies} */
    int contextPlane() {
        return decays() ? 1 : 0;
    }

    /** {@return which state plane R multiplies, with Elman's feedback} */
    int hiddenPlane() {
        return contextPlane() + 1;
    }

    @Override
    public int[] planeWidths() {
        int[] context = decays() ? new int[] {outputs, outputs} : new int[] {outputs};
        if (!elman) {
            return context;
        }
        int[] widths = Arrays.copyOf(context, context.length + 1);
        widths[hiddenPlane()] = hiddenSize;
        return widths;
    }

    @Override
    public int rows() {
        return hiddenSize + outputs;
    }

    @Override
    public int[] cachePlaneWidths() {
        return new int[] {hiddenSize};
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        return TensorLayout.builder()
                .add("weightIh", kind.weightShape(hiddenSize, inputSize))
                .add("weightHh", hiddenSize, outputs + (elman ? hiddenSize : 0))
                .add("bias", rows())
                .add("weightHy", outputs, hiddenSize)
                .build();
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        ParameterBlock bias = ParameterBlock.bias(layout.get("bias"), 0);
        var blocks = new ArrayList<>(List.of(
                ParameterBlock.input(layout.get("weightIh"), kind, 0),
                feedback(layout, 0, contextPlane(), outputs),
                bias.slice(0, hiddenSize, 0),
                bias.slice(hiddenSize, outputs, hiddenSize),
                ParameterBlock.matrix(layout.get("weightHy"), Source.CACHE, 0, hiddenSize)));
        if (elman) {
            blocks.add(feedback(layout, outputs, hiddenPlane(), hiddenSize));
        }
        return List.copyOf(blocks);
    }

    /** {@return some columns of {@code weightHh}, as many as their plane is wide} */
    private ParameterBlock feedback(TensorLayout layout, int column, int plane, int width) {
        TensorLayout.Tensor weightHh = layout.get("weightHh");
        return new ParameterBlock(weightHh.name(), weightHh.offset() + column, 0, hiddenSize, Source.PREVIOUS_STATE,
                plane, 0, width, weightHh.shape().get(1), 1);
    }

    @Override
    public boolean perUnit() {
        return false;
    }

    @Override
    public boolean holdsUnits() {
        return false;
    }

    @Override
    public boolean hasKinks() {
        return activation == Activation.RELU;
    }

    @Override
    public Map<String, String> options() {
        return Map.of(
                "outputs", Integer.toString(outputs),
                "activation", CellOptions.text(activation),
                "outputActivation", CellOptions.text(outputActivation),
                "decay", Double.toString(decay),
                "elman", Boolean.toString(elman));
    }

    @Override
    public long variant() {
        return activation.ordinal() + ACTIVATIONS * outputActivation.ordinal() + (elman ? ACTIVATIONS * OUTPUTS : 0);
    }

    @Override
    public double[] settings() {
        return new double[] {outputs, decay};
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new JordanReference(this);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), JordanVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
