package dev.rondo.check;

import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.check.GuardedMatrix.Extent;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One pass of one body over given numbers, its memory laid out as a variant says and guarded on all sides. Results come
 * out in canonical form: by name, without strides, parameters in the dense layout.
 */
final class CellTrial implements AutoCloseable {
    private static final int BEFORE = 7; // the cell's parameters start at an odd place in their slab

    private final CellData data;
    private final PassVariant variant;
    private final CellPlan plan;
    private final boolean ownsPlan;
    private final Precision precision;
    private final Workspace workspace = new Workspace("trial");
    private final Parameters parameters;
    private final int[] denseIndices;
    private final CellPass pass;
    private final CellGradients gradients;

    private final Set<GuardedMatrix> operands = new LinkedHashSet<>(); // read by both directions
    private final Set<GuardedMatrix> states = new LinkedHashSet<>(); // read by forward
    private final Set<GuardedMatrix> incoming = new LinkedHashSet<>(); // read by backward
    private final Map<String, GuardedMatrix> results = new LinkedHashMap<>(); // written by forward
    private final Map<String, GuardedMatrix> outgoing = new LinkedHashMap<>(); // written by backward
    private final List<Runnable> refills = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();

    /** A trial on a plan of its own, as large as {@code variant} says. */
    CellTrial(CellBody body, CellData data, PassVariant variant) {
        this(planFor(body, data.shape, variant), data, variant, true, true);
    }

    /** A trial that runs forward only and keeps nothing for backward. */
    static CellTrial inference(CellBody body, CellData data, PassVariant variant) {
        return new CellTrial(planFor(body, data.shape, variant), data, variant, true, false);
    }

    /** A trial on a plan that others use too. */
    CellTrial(CellPlan plan, CellData data, PassVariant variant) {
        this(plan, data, variant, false, true);
    }

    private CellTrial(CellPlan plan, CellData data, PassVariant variant, boolean ownsPlan, boolean cached) {
        this.plan = plan;
        this.ownsPlan = ownsPlan;
        this.data = data;
        this.variant = variant;
        this.precision = plan.precision();
        this.denseIndices = data.denseIndices(inputKind());
        TensorLayout layout = TensorLayout.builder().add("before", BEFORE)
                .addAll("cell.", data.cell.layout(data.shape.inputSize(), inputKind())).add("after", BEFORE).build();
        this.parameters = new Parameters(workspace, layout, precision);
        this.pass = buildPass(cached);
        this.gradients = buildGradients();
        reset();
    }

    private static CellPlan planFor(CellBody body, CellShape shape, PassVariant variant) {
        int more = variant.has(PassOption.LARGER_PLAN) ? 3 : 0;
        var largest = new CellShape(
                shape.timeSteps() + more, shape.batchSize() + more, shape.inputSize(), shape.hiddenSize());
        int threads = variant.has(PassOption.ONE_THREAD) ? 1 : variant.has(PassOption.TWO_THREADS) ? 2 : 3;
        return body.plan(largest, threads);
    }

    private CellPass buildPass(boolean cached) {
        var builder = CellPass.of(data.cell, data.shape, parameters, BEFORE);
        builder.reversed(data.reversed).timeOrigin(data.timeOrigin);
        if (cached) {
            builder.cache(workspace.allocateBytes(plan.cacheBytes(data.shape.timeSteps(), data.shape.batchSize())));
        }
        chooseInput(builder);
        for (int p = 0; p < data.planes(); p++) {
            GuardedMatrix initial = null;
            if (data.initial[p] != null) {
                initial = refilled(states, row("initial[" + p + "]", data.planeCount(p)), data.initial[p]);
                builder.initial(p, initial.segment());
            }
            if (!variant.has(PassOption.NO_LAST)) {
                boolean shared = variant.has(PassOption.LAST_IN_INITIAL) && initial != null;
                GuardedMatrix last = shared ? initial : row("last[" + p + "]", data.planeCount(p));
                builder.last(p, result(results, last, "last[" + p + "]").segment());
            }
        }
        if (!variant.has(PassOption.NO_OUTPUT)) {
            GuardedMatrix output = result(results, outputRows("output"), "output");
            builder.output(output.segment(), output.stride());
        }
        if (data.mask != null) {
            var mask = refilled(operands, row("recurrentMask", data.mask.length), data.mask).segment();
            boolean perStep = data.mask.length > data.planeCount(0);
            builder = perStep ? builder.recurrentMasks(mask) : builder.recurrentMask(mask);
        }
        return builder.build();
    }

