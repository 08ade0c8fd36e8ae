package dev.rondo.train;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkDescription;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The derivatives of one step of one sequence in one layer, exact, from the cell's own backward pass:
 *
 * <pre>
 * J = ds'/ds [n, n]     X = ds'/dx [n, I]     the immediate Jacobian ds'/dw
 * </pre>
 *
 * <p>Of any cell: a backward pass from each of the n unit vectors gives a row of all three. Of a cell that is
 * {@linkplain Cell#perUnit() per unit}, with S state planes of H units: a backward pass from ones on a whole plane
 * gives what belongs to each unit of it at once. The gradient of the pre-activations is then what a unit makes of its
 * own rows, so that J and X are sums of rows of the weights times these; what is left of the gradient of the state is
 * what a unit makes of its own old state without any matrix (<em>leak</em>). A column of the immediate Jacobian has but
 * the S numbers of the unit whose row the parameter feeds.
 */
final class StepLinearization implements AutoCloseable {
    private final Network network;
    private final int layer;
    private final Precision precision;
    private final CellStep step;
    private final CellStep every; // from all unit vectors at once; null unless rows of J and X alone are wanted
    private final List<ParameterBlock> blocks;
    private final int planes; // S
    private final int units; // H
    private final int size; // n
    private final int[] unitOf; // [p]; null unless the cell is per unit
    private final long offset; // of the layer's parameters in the slab
    private final double[] params; // [p], only for cells per unit
    private final double[] seed; // [n]
    private final double[] byRow; // [R]
    private final double[] rowJacobian; // [S, R]; null unless the cell is per unit
    private final double[] row; // [max(n, I)]
    private final double[] jacobian; // J [n, n]
    private final double[] inputJacobian; // X [n, I]; null for tokens
    private final double[] leak; // [S, S, H]: plane after, plane before, unit; null unless the cell is per unit
    private final MemorySegment immediate; // [S, p] per unit, else [n, p]; null if not wanted

    StepLinearization(Network network, int layer, boolean wantsImmediate, Workspace memory) {
        NetworkDescription description = network.description();
        Cell cell = description.layers().get(layer).cell();
        InputKind kind = description.inputKind(layer);
        this.network = network;
        this.layer = layer;
        this.precision = network.precision();
        this.step = new CellStep(network, layer, 1, memory);
        this.blocks = cell.blocks(description.inputSize(layer), kind);
        this.planes = cell.planeWidths().length;
        this.units = cell.hiddenSize();
        this.size = step.size();
        int count = Math.toIntExact(step.parameters());
        this.unitOf = cell.perUnit() ? units(blocks, count, units) : null;
        this.offset = InfluenceColumns.placeOf(network, layer);
        this.every = perUnit() || wantsImmediate ? null : everyUnitVector(memory);
        this.params = perUnit() ? new double[count] : null;
        this.seed = new double[size];
        this.byRow = new double[cell.rows()];
        this.rowJacobian = perUnit() ? new double[planes * cell.rows()] : null;
        this.row = new double[Math.max(size, step.inputSize())];
        this.jacobian = new double[Math.multiplyExact(size, size)];
        this.inputJacobian = kind == InputKind.DENSE ? new double[Math.multiplyExact(size, step.inputSize())] : null;
        this.leak = perUnit() ? new double[planes * planes * units] : null;
        this.immediate = wantsImmediate ? memory.allocate(precision, immediateRows() * (long) count) : null;
    }

    private CellStep everyUnitVector(Workspace memory) {
        var steps = new CellStep(network, layer, size, memory);
        var unit = new double[size];
        for (int i = 0; i < size; i++) {
            unit[i] = 1;
            steps.vector(i, unit);
            unit[i] = 0;
        }
        return steps;
    }

    /** {@return the unit of each parameter, that of the rows it feeds; null if a parameter feeds those of several} */
    private static int[] units(List<ParameterBlock> blocks, int count, int units) {
        var unitOf = new int[count];
        Arrays.fill(unitOf, -1);
        for (ParameterBlock block : blocks) {
            for (int r = 0; r < block.rows(); r++) {
                for (int j = 0; j < block.width(); j++) {
                    int parameter = at(block, r, j);
                    int unit = (block.row() + r) % units;
                    if (unitOf[parameter] >= 0 && unitOf[parameter] != unit) {
                        return null;
                    }
                    unitOf[parameter] = unit;
                }
            }
        }
        return Arrays.stream(unitOf).anyMatch(unit -> unit < 0) ? null : unitOf;
    }

    private static int at(ParameterBlock block, int r, int j) {
        return Math.toIntExact(block.offset() + (long) r * block.rowStride() + (long) j * block.columnStride());
    }

    /** {@return whether no unit sees another but by matrices} */
    boolean perUnit() {
        return unitOf != null;
    }

    /** {@return whether no unit sees another's past at all} */
    boolean diagonal() {
        return mixed() == 0;
    }

    /** {@return how many numbers of the old state, from the first on, units may read of each other} */
    int mixed() {
        return perUnit()
                ? blocks.stream().filter(this::connects).mapToInt(block -> (block.plane() + 1) * units).max().orElse(0)
                : size;
    }

    /** {@return whether a block has a unit read the old state of others} */
    private boolean connects(ParameterBlock block) {
        return block.source() == Source.PREVIOUS_STATE
                && !(block.elementwise() && block.column() == block.row() % units);
    }

    /** {@return [H, H], whether the row of a unit reads the old state of another by a matrix} */
    boolean[][] reads() {
        var reads = new boolean[units][units];
        for (ParameterBlock block : blocks) {
            for (int r = 0; connects(block) && r < block.rows(); r++) {
                int column = block.column() + (block.elementwise() ? r : 0);
                Arrays.fill(reads[(block.row() + r) % units], column, column + block.width(), true);
            }
        }
        return reads;
    }

    /** {@return S} */
    int planes() {
        return planes;
    }

    /** {@return H} */
    int units() {
        return units;
    }

    /** {@return n} */
    int size() {
        return size;
    }

    /** {@return I} */
    int inputSize() {
        return step.inputSize();
    }

    /** {@return p} */
    int parameters() {
        return Math.toIntExact(step.parameters());
    }

    /** {@return the unit that a parameter belongs to} */
    int unitOf(int parameter) {
        return unitOf[parameter];
    }

    /** {@return S per unit, else n} */
    int immediateRows() {
        return perUnit() ? planes : size;
    }

    /** Linearizes this layer's part of a step. */
    void at(Influence.Step point) {
        at(step, point);
        if (perUnit()) {
            byUnit(point.masks()[layer]);
        } else if (every != null) {
            at(every, point);
            every.backward();
            for (int i = 0; i < size; i++) {
                takeRow(i, every, i);
            }
        } else {
            for (int i = 0; i < size; i++) {
                Arrays.fill(seed, 0);
                seed[i] = 1;
                step.vector(0, seed);
                step.backward();
                takeRow(i, step, 0);
                keepImmediate(i);
            }
        }
    }

    private void at(CellStep copies, Influence.Step point) {
        copies.at(point.inputs()[layer], point.states()[layer], point.masks()[layer], point.time());
    }

    private void takeRow(int i, CellStep from, int copy) {
        from.byState(copy, row);
        System.arraycopy(row, 0, jacobian, i * size, size);
        if (inputJacobian != null) {
            from.byInput(copy, row);
            System.arraycopy(row, 0, inputJacobian, i * inputSize(), inputSize());
        }
    }

    private void byUnit(StepMasks masks) {
        precision.read(precision.slice(network.parameters().slab(), offset, params.length), 0, params, params.length);
        Arrays.fill(jacobian, 0);
        if (inputJacobian != null) {
            Arrays.fill(inputJacobian, 0);
        }
        for (int plane = 0; plane < planes; plane++) {
            Arrays.fill(seed, 0);
            Arrays.fill(seed, plane * units, (plane + 1) * units, 1);
            step.vector(0, seed);
            step.backward();
            step.byState(0, row);
            step.byRow(byRow);
            System.arraycopy(byRow, 0, rowJacobian, plane * byRow.length, byRow.length);
            keepImmediate(plane);
            for (ParameterBlock block : blocks) {
                if (connects(block)) {
                    addProduct(block, plane, jacobian, size, block.plane() * units);
                } else if (block.source() == Source.INPUT && inputJacobian != null) {
                    addProduct(block, plane, inputJacobian, inputSize(), 0);
                }
            }
            maskRecurrent(plane, masks);
            takeLeak(plane);
        }
    }

    /** Multiplies what comes through matrices from the old output by the mask that these see it with. */
    private void maskRecurrent(int plane, StepMasks masks) {
        for (int i = plane * units; i < (plane + 1) * units && masks.recurrent() != null; i++) {
            for (int j = 0; j < masks.recurrent().length; j++) {
                jacobian[i * size + j] *= masks.recurrent()[j];
            }
        }
    }

    /** Adds to the rows of one plane what comes through a matrix: its rows times what units make of their own. */
    private void addProduct(ParameterBlock block, int plane, double[] matrix, int width, int firstColumn) {
        for (int r = 0; r < block.rows(); r++) {
            double factor = byRow[block.row() + r];
            int to = (plane * units + (block.row() + r) % units) * width + firstColumn + block.column()
                    + (block.elementwise() ? r : 0);
            int from = at(block, r, 0);
            int stride = block.columnStride();
            for (int j = 0; j < block.width(); j++) {
                matrix[to + j] += factor * params[from + j * stride];
            }
        }
    }

    /** What {@link #row} has, the gradient of the old state, beyond the sums of columns that came through matrices. */
    private void takeLeak(int plane) {
        for (int k = 0; k < units; k++) {
            for (int before = 0; before < planes; before++) {
                double through = 0;
                for (int i = plane * units; i < (plane + 1) * units; i++) {
                    through += jacobian[i * size + before * units + k];
                }
                leak[(plane * planes + before) * units + k] = row[before * units + k] - through;
            }
        }
        for (int k = 0; k < units; k++) {
            for (int before = 0; before < planes; before++) {
                jacobian[(plane * units + k) * size + before * units + k]
                        += leak[(plane * planes + before) * units + k];
            }
        }
    }

    private void keepImmediate(int i) {
        if (immediate != null) {
            precision.slice(immediate, (long) i * parameters(), parameters()).copyFrom(step.byParameter());
        }
    }

    /** {@return J [n, n]} */
    double[] jacobian() {
        return jacobian;
    }

    /** {@return of how many numbers of state, from the first on, the last one changes: slow groups may rest} */
    int moving() {
        for (int i = size - 1; i >= 0; i--) {
            for (int j = 0; j < size; j++) {
                if (jacobian[i * size + j] != (i == j ? 1 : 0)) {
                    return i + 1;
                }
            }
        }
        return 0;
    }

    /** {@return X [n, I]; null for tokens} */
    double[] inputJacobian() {
        return inputJacobian;
    }

    /** {@return [S, S, H]: each unit's planes after the step by its planes before, matrices left out} */
    double[] leak() {
        return leak;
    }

    /** {@return [S, R]: each row's unit, planes after the step, by the row's pre-activation} */
    double[] rowJacobian() {
        return rowJacobian;
    }

    /** {@return the immediate Jacobian: [n, p]; of a cell per unit [S, p], of each parameter's own unit} */
    MemorySegment immediate() {
        return immediate;
    }

    /** {@return the step itself, at the point of the last call of {@link #at}, for products with other vectors} */
    CellStep step() {
        return step;
    }

    @Override
    public void close() {
        step.close();
        if (every != null) {
            every.close();
        }
    }
}
