package dev.rondo.kernel;

import static dev.rondo.cell.ParameterBlock.Source.CACHE;
import static dev.rondo.cell.ParameterBlock.Source.UNPROJECTED;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.cell.UnitGroup;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The time loop of the reference: products, lengths, hold, mask, direction and gradients, for any cell.
 *
 * <p>States lie in slots in the order of time: step t reads slot t and writes slot t + 1; reversed, it reads slot t + 1
 * and writes slot t. Cached for backward: gates [T, B, R], cache planes [T, B, planes] and state slots [T + 1, B,
 * planes], float64.
 *
 * <p>A cell with cache planes has two products in a step, and what is between them; backwards first the second,
 * then what is between, then the first. In a cell with a projection the pointwise part writes an array of H numbers in
 * the place of plane 0, which is their product; it is cached, too.
 */
final class ReferencePlan extends CellPlan {
    private final ReferenceKernel kernel;
    private final int[] planeWidths;
    private final int stateWidth; // sum of the plane widths
    private final int cacheWidth; // sum of the widths of the cache planes
    private final boolean projects;
    private final double[][] unprojected; // [T * B][H]: what the pointwise part makes, if the cell projects it
    private final double[] unprojectedGradient; // [H]: of the current row
    private final double[][] gates; // [T * B][R]
    private final double[][][] cachePlanes; // [T * B][plane][width]
    private final double[][] cacheGradient; // [plane][width]: of the current row
    private final double[] operandGradient; // [P0]: of the current row, through the cache planes
    private final double[][][] states; // [(T + 1) * B][plane][P]
    private final double[][][] stateGradients; // [B][plane][P]
    private final double[][] held; // [plane][P]: gradients of units that are held one by one
    private final double[] mask; // [P0]: the recurrent mask of the current row
    private final double[] one = {1};
    private final double[] zero; // [P0]
    private final UnitGroup[] clocks; // [H]: of each unit; null where all move at every step
    private final PointwiseParameters pointwise;
    private final double[] pointwiseValues; // [V]
    private final double[] pointwiseGradients; // [V]

    // What belongs to the pass that is running.
    private CellPass pass;
    private List<ParameterBlock> firstBlocks; // of the first product of a step
    private List<ParameterBlock> secondBlocks; // of the second, which multiplies cache planes
    private List<ParameterBlock> projection; // of what the pointwise part makes
    private double[] params;
    private double[] paramGradients;
    private final double[] input; // [I]: the current row; one-hot for tokens
    private final double[] inputGradient; // [I]
    private final double[] recurrent; // [P0]: plane 0 before the step, after the mask
    private int token;

    ReferencePlan(ReferenceKernel kernel, Cell cell, CellShape largest, Precision precision) {
        super(cell, largest, precision);
        this.pointwise = PointwiseParameters.of(cell, largest.inputSize(), InputKind.DENSE);
        this.pointwiseValues = new double[pointwise.count()];
        this.pointwiseGradients = new double[pointwise.count()];
        this.kernel = kernel.with(pointwiseValues, pointwiseGradients);
        this.planeWidths = cell.planeWidths();
        this.stateWidth = Arrays.stream(planeWidths).sum();
        int[] cacheWidths = cell.cachePlaneWidths();
        this.cacheWidth = Arrays.stream(cacheWidths).sum();
        int batch = largest.batchSize();
        this.projects = cell.blocks(largest.inputSize(), InputKind.DENSE).stream()
                .anyMatch(block -> block.source() == UNPROJECTED);
        int rows = Math.toIntExact(largest.rows());
        this.unprojected = new double[rows][projects ? cell.hiddenSize() : 0];
        this.unprojectedGradient = new double[projects ? cell.hiddenSize() : 0];
        this.gates = new double[rows][cell.rows()];
        this.cachePlanes = new double[gates.length][][];
        Arrays.setAll(cachePlanes, row -> planes(cacheWidths));
        this.cacheGradient = planes(cacheWidths);
        this.operandGradient = new double[planeWidths[0]];
        this.states = new double[Math.toIntExact(largest.rows() + batch)][][];
        Arrays.setAll(states, row -> planes(planeWidths));
        this.stateGradients = new double[batch][][];
        Arrays.setAll(stateGradients, row -> planes(planeWidths));
        this.held = planes(planeWidths);
        this.mask = new double[planeWidths[0]];
        this.recurrent = new double[planeWidths[0]];
        this.zero = new double[planeWidths[0]];
        this.clocks = cell.unitGroups().isEmpty() ? null : clocks(cell);
        this.input = new double[largest.inputSize()];
        this.inputGradient = new double[largest.inputSize()];
    }