    private void chooseInput(CellPass.Builder builder) {
        int rows = rows();
        int width = data.shape.inputSize();
        if (inputKind() == InputKind.DENSE) {
            int stride = variant.has(PassOption.STRIDED_INPUT) ? width + 3 : width;
            var input = refilled(operands, matrix("input", new Extent(rows, width, stride)), data.input);
            builder.input(input.segment(), input.stride());
        } else {
            var tokens = new GuardedMatrix(workspace, "tokens", new Extent(1, rows, rows), Integer.BYTES);
            builder.tokens(refilled(operands, tokens, () -> tokens.write(data.tokens)).segment());
        }
        if (data.lengths != null) {
            int batch = data.shape.batchSize();
            var lengths = new GuardedMatrix(workspace, "lengths", new Extent(1, batch, batch), Integer.BYTES);
            builder.lengths(refilled(operands, lengths, () -> lengths.write(data.lengths)).segment());
        }
        if (data.hold != null) {
            var hold = new GuardedMatrix(workspace, "hold", new Extent(rows, data.holdWidth, data.holdWidth), 1);
            builder.hold(refilled(operands, hold, () -> hold.write(data.hold)).segment(), data.holdWidth);
        }
    }

    private CellGradients buildGradients() {
        var builder = CellGradients.of(pass);
        if (data.outputGradient != null) {
            var output = refilled(incoming, outputRows("gradient of output"), data.outputGradient);
            builder.output(output.segment(), output.stride());
        }
        for (int p = 0; p < data.planes(); p++) {
            GuardedMatrix last = null;
            if (data.lastGradient[p] != null) {
                last = refilled(incoming, row("gradient of last[" + p + "]", data.planeCount(p)), data.lastGradient[p]);
                builder.last(p, last.segment());
            }
            if (!variant.has(PassOption.NO_INITIAL_GRADIENT)) {
                String name = "gradient of initial[" + p + "]";
                boolean shared = variant.has(PassOption.INITIAL_GRADIENT_IN_LAST) && last != null;
                builder.initial(p, result(outgoing, shared ? last : row(name, data.planeCount(p)), name).segment());
            }
        }
        if (!variant.has(PassOption.NO_PARAMS_GRADIENT)) {
            var params = result(outgoing, row("gradient of params", data.params.length), "gradient of params");
            refills.add(() -> params.write(toKind(data.paramsBefore), precision));
            builder.params(params.segment());
        }
        if (!variant.has(PassOption.NO_INPUT_GRADIENT)) {
            chooseInputGradient(builder);
        }
        if (!variant.has(PassOption.NO_PRE_ACTIVATIONS)) {
            String name = "gradient of preActivations";
            builder.preActivations(result(outgoing, row(name, rows() * data.cell.rows()), name).segment());
        }
        return builder.build();
    }

    private void chooseInputGradient(CellGradients.Builder builder) {
        int width = data.shape.inputSize();
        boolean tight = variant.has(PassOption.INPUT_GRADIENT);
        String name = "gradient of input";
        var input = result(outgoing, matrix(name, new Extent(rows(), width, tight ? width : width + 2)), name);
        if (data.inputBefore != null) {
            refills.add(() -> input.write(data.inputBefore, precision));
        }
        builder.input(input.segment(), input.stride(), data.inputBefore != null);
    }

    private InputKind inputKind() {
        return variant.has(PassOption.TOKENS) ? InputKind.TOKENS : InputKind.DENSE;
    }

    private int rows() {
        return Math.toIntExact(data.shape.rows());
    }

    private GuardedMatrix row(String name, int count) {
        return matrix(name, new Extent(1, count, count));
    }

    private GuardedMatrix outputRows(String name) {
        int width = data.cell.outputSize();
        return matrix(name, new Extent(rows(), width, variant.has(PassOption.STRIDED_OUTPUT) ? width + 5 : width));
    }

    private GuardedMatrix matrix(String name, Extent extent) {
        return new GuardedMatrix(workspace, name, extent, precision.bytes());
    }

    private GuardedMatrix refilled(Set<GuardedMatrix> readers, GuardedMatrix matrix, double[] numbers) {
        return refilled(readers, matrix, () -> matrix.write(numbers, precision));
    }

