package dev.rondo.train;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Dropout;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * One step of one sequence in one layer, and products of vectors with its derivatives: the cell's own kernel, forwards
 * and backwards over one step, of one vector or of several at once. Nothing of a cell is known here but its sizes.
 *
 * <pre>
 * s' = F(s, x, w)      n numbers of state, plane after plane; I of input; p of the layer's parameters
 * backward:            v dF/ds [n], v dF/dx [I], v dF/da [R] of the pre-activations a; sum over all v of v dF/dw [p]
 * </pre>
 */
final class CellStep implements AutoCloseable {
    private final Precision precision;
    private final CellPlan plan;
    private final CellPass pass;
    private final CellGradients gradients;
    private final int[] widths;
    private final int size; // n
    private final int copies; // of the step, one for each vector
    private final MemorySegment input; // [copies, I]; null for tokens
    private final MemorySegment token; // int32 [copies]; null for numbers
    private final MemorySegment[] state; // [copies, P] each
    private final MemorySegment recurrentMask; // [copies, P]; null without
    private final MemorySegment hold; // bytes [copies, H]; null without zoneout
    private final MemorySegment[] seed; // [copies, P] each
    private final MemorySegment[] byState; // [copies, P] each
    private final MemorySegment byInput; // [copies, I]; null for tokens
    private final MemorySegment byRow; // [copies, R]
    private final MemorySegment byParameter; // [p]
    private final double[] buffer;

    /** A step of {@code layer} for as many vectors at once as {@code copies} says. */
    CellStep(Network network, int layer, int copies, Workspace memory) {
        NetworkDescription description = network.description();
        Cell cell = description.layers().get(layer).cell();
        InputKind kind = description.inputKind(layer);
        CellShape shape = cell.shape(1, copies, description.inputSize(layer));
        TensorLayout.Tensor first = cell.layout(shape.inputSize(), kind).tensors().getFirst();
        this.precision = network.precision();
        this.copies = copies;
        this.widths = cell.planeWidths();
        this.size = Arrays.stream(widths).sum();
        this.plan = cell.kernel(network.backend()).plan(cell, shape, precision, network.execution());
        CellPass.Builder builder = CellPass.of(cell, shape, network.parameters(),
                network.parameters().layout().get("layer" + layer + "." + first.name()).offset());
        boolean dense = kind == InputKind.DENSE;
        this.input = dense ? memory.allocate(precision, (long) copies * shape.inputSize()) : null;
        this.token = dense ? null : memory.allocateBytes((long) copies * Integer.BYTES);
        this.state = planes(memory);
        for (int plane = 0; plane < widths.length; plane++) {
            builder.initial(plane, state[plane]);
        }
        builder.cache(memory.allocateBytes(plan.cacheBytes(1, copies)));
        Dropout dropout = description.layers().get(layer).dropout();
        this.recurrentMask =
                dropout.recurrent() > 0 ? memory.allocate(precision, (long) copies * cell.outputSize()) : null;
        if (recurrentMask != null) {
            builder.recurrentMask(recurrentMask);
        }
        this.hold = dropout.zoneout() > 0 ? memory.allocateBytes((long) copies * cell.hiddenSize()) : null;
        if (hold != null) {
            builder.hold(hold, cell.hiddenSize());
        }
        this.pass = (dense ? builder.input(input, shape.inputSize()) : builder.tokens(token)).build();
        this.seed = planes(memory);
        this.byState = planes(memory);
        this.byInput = dense ? memory.allocate(precision, (long) copies * shape.inputSize()) : null;
        this.byRow = memory.allocate(precision, (long) copies * cell.rows());
        this.byParameter = memory.allocate(precision, pass.params().byteSize() / precision.bytes());
        this.gradients = gradients();
        this.buffer = new double[Math.max(size, shape.inputSize())];
    }

    private MemorySegment[] planes(Workspace memory) {
        return Arrays.stream(widths).mapToObj(width -> memory.allocate(precision, (long) copies * width))
                .toArray(MemorySegment[]::new);
    }

    private CellGradients gradients() {
        CellGradients.Builder builder = CellGradients.of(pass).params(byParameter).preActivations(byRow);
        if (byInput != null) {
            builder.input(byInput, pass.shape().inputSize(), false);
        }
        for (int plane = 0; plane < widths.length; plane++) {
            builder.last(plane, seed[plane]).initial(plane, byState[plane]);
        }
        return builder.build();
    }

    /** {@return n} */
    int size() {
        return size;
    }

    /** {@return I} */
    int inputSize() {
        return pass.shape().inputSize();
    }

    /** {@return p} */
    long parameters() {
        return byParameter.byteSize() / precision.bytes();
    }

    /**
     * Sets the point that derivatives are taken at.
     *
     * @param x the input; a token is one number
     * @param s the state before the step, plane after plane
     */
    void at(double[] x, double[] s, StepMasks masks, long time) {
        for (int copy = 0; copy < copies; copy++) {
            if (token != null) {
                token.setAtIndex(ValueLayout.JAVA_INT, copy, (int) x[0]);
            } else {
                precision.write(x, input, (long) copy * inputSize(), inputSize());
            }
            write(s, state, copy);
            if (recurrentMask != null) {
                int width = masks.recurrent().length;
                precision.write(masks.recurrent(), recurrentMask, (long) copy * width, width);
            }
            if (hold != null) {
                int units = masks.hold().length;
                MemorySegment.copy(masks.hold(), 0, hold, ValueLayout.JAVA_BYTE, (long) copy * units, units);
            }
        }
        pass.timeOrigin(time);
    }

    /** Sets the vector [n] of a copy, which it keeps. */
    void vector(int copy, double[] v) {
        write(v, seed, copy);
    }

    /** Multiplies the derivatives with the vectors from the left. */
    void backward() {
        byParameter.fill((byte) 0);
        plan.forward(pass);
        plan.backward(pass, gradients);
    }

    private void write(double[] values, MemorySegment[] planes, int copy) {
        int first = 0;
        for (int plane = 0; plane < planes.length; plane++) {
            System.arraycopy(values, first, buffer, 0, widths[plane]);
            precision.write(buffer, planes[plane], (long) copy * widths[plane], widths[plane]);
            first += widths[plane];
        }
    }

    /** Reads v dF/ds of a copy, plane after plane. */
    void byState(int copy, double[] product) {
        int first = 0;
        for (int plane = 0; plane < widths.length; plane++) {
            precision.read(byState[plane], (long) copy * widths[plane], buffer, widths[plane]);
            System.arraycopy(buffer, 0, product, first, widths[plane]);
            first += widths[plane];
        }
    }

    /** Reads v dF/dx of a copy; there is none of a token. */
    void byInput(int copy, double[] product) {
        precision.read(byInput, (long) copy * inputSize(), product, inputSize());
    }

    /** Reads v dF/da of the only copy. */
    void byRow(double[] product) {
        precision.read(byRow, 0, product, pass.cell().rows());
    }

    /** {@return v dF/dw, [p]} */
    MemorySegment byParameter() {
        return byParameter;
    }

    /** Reads v dF/dw, to {@code first} and on. */
    void byParameter(double[] product, int first) {
        int count = Math.toIntExact(parameters());
        for (int i = 0; i < count; i++) {
            product[first + i] = precision.get(byParameter, i);
        }
    }

    @Override
    public void close() {
        plan.close();
    }
}