    private static UnitGroup[] clocks(Cell cell) {
        return cell.unitGroups().stream()
                .flatMap(group -> Stream.generate(() -> group).limit(group.size()))
                .toArray(UnitGroup[]::new);
    }

    private static double[][] planes(int[] widths) {
        return Arrays.stream(widths).mapToObj(double[]::new).toArray(double[][]::new);
    }

    @Override
    public Backend backend() {
        return Backend.REFERENCE;
    }

    @Override
    public IsaTier tier() {
        return IsaTier.BASELINE;
    }

    @Override
    protected long countCacheBytes(int timeSteps, int batchSize) {
        long rows = (long) timeSteps * batchSize;
        int rowWidth = cell().rows() + cacheWidth + unprojectedGradient.length;
        return Double.BYTES * (rows * rowWidth + (rows + batchSize) * stateWidth);
    }

    @Override
    protected void free() {}

    @Override
    protected void runForward(CellPass pass) {
        begin(pass);
        int steps = pass.shape().timeSteps();
        int batch = pass.shape().batchSize();
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                read(pass.initial(p), (long) b * planeWidths[p], before(firstStep(), b)[p]);
            }
        }
        for (int s = 0; s < steps; s++) {
            int t = pass.reversed() ? steps - 1 - s : s;
            for (int b = 0; b < batch; b++) {
                forward(t, b);
            }
        }
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                write(after(lastStep(), b)[p], pass.last(p), (long) b * planeWidths[p]);
            }
        }
        if (pass.cache() != null) {
            cache((values, at) ->
                    MemorySegment.copy(values, 0, pass.cache(), ValueLayout.JAVA_DOUBLE, at, values.length));
        }
    }

    private void forward(int t, int b) {
        double[][] before = before(t, b);
        double[][] after = after(t, b);
        if (pass.active(t, b)) {
            double[] row = gates[row(t, b)];
            Arrays.fill(row, 0);
            readSources(t, b);
            multiply(firstBlocks, t, b);
            if (cacheWidth > 0) {
                kernel.forwardBetween(row, recurrent, cachePlanes[row(t, b)]);
                multiply(secondBlocks, t, b);
            }
            kernel.forward(row, before, projected(after, unprojected[row(t, b)]));
            if (projects) {
                Arrays.fill(after[0], 0);
                projection.forEach(block -> multiply(block, unprojected[row(t, b)], after[0]));
            }
            for (int p = 0; p < planeWidths.length; p++) {
                for (int k = 0; k < planeWidths[p]; k++) {
                    if (holds(t, b, k)) {
                        after[p][k] = before[p][k];
                    }
                }
            }
        } else {
            for (int p = 0; p < planeWidths.length; p++) {
                System.arraycopy(before[p], 0, after[p], 0, planeWidths[p]);
            }
        }
        write(t < pass.length(b) ? after[0] : zero, pass.output(), row(t, b) * pass.outputStride());
    }

    @Override
    protected void runBackward(CellPass pass, CellGradients gradients) {
        begin(pass);
        cache((values, at) -> MemorySegment.copy(pass.cache(), ValueLayout.JAVA_DOUBLE, at, values, 0, values.length));
        Arrays.fill(paramGradients, 0);
        Arrays.fill(pointwiseGradients, 0);
        int steps = pass.shape().timeSteps();
        int batch = pass.shape().batchSize();
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                read(gradients.last(p), (long) b * planeWidths[p], stateGradients[b][p]);
            }
        }
        for (int s = steps - 1; s >= 0; s--) {
            int t = pass.reversed() ? steps - 1 - s : s;
            for (int b = 0; b < batch; b++) {
                backward(t, b, gradients);
            }
        }
        for (int b = 0; b < batch; b++) {
            for (int p = 0; p < planeWidths.length; p++) {
                write(stateGradients[b][p], gradients.initial(p), (long) b * planeWidths[p]);
            }
        }
        System.arraycopy(
                pointwiseGradients, 0, paramGradients, Math.toIntExact(pointwise.offset()), pointwise.count());
        accumulate(paramGradients, gradients.params(), 0);
    }

    private void backward(int t, int b, CellGradients gradients) {
        double[] row = gates[row(t, b)];
        double[][] gradient = stateGradients[b];
        if (gradients.output() != null && t < pass.length(b)) {
            for (int k = 0; k < planeWidths[0]; k++) {
                gradient[0][k] += precision().get(gradients.output(), row(t, b) * gradients.outputStride() + k);
            }
        }
        Arrays.fill(inputGradient, 0);
        if (pass.active(t, b)) {
            takeHeld(t, b, gradient);
            double[] made = unprojected[row(t, b)];
            Arrays.fill(unprojectedGradient, 0);
            projection.forEach(block -> gradients(block, gradient[0], made, unprojectedGradient));
            kernel.backward(
                    row, before(t, b), projected(after(t, b), made), projected(gradient, unprojectedGradient));
            if (projects) {
                Arrays.fill(gradient[0], 0); // plane 0 is a product, and enters through products
            }
            readSources(t, b);
            if (cacheWidth > 0) {
                backwardBetween(t, b, gradient[0]);
            }
            gradients(firstBlocks, t, b);
            giveHeld(gradient);
        } else {
            Arrays.fill(row, 0);
        }
        write(row, gradients.preActivations(), (long) row(t, b) * row.length);
        if (gradients.inputAccumulate()) {
            accumulate(inputGradient, gradients.input(), row(t, b) * gradients.inputStride());
        } else {
            write(inputGradient, gradients.input(), row(t, b) * gradients.inputStride());
        }
    }

    /** {@return {@code planes} with {@code made} in the place of plane 0, if the cell projects it} */
    private double[][] projected(double[][] planes, double[] made) {
        if (!projects) {
            return planes;
        }
        double[][] others = planes.clone();
        others[0] = made;
        return others;
    }

    /** The second product backwards and what is before it; {@code gradient} [P0] gets its part. */
    private void backwardBetween(int t, int b, double[] gradient) {
        for (double[] plane : cacheGradient) {
            Arrays.fill(plane, 0);
        }
        gradients(secondBlocks, t, b);
        Arrays.fill(operandGradient, 0);
        int row = row(t, b);
        kernel.backwardBetween(gates[row], recurrent, cachePlanes[row], cacheGradient, operandGradient);
        for (int k = 0; k < gradient.length; k++) {
            gradient[k] += mask[k] * operandGradient[k];
        }
    }

    /** {@return whether a unit keeps its state where its row moves: it is held, or its clock does not tick} */
    private boolean holds(int t, int b, int unit) {
        return pass.unitHeld(t, b, unit) || clocks != null && !clocks[unit].movesAt(pass.timeOrigin() + t);
    }

    /**
     * Moves the gradients of held units out of the way: with a zero coming in, their pre-activations get none from it,
     * whatever the cell, since backward is linear in it. What they get through a second product comes from units that
     * are not held, and is theirs.
     */
    private void takeHeld(int t, int b, double[][] gradient) {
        for (int p = 0; p < planeWidths.length; p++) {
            for (int k = 0; k < planeWidths[p]; k++) {
                boolean isHeld = holds(t, b, k);
                held[p][k] = isHeld ? gradient[p][k] : 0;
                gradient[p][k] = isHeld ? 0 : gradient[p][k];
            }
        }
    }

    private void giveHeld(double[][] gradient) {
        for (int p = 0; p < planeWidths.length; p++) {
            for (int k = 0; k < planeWidths[p]; k++) {
                gradient[p][k] += held[p][k];
            }
        }
    }

    /** The product of {@code product}'s blocks at row (t, b). */
    private void multiply(List<ParameterBlock> product, int t, int b) {
        for (ParameterBlock block : product) {
            multiply(block, source(block, t, b), gates[row(t, b)]);
        }
    }

    /** The same backwards. */
    private void gradients(List<ParameterBlock> product, int t, int b) {
        for (ParameterBlock block : product) {
            gradients(block, gates[row(t, b)], source(block, t, b), sourceGradient(block, stateGradients[b]));
        }
    }

    /** rows += W source, for one block. */
    private void multiply(ParameterBlock block, double[] source, double[] rows) {
        for (int r = 0; r < block.rows(); r++) {
            double sum = 0;
            for (int j = first(block); j < end(block); j++) {
                sum += params[param(block, r, j)] * source[column(block, r, j)];
            }
            rows[block.row() + r] += sum;
        }
    }

    /** dW += dRows source^T and dSource += mask * W^T dRows, for one block. */
    private void gradients(ParameterBlock block, double[] rows, double[] source, double[] sourceGradient) {
        boolean masked = block.source() == ParameterBlock.Source.PREVIOUS_STATE && block.plane() == 0;
        for (int r = 0; r < block.rows(); r++) {
            double rowGradient = rows[block.row() + r];
            for (int j = first(block); j < end(block); j++) {
                int column = column(block, r, j);
                paramGradients[param(block, r, j)] += rowGradient * source[column];
                if (sourceGradient != null) {
                    double factor = masked ? mask[column] : 1;
                    sourceGradient[column] += factor * params[param(block, r, j)] * rowGradient;
                }
            }
        }
    }

    /** A token is the one column that is not zero: the others are not visited. */
    private int first(ParameterBlock block) {
        return block.source() == ParameterBlock.Source.INPUT && token >= 0 ? token : 0;
    }

    private int end(ParameterBlock block) {
        return block.source() == ParameterBlock.Source.INPUT && token >= 0 ? token + 1 : block.width();
    }

    private static int param(ParameterBlock block, int r, int j) {
        return Math.toIntExact(block.offset() + (long) r * block.rowStride() + (long) j * block.columnStride());
    }

    private static int column(ParameterBlock block, int r, int j) {
        return block.column() + (block.elementwise() ? r : j);
    }

    private double[] source(ParameterBlock block, int t, int b) {
        return switch (block.source()) {
            case ONE -> one;
            case INPUT -> input;
            case PREVIOUS_STATE -> block.plane() == 0 ? recurrent : before(t, b)[block.plane()];
            case CACHE -> cachePlanes[row(t, b)][block.plane()];
            case NEW_STATE, POINTWISE, UNPROJECTED -> throw unsupported(block);
        };
    }

    private double[] sourceGradient(ParameterBlock block, double[][] gradient) {
        return switch (block.source()) {
            case ONE -> null;
            case INPUT -> inputGradient;
            case PREVIOUS_STATE -> gradient[block.plane()];
            case CACHE -> cacheGradient[block.plane()];
            case NEW_STATE, POINTWISE, UNPROJECTED -> throw unsupported(block);
        };
    }

    private UnsupportedOperationException unsupported(ParameterBlock block) {
        return new UnsupportedOperationException(
                cell().name() + ": the reference has no product with source " + block.source());
    }

    /** Reads input and recurrent operand of row (t, b). */
    private void readSources(int t, int b) {
        switch (pass.input()) {
            case CellPass.Dense dense -> read(dense.values(), row(t, b) * dense.rowStride(), input);
            case CellPass.Tokens tokens -> {
                input[Math.max(token, 0)] = 0;
                token = tokens.ids().getAtIndex(ValueLayout.JAVA_INT, row(t, b));
                input[token] = 1;
            }
        }
        Arrays.fill(mask, 1);
        if (pass.recurrentMask() != null) {
            read(pass.recurrentMask(), t * pass.maskStep() + (long) b * planeWidths[0], mask);
        }
        double[] plane = before(t, b)[0];
        for (int k = 0; k < recurrent.length; k++) {
            recurrent[k] = mask[k] * plane[k];
        }
    }

    private void begin(CellPass pass) {
        boolean known = this.pass != null && this.pass.inputKind() == pass.inputKind();
        this.pass = pass;
        if (!known) { // for passes of one step, asking the cell would take longer than the step
            this.secondBlocks = products(source -> source == CACHE);
            this.projection = products(source -> source == UNPROJECTED);
            this.firstBlocks = products(source -> source != CACHE && source != UNPROJECTED);
        }
        this.token = -1;
        Arrays.fill(input, 0);
        Parameters parameters = pass.parameters();
        int count = Math.toIntExact(pass.params().byteSize() / parameters.precision().bytes());
        if (params == null) {
            params = new double[count];
            paramGradients = new double[count];
        }
        read(pass.params(), 0, params);
        System.arraycopy(params, Math.toIntExact(pointwise.offset()), pointwiseValues, 0, pointwise.count());
    }

    private List<ParameterBlock> products(Predicate<Source> sources) {
        return cell().blocks(pass.shape().inputSize(), pass.inputKind()).stream()
                .filter(block -> !block.pointwise() && sources.test(block.source())).toList();
    }

    private int row(int t, int b) {
        return t * pass.shape().batchSize() + b;
    }

    private int firstStep() {
        return pass.reversed() ? pass.shape().timeSteps() - 1 : 0;
    }

    private int lastStep() {
        return pass.reversed() ? 0 : pass.shape().timeSteps() - 1;
    }

    private double[][] before(int t, int b) {
        return states[row(pass.reversed() ? t + 1 : t, b)];
    }

    private double[][] after(int t, int b) {
        return states[row(pass.reversed() ? t : t + 1, b)];
    }

    private interface Copy {
        void run(double[] values, long byteOffset);
    }

    /** Visits all that is cached, with its place in the cache. */
    private void cache(Copy copy) {
        long at = 0;
        int rows = Math.toIntExact(pass.shape().rows());
        for (int row = 0; row < rows; row++) {
            copy.run(gates[row], at);
            at += (long) gates[row].length * Double.BYTES;
            copy.run(unprojected[row], at);
            at += (long) unprojected[row].length * Double.BYTES;
            for (double[] plane : cachePlanes[row]) {
                copy.run(plane, at);
                at += (long) plane.length * Double.BYTES;
            }
        }
        for (int row = 0; row < rows + pass.shape().batchSize(); row++) {
            for (double[] plane : states[row]) {
                copy.run(plane, at);
                at += (long) plane.length * Double.BYTES;
            }
        }
    }

    /** Fills {@code values} from {@code segment} at element {@code offset}; an absent segment reads as zero. */
    private void read(MemorySegment segment, long offset, double[] values) {
        if (segment == null) {
            Arrays.fill(values, 0);
            return;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = precision().get(segment, offset + i);
        }
    }

    private void write(double[] values, MemorySegment segment, long offset) {
        for (int i = 0; segment != null && i < values.length; i++) {
            precision().set(segment, offset + i, values[i]);
        }
    }

    private void accumulate(double[] values, MemorySegment segment, long offset) {
        for (int i = 0; segment != null && i < values.length; i++) {
            precision().set(segment, offset + i, precision().get(segment, offset + i) + values[i]);
        }
    }
}
