package dev.rondo.cell.lstm;

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
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gate (Gers, Schmidhuber and Cummins 2000):
 *
 * <pre>
 *   i = sigmoid(W_i x + R_i h + b_i)      f = sigmoid(W_f x + R_f h + b_f)
 *   g = tanh   (W_g x + R_g h + b_g)      o = sigmoid(W_o x + R_o h + b_o)
 *   c' = f * c + i * g                    h' = o * tanh(c')
 * </pre>
 *
 * <p>Options, in any combination:
 *
 * <pre>{@code
 * Lstm.of(128).peepholes(Lstm.Gate.INPUT, Lstm.Gate.OUTPUT).coupled().clip(3).cellClip(10).projection(64).layerNorm()
 * }</pre>
 *
 * <ul>
 *   <li>{@link #peepholes(Gate, Gate...)}: gates see the cell (Gers and Schmidhuber 2000). p_i * c is added within i,
 *       p_f * c within f, and p_o * c', of the new cell, within o.
 *   <li>{@link #coupled()}: f = 1 - i (Greff et al. 2017, "CIFG"). The rows of f are not there.
 *   <li>{@link #clip(double)}: what sigmoid and tanh of the four gates take, peepholes included, is clipped to [-clip,
 *       clip], as ONNX does; what tanh(c') takes is not. Where clipped the gradient is 0.
 *   <li>{@link #cellClip(double)}: c' is clipped to [-cellClip, cellClip], before o and h' see it (Sak et al. 2014).
 *       Where clipped the gradient is 0.
 *   <li>{@link #projection(int)}: h' = W_p (o * tanh(c')), of P numbers; so R is [4H, P] (Sak et al. 2014, "LSTMP").
 *   <li>{@link #layerNorm()}: each gate takes N(W x) * gain + N(R h) * gain + b, and h' = o * tanh(N(c') * gain +
 *       b_c) (Ba et al. 2016, equations 20 to 22; as in Haste). N(v) = (v - mean(v)) / sqrt(variance(v) + epsilon) of
 *       one row of one step: of W x and of R h each over the rows of all gates together, of c' over its H. Peepholes
 *       are added after it, and see c and c' as they are.
 * </ul>
 *
 * <p>This is the one place that says the order of gates: pre-activation rows are i, f, g, o, H each, as in PyTorch; i,
 * g, o where gates are coupled. With G of them, parameters are {@code weightIh} [G*H, I] (for tokens [I, G*H]), {@code
 * weightHh} [G*H, P], one {@code bias} [G*H], with layer norm {@code biasCell} [H]; then the pointwise ones, {@code
 * peepholeI}, {@code peepholeF}, {@code peepholeO} [H], those there are, with layer norm {@code gainIh}, {@code gainHh}
 * [G*H], {@code gainCell} [H]; last {@code weightHr} [P, H]. With layer norm pre-activation rows are W x and R h, G*H
 * each, then the biases: what the gates take, and what the tanh of the cell takes.
 *
 * <p>State planes: h [P], c [H]. {@link #variant}: 1, 2, 4 for peepholes of i, f, o, 8 for coupled gates, 16 for clip,
 * 32 for cellClip, 64 for a projection, 128 for layer norm, added up; {@link #settings}: clip, cellClip, projection,
 * epsilon.
 *
 * @param hiddenSize hidden units, H
 * @param forgetBias what the forget gate's bias starts with; 1 keeps early gradients alive (Jozefowicz et al. 2015);
 *     where gates are coupled, the input gate's bias starts with its negative
 * @param peepholes the gates that see the cell
 * @param gatesCoupled whether f = 1 - i
 * @param clip bound of what activations take; infinite for none
 * @param cellClip bound of the cell; infinite for none
 * @param projection P, numbers of the output; 0 for no projection
 * @param normEpsilon epsilon of layer norm; 0 for none
 */
public record Lstm(int hiddenSize, double forgetBias, Set<Gate> peepholes, boolean gatesCoupled, double clip,
        double cellClip, int projection, double normEpsilon) implements Cell {
    private static final int MOST_GATES = 4;
    private static final int COUPLED = 8;
    private static final int CLIP = 16;
    private static final int CELL_CLIP = 32;
    private static final int PROJECTION = 64;
    private static final int LAYER_NORM = 128;
    private static final double NORM_EPSILON = 1e-5;

    /** What may see the cell; the native library knows them by their order. */
    public enum Gate {
        /** i, which sees the old cell. */
        INPUT,
        /** f, which sees the old cell. */
        FORGET,
        /** o, which sees the new cell. */
        OUTPUT
    }

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, rows are more than an int, the bias is not
     *     finite, a bound is not above 0, projection or epsilon are negative, or the forget gate has a peephole where
     *     it is coupled
     */
    public Lstm {
        CellShape.units(hiddenSize, normEpsilon == 0 ? MOST_GATES : 3 * MOST_GATES + 1);
        if (!Double.isFinite(forgetBias)) {
            throw new IllegalArgumentException("forgetBias: expected a finite number, got " + forgetBias);
        }
        Objects.requireNonNull(peepholes, "peepholes: expected a set, got null");
        var inOrder = EnumSet.noneOf(Gate.class);
        for (Gate gate : peepholes) {
            inOrder.add(Objects.requireNonNull(gate, "peepholes: expected no null, got one"));
        }
        peepholes = Collections.unmodifiableSet(inOrder);
        if (gatesCoupled && peepholes.contains(Gate.FORGET)) {
            throw new IllegalArgumentException(
                    "peepholes: expected none of the forget gate, which coupled is 1 - i, got " + text(peepholes));
        }
        aboveZero("clip", clip);
        aboveZero("cellClip", cellClip);
        if (projection < 0) {
            throw new IllegalArgumentException("projection: expected at least 1, or 0 for none, got " + projection);
        }
        if (!(normEpsilon >= 0 && normEpsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "layerNorm: expected a finite epsilon above 0, or 0 for none, got " + normEpsilon);
        }
    }

    private static void aboveZero(String name, double bound) {
        if (!(bound > 0)) {
            throw new IllegalArgumentException(name + ": expected a number above 0, got " + bound);
        }
    }

    /**
     * An LSTM without options.
     *
     * @param hiddenSize hidden units, H
     * @param forgetBias what the forget gate's bias starts with
     * @throws IllegalArgumentException if {@code hiddenSize} is below 1, 4H is no int, or the bias is not finite
     */
    public Lstm(int hiddenSize, double forgetBias) {
        this(hiddenSize, forgetBias, Set.of(), false, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 0, 0);
    }

    /**
     * {@return an LSTM without options whose forget gates start with a bias of 1}
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
        return new Lstm(hiddenSize, CellOptions.number(options, "forgetBias", 1),
                CellOptions.choices(options, "peepholes", Gate.class),
                CellOptions.flag(options, "coupled"),
                CellOptions.number(options, "clip", Double.POSITIVE_INFINITY),
                CellOptions.number(options, "cellClip", Double.POSITIVE_INFINITY),
                CellOptions.count(options, "projection"),
                CellOptions.number(options, "layerNorm", 0));
    }

    /**
     * {@return this cell with peepholes of these gates and no others}
     *
     * @param first a gate that sees the cell
     * @param more others
     * @throws IllegalArgumentException if one is the forget gate and it is coupled
     */
    public Lstm peepholes(Gate first, Gate... more) {
        Objects.requireNonNull(first, "first: expected a gate, got null");
        Objects.requireNonNull(more, "more: expected gates, got null");
        for (int i = 0; i < more.length; i++) {
            Objects.requireNonNull(more[i], "more[" + i + "]: expected a gate, got null");
        }
        return new Lstm(hiddenSize, forgetBias, EnumSet.of(first, more), gatesCoupled, clip, cellClip,
                projection, normEpsilon);
    }

    /**
     * {@return this cell with f = 1 - i}
     *
     * @throws IllegalArgumentException if the forget gate has a peephole
     */
    public Lstm coupled() {
        return new Lstm(hiddenSize, forgetBias, peepholes, true, clip, cellClip, projection, normEpsilon);
    }

    /**
     * {@return this cell with what its gates' activations take clipped}
     *
     * @param bound above 0; infinite for none
     * @throws IllegalArgumentException if it is not above 0
     */
    public Lstm clip(double bound) {
        return new Lstm(hiddenSize, forgetBias, peepholes, gatesCoupled, bound, cellClip, projection, normEpsilon);
    }

    /**
     * {@return this cell with a clipped c'}
     *
     * @param bound above 0; infinite for none
     * @throws IllegalArgumentException if it is not above 0
     */
    public Lstm cellClip(double bound) {
        return new Lstm(hiddenSize, forgetBias, peepholes, gatesCoupled, clip, bound, projection, normEpsilon);
    }

    /**
     * {@return this cell with an output of fewer numbers than units, or more}
     *
     * @param outputSize P, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Lstm projection(int outputSize) {
        if (outputSize < 1) {
            throw new IllegalArgumentException("projection: expected at least 1, got " + outputSize);
        }
        return new Lstm(hiddenSize, forgetBias, peepholes, gatesCoupled, clip, cellClip, outputSize, normEpsilon);
    }

    /**
     * {@return this cell with layer norm}
     *
     * @throws IllegalArgumentException if rows are more than an int
     */
    public Lstm layerNorm() {
        return layerNorm(NORM_EPSILON);
    }

    /**
     * {@return this cell with layer norm}
     *
     * @param epsilon what is added to the variance, finite and above 0
     * @throws IllegalArgumentException if it is not, or rows are more than an int
     */
    public Lstm layerNorm(double epsilon) {
        if (!(epsilon > 0)) {
            throw new IllegalArgumentException("layerNorm: expected a finite epsilon above 0, got " + epsilon);
        }
        return new Lstm(hiddenSize, forgetBias, peepholes, gatesCoupled, clip, cellClip, projection, epsilon);
    }

    @Override
    public String name() {
        return "lstm";
    }

    @Override
    public int[] planeWidths() {
        return new int[] {projects() ? projection : hiddenSize, hiddenSize};
    }

    /** {@return the number of gates, G} */
    int gates() {
        return gatesCoupled ? MOST_GATES - 1 : MOST_GATES;
    }

    /** {@return which group of H pre-activation rows is the first of what the gates take} */
    int firstGroup() {
        return normalizes() ? 2 * gates() : 0;
    }

    /** {@return the first pre-activation row of a gate} */
    int row(Gate gate) {
        int group = switch (gate) {
            case INPUT -> 0;
            case FORGET -> 1;
            case OUTPUT -> gates() - 1;
        };
        return (firstGroup() + group) * hiddenSize;
    }

    /** {@return the first pre-activation row of g} */
    int candidateRow() {
        return (firstGroup() + gates() - 2) * hiddenSize;
    }

    /** {@return the first pre-activation row of what the tanh of the cell takes, with layer norm} */
    int cellRow() {
        return (firstGroup() + gates()) * hiddenSize;
    }

    /** {@return which of the groups of H pointwise parameters is a gate's peephole; -1 if it has none} */
    int peephole(Gate gate) {
        int before = 0;
        for (Gate other : peepholes) {
            if (other == gate) {
                return before;
            }
            before++;
        }
        return -1;
    }

    boolean clips() {
        return clip < Double.POSITIVE_INFINITY;
    }

    boolean clipsCell() {
        return cellClip < Double.POSITIVE_INFINITY;
    }

    boolean projects() {
        return projection > 0;
    }

    boolean normalizes() {
        return normEpsilon > 0;
    }

    @Override
    public int rows() {
        return normalizes() ? cellRow() + hiddenSize : gates() * hiddenSize;
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        Objects.requireNonNull(kind, "kind: expected one, got null");
        int rows = gates() * hiddenSize;
        var layout = TensorLayout.builder()
                .add("weightIh", kind.weightShape(rows, inputSize))
                .add("weightHh", rows, outputSize())
                .add("bias", rows);
        if (normalizes()) {
            layout.add("biasCell", hiddenSize);
        }
        peepholes.forEach(gate -> layout.add(peepholeName(gate), hiddenSize));
        if (normalizes()) {
            layout.add("gainIh", rows).add("gainHh", rows).add("gainCell", hiddenSize);
        }
        if (projects()) {
            layout.add("weightHr", projection, hiddenSize);
        }
        return layout.build();
    }

    private static String peepholeName(Gate gate) {
        return "peephole" + gate.name().charAt(0);
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        TensorLayout layout = layout(inputSize, kind);
        int firstRow = firstGroup() * hiddenSize;
        int stateRow = normalizes() ? gates() * hiddenSize : 0;
        var blocks = new ArrayList<>(List.of(
                ParameterBlock.input(layout.get("weightIh"), kind, 0),
                ParameterBlock.matrix(layout.get("weightHh"), Source.PREVIOUS_STATE, 0, stateRow),
                ParameterBlock.bias(layout.get("bias"), firstRow)));
        if (normalizes()) {
            blocks.add(ParameterBlock.bias(layout.get("biasCell"), cellRow()));
        }
        for (Gate gate : peepholes) {
            Source source = gate == Gate.OUTPUT ? Source.NEW_STATE : Source.PREVIOUS_STATE;
            blocks.add(ParameterBlock.elementwise(layout.get(peepholeName(gate)), source, 1, row(gate)));
        }
        if (normalizes()) {
            blocks.add(ParameterBlock.elementwise(layout.get("gainIh"), Source.POINTWISE, 0, firstRow));
            blocks.add(ParameterBlock.elementwise(layout.get("gainHh"), Source.POINTWISE, 0, firstRow));
            blocks.add(ParameterBlock.elementwise(layout.get("gainCell"), Source.POINTWISE, 0, cellRow()));
        }
        if (projects()) {
            blocks.add(ParameterBlock.matrix(layout.get("weightHr"), Source.UNPROJECTED, 0, 0));
        }
        return List.copyOf(blocks);
    }

    @Override
    public boolean perUnit() {
        return !projects() && !normalizes();
    }

    @Override
    public boolean holdsUnits() {
        return !projects();
    }

    @Override
    public boolean hasKinks() {
        return clips() || clipsCell();
    }

    @Override
    public double initialBias(int row) {
        int first = row(gatesCoupled ? Gate.INPUT : Gate.FORGET);
        if (row < first || row >= first + hiddenSize) {
            return 0;
        }
        return gatesCoupled ? -forgetBias : forgetBias;
    }

    @Override
    public Map<String, String> options() {
        var options = new TreeMap<>(Map.of("forgetBias", Double.toString(forgetBias)));
        if (!peepholes.isEmpty()) {
            options.put("peepholes", text(peepholes));
        }
        if (gatesCoupled) {
            options.put("coupled", "true");
        }
        if (clips()) {
            options.put("clip", Double.toString(clip));
        }
        if (clipsCell()) {
            options.put("cellClip", Double.toString(cellClip));
        }
        if (projects()) {
            options.put("projection", Integer.toString(projection));
        }
        if (normalizes()) {
            options.put("layerNorm", Double.toString(normEpsilon));
        }
        return options;
    }

    private static String text(Set<Gate> gates) {
        return gates.stream().map(CellOptions::text).collect(Collectors.joining("+"));
    }

    @Override
    public long variant() {
        long variant = (gatesCoupled ? COUPLED : 0) + (clips() ? CLIP : 0) + (clipsCell() ? CELL_CLIP : 0)
                + (projects() ? PROJECTION : 0) + (normalizes() ? LAYER_NORM : 0);
        for (Gate gate : peepholes) {
            variant += 1L << gate.ordinal();
        }
        return variant;
    }

    @Override
    public double[] settings() {
        return new double[] {clip, cellClip, projection, normEpsilon};
    }

    @Override
    public CellKernel kernel(Backend backend) {
        Backends.require(backend);
        return switch (backend) {
            case REFERENCE -> new LstmReference(this);
            case VECTOR -> new VectorKernel(MethodHandles.lookup(), LstmVector.class);
            case NATIVE -> new NativeKernel();
        };
    }
}