    private GuardedMatrix refilled(Set<GuardedMatrix> readers, GuardedMatrix matrix, Runnable refill) {
        readers.add(matrix);
        refills.add(refill);
        return matrix;
    }

    private static GuardedMatrix result(Map<String, GuardedMatrix> written, GuardedMatrix matrix, String name) {
        written.put(name, matrix);
        return matrix;
    }

    CellPlan plan() {
        return plan;
    }

    CellPass pass() {
        return pass;
    }

    CellGradients gradients() {
        return gradients;
    }

    /** What was written that should not have been, so far. */
    List<String> faults() {
        return faults;
    }

    /** Writes all that goes in, and marks all that shall come out. */
    void reset() {
        results.values().forEach(GuardedMatrix::clear);
        outgoing.values().forEach(GuardedMatrix::clear);
        refills.forEach(Runnable::run);
        parameters.slab().fill((byte) -1);
        double[] numbers = toKind(data.params);
        for (int i = 0; i < numbers.length; i++) {
            precision.set(parameters.slab(), BEFORE + i, numbers[i]);
        }
        parameters.changed();
    }

    /** Runs forward and gives what comes out. */
    Map<String, double[]> forward() {
        byte[] slab = parameters.slab().toArray(ValueLayout.JAVA_BYTE);
        plan.forward(pass);
        look(operands, slab);
        states.stream().filter(state -> !results.containsValue(state)).forEach(state -> note(state.changed()));
        return collect(results);
    }

    /** Forward on the data as they are now, and the loss whose gradients are the incoming ones. */
    double loss() {
        reset();
        Map<String, double[]> numbers = forward();
        double sum = dot(numbers.get("output"), data.outputGradient);
        for (int p = 0; p < data.planes(); p++) {
            sum += dot(numbers.get("last[" + p + "]"), data.lastGradient[p]);
        }
        return sum;
    }

    /** Padding has factors that are not numbers. */
    private static double dot(double[] values, double[] factors) {
        double sum = 0;
        for (int i = 0; factors != null && i < factors.length; i++) {
            sum += Double.isNaN(factors[i]) ? 0 : factors[i] * values[i];
        }
        return sum;
    }

    /** Spoils what backward must not need, runs it and gives what comes out. */
    Map<String, double[]> backward() {
        states.forEach(GuardedMatrix::clear);
        results.values().forEach(GuardedMatrix::clear);
        byte[] slab = parameters.slab().toArray(ValueLayout.JAVA_BYTE);
        plan.backward(pass, gradients);
        look(operands, slab);
        incoming.stream().filter(gradient -> !outgoing.containsValue(gradient)).forEach(g -> note(g.changed()));
        Map<String, double[]> collected = collect(outgoing);
        double[] params = collected.remove("gradient of params");
        if (params != null) {
            putParams(collected, params);
        }
        return collected;
    }

    private void look(Collection<GuardedMatrix> read, byte[] slab) {
        read.forEach(matrix -> note(matrix.changed()));
        note(Arrays.equals(slab, parameters.slab().toArray(ValueLayout.JAVA_BYTE)) ? null : "params were written to");
    }

    private Map<String, double[]> collect(Map<String, GuardedMatrix> written) {
        var numbers = new LinkedHashMap<String, double[]>();
        written.forEach((name, matrix) -> {
            note(matrix.overrun());
            numbers.put(name, matrix.read(precision));
        });
        return numbers;
    }

    private void note(String fault) {
        if (fault != null) {
            faults.add(fault);
        }
    }

    private void putParams(Map<String, double[]> collected, double[] slice) {
        var dense = new double[slice.length];
        for (int i = 0; i < slice.length; i++) {
            dense[denseIndices[i]] = slice[i];
        }
        for (var tensor : data.cell.layout(data.shape.inputSize(), InputKind.DENSE).tensors()) {
            int from = Math.toIntExact(tensor.offset());
            int to = Math.toIntExact(from + tensor.count());
            collected.put("gradient of " + tensor.name(), Arrays.copyOfRange(dense, from, to));
        }
    }

    private double[] toKind(double[] dense) {
        var numbers = new double[dense.length];
        Arrays.setAll(numbers, i -> dense[denseIndices[i]]);
        return numbers;
    }

    @Override
    public void close() {
        if (ownsPlan) {
            plan.close();
        }
        workspace.close();
    }
}
