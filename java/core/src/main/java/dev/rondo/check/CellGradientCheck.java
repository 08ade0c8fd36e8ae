package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.check.FiniteDifferences.Variable;
import dev.rondo.check.GradientReport.Row;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Gradients of one body of a cell against finite differences, in float64: by every parameter, every input and every
 * initial state, with lengths, holds, masks, tokens and both directions. The loss is a sum of outputs and last states
 * with random factors, which are the incoming gradients.
 *
 * <pre>{@code
 * CellGradientCheck.of(CellBody.reference(Lstm::of)).run(NamedShape.of("layers:tiny")).assertBelow(1e-8);
 * }</pre>
 */
public final class CellGradientCheck {
    /**
     * What the error has to be below. Rounding leaves finite differences about 1e-12 of the largest gradient, and none
     * is compared with less than a thousandth of that; a wrong or missing term is off by 1e-3 or more.
     */
    public static final double TOLERANCE = 1e-8;

    /** The options that change numbers, not only memory. */
    private static final Set<PassOption> OPTIONS = EnumSet.of(
            PassOption.DENSE, PassOption.TOKENS,
            PassOption.ZERO_INITIAL, PassOption.INITIAL,
            PassOption.FULL_LENGTH, PassOption.RAGGED,
            PassOption.NO_HOLD, PassOption.HOLD_ROWS, PassOption.HOLD_UNITS,
            PassOption.NO_MASK, PassOption.ONE_MASK, PassOption.MASK_PER_STEP,
            PassOption.FORWARD, PassOption.REVERSED,
            PassOption.FROM_OUTPUT_AND_LAST, PassOption.FROM_OUTPUT, PassOption.FROM_ONE_PLANE,
            PassOption.NO_INPUT_GRADIENT, PassOption.INPUT_GRADIENT,
            PassOption.ALL_LAST, PassOption.OUTPUT, PassOption.PARAMS_GRADIENT, PassOption.INITIAL_GRADIENT,
            PassOption.PRE_ACTIVATIONS, PassOption.ONE_THREAD, PassOption.EXACT_PLAN);

    private final CellBody body;

    private CellGradientCheck(CellBody body) {
        this.body = body;
    }

    /**
     * {@return the gradient check of a body}
     *
     * @param body of float64
     * @throws IllegalArgumentException if it is not
     */
    public static CellGradientCheck of(CellBody body) {
        Objects.requireNonNull(body, "body: expected one, got null");
        if (body.precision() != Precision.FLOAT64) {
            throw new IllegalArgumentException("precision: expected FLOAT64, got " + body.precision());
        }
        return new CellGradientCheck(body);
    }

    /**
     * {@return one row for each tensor, with its worst element over variants in which every pair of options occurs}
     *
     * @param shape sizes of the passes, whose options depend on its name
     * @throws RuntimeException whatever the body throws
     */
    public GradientReport run(NamedShape shape) {
        Objects.requireNonNull(shape, "shape: expected one, got null");
        Cell cell = body.cell(shape.hiddenSize());
        Set<PassOption> without = EnumSet.complementOf(EnumSet.copyOf(OPTIONS));
        if (!cell.holdsUnits()) {
            without.add(PassOption.HOLD_UNITS);
        }
        long seed = shape.name().hashCode();
        var rows = new LinkedHashMap<String, Row>();
        for (PassVariant variant : PassVariant.allPairs(seed, without)) {
            CellData data = CellData.forDifferences(cell, shape.of(cell), variant, seed++);
            for (Row row : check(data, variant)) {
                var named = new Row(row.tensor(), row.against(), row.elements(), row.worst() + " (" + variant + ")",
                        row.gradient(), row.expected(), row.error(), TOLERANCE);
                rows.merge(row.tensor(), named, CellGradientCheck::join);
            }
        }
        return new GradientReport(List.copyOf(rows.values()));
    }

    private static Row join(Row a, Row b) {
        Row worst = Double.compare(a.error(), b.error()) >= 0 ? a : b; // not-a-number is the largest
        return new Row(a.tensor(), a.against(), a.elements() + b.elements(), worst.worst(), worst.gradient(),
                worst.expected(), worst.error(), TOLERANCE);
    }

    private List<Row> check(CellData data, PassVariant variant) {
        Arrays.fill(data.paramsBefore, 0);
        Map<String, double[]> gradients;
        try (var trial = new CellTrial(body, data, variant)) {
            trial.forward();
            gradients = trial.backward();
        }
        for (int p = 0; p < data.planes(); p++) {
            if (data.initial[p] == null) {
                data.initial[p] = new double[data.planeCount(p)]; // to be varied, an absent state has to be there
            }
        }
        double smallest = FiniteDifferences.smallest(gradients.values());
        var rows = new ArrayList<Row>();
        try (var probe = new CellTrial(body, data, variant)) {
            tensors(data, variant).forEach((tensor, numbers) -> {
                int offset = Math.toIntExact(tensor.offset());
                double[] gradient = gradients.get("gradient of " + tensor.name());
                int[] all = IntStream.range(0, gradient.length).toArray();
                rows.add(FiniteDifferences.compare(tensor, gradient, all, smallest, element -> OptionalDouble.of(
                        FiniteDifferences.derivative(probe::loss, Variable.of(numbers, offset + element)))));
            });
        }
        return rows;
    }

    /** All that the loss depends on, and where its numbers lie. */
    private static Map<Tensor, double[]> tensors(CellData data, PassVariant variant) {
        var tensors = new LinkedHashMap<Tensor, double[]>();
        for (Tensor tensor : data.cell.layout(data.shape.inputSize(), InputKind.DENSE).tensors()) {
            tensors.put(tensor, data.params);
        }
        for (int p = 0; p < data.planes(); p++) {
            var shape = List.of(data.shape.batchSize(), data.cell.planeWidths()[p]);
            tensors.put(new Tensor("initial[" + p + "]", 0, shape), data.initial[p]);
        }
        if (!variant.has(PassOption.NO_INPUT_GRADIENT)) {
            var shape = List.of(data.shape.timeSteps(), data.shape.batchSize(), data.shape.inputSize());
            tensors.put(new Tensor("input", 0, shape), data.input);
        }
        return tensors;
    }
}
