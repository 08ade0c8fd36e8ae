package dev.rondo.train;

import dev.rondo.kernel.Products;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import dev.rondo.network.Cells;
import dev.rondo.network.Layer;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkInput;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The influence of parameters on the state of one layer, for B sequences. M = [below, own]:
 *
 * <pre>
 * below' = J below + X dx/dw                    x = what the layer below puts out, or a learned vector
 * own'   = J own + immediate Jacobian           [n, C], or [S, C] where units see but their own past
 * </pre>
 */
final class LayerInfluence {
    private final InfluenceRule rule;
    private final int layer;
    private final Precision precision;
    private final LayerInfluence under; // null of the first layer
    private final boolean addsInput; // to what it puts out
    private final int outputSize; // P, of plane 0
    private final int embeddingWidth; // 0 unless this layer reads an embedding
    private final InfluenceColumns columns;
    private final StepLinearization linear;
    private final int mixed; // numbers of the old state that units read of each other
    private final InfluenceMatrix[] below; // [B]; null if there is nothing, or it is not kept
    private final InfluenceMatrix[] own; // [B]; null if units are kept, or the layer is fixed
    private final UnitInfluence[] units; // [B]; null if matrices are kept, or the layer is fixed
    private final boolean[][] kept; // [H, H], unit of the parameter and unit of the state; null = all
    private final MemorySegment jacobian; // [n, n]; null if nothing is multiplied by it
    private final MemorySegment inputJacobian; // [n, I]; null for tokens
    private final MemorySegment vector; // [n]
    private final double[] ownJacobian; // [S, S, H]; null unless units are kept

    /**
     * The influence on a layer.
     *
     * @param linear of that layer; stays the caller's to close
     * @param columns of that layer
     * @param under the layer below; null if there is none, or its state depends on no parameter
     */
    LayerInfluence(Network network, int layer, StepLinearization linear, InfluenceColumns columns,
            LayerInfluence under, int sequences, InfluenceRule rule, Workspace memory) {
        Layer described = network.description().layers().get(layer);
        this.rule = rule;
        this.precision = network.precision();
        this.under = under;
        this.addsInput = described.addsInput();
        this.outputSize = described.outputSize();
        this.embeddingWidth = layer == 0 && network.description().input() instanceof NetworkInput.Embedding(_, int w)
                ? w : 0;
        this.columns = columns;
        this.layer = layer;
        this.linear = linear;
        this.mixed = linear.mixed();
        int size = linear.size();
        if (rule.ownUnitOnly() && !linear.perUnit()) {
            throw new IllegalArgumentException("learner: expected cells whose units do not mix within a step, for "
                    + rule + ", got " + Cells.text(described.cell()) + " in layer" + layer);
        }
        boolean owns = columns.own() > 0;
        boolean byUnit = owns && (rule.ownUnitOnly() || linear.diagonal());
        boolean byMatrix = owns && !byUnit;
        boolean keepsBelow = columns.first() > 0 && !rule.ownUnitOnly();
        long perSequence = Math.addExact(keepsBelow ? Math.multiplyExact(size, columns.first()) : 0,
                Math.multiplyExact(byUnit ? linear.planes() : size, (long) columns.own()));
        MemorySegment all = memory.allocateBytes(
                Math.multiplyExact(Math.multiplyExact(sequences, perSequence), (long) precision.bytes()));
        var shares = new Shares(all, precision);
        Products products = Products.of(network.backend(), precision, network.execution());
        MemorySegment tile = !byMatrix && !keepsBelow ? null
                : memory.allocate(precision, (long) size * InfluenceMatrix.tileWidth(size));
        this.below = keepsBelow ? new InfluenceMatrix[sequences] : null;
        this.own = byMatrix ? new InfluenceMatrix[sequences] : null;
        this.units = byUnit ? new UnitInfluence[sequences] : null;
        int[] unitOf = byUnit ? unitOf() : null;
        for (int b = 0; b < sequences; b++) {
            if (keepsBelow) {
                below[b] = new InfluenceMatrix(
                        products, shares.next(size * columns.first()), size, columns.first(), tile);
            }
            if (byUnit) {
                units[b] = new UnitInfluence(precision, shares.next((long) linear.planes() * columns.own()),
                        linear.planes(), linear.units(), unitOf);
            }
            if (byMatrix) {
                own[b] = new InfluenceMatrix(
                        products, shares.next((long) size * columns.own()), size, columns.own(), tile);
            }
        }
        this.kept = byMatrix && linear.perUnit() && rule instanceof InfluenceRule.Snap(int steps)
                ? within(linear.reads(), steps) : null;
        this.jacobian = tile == null ? null : memory.allocate(precision, (long) size * size);
        this.inputJacobian = keepsBelow ? memory.allocate(precision, (long) size * linear.inputSize()) : null;
        this.vector = memory.allocate(precision, size);
        this.ownJacobian = byUnit ? new double[linear.planes() * linear.planes() * linear.units()] : null;
    }

    /** Cuts memory into parts. */
    private static final class Shares {
        private final MemorySegment all;
        private final Precision precision;
        private long used;

        Shares(MemorySegment all, Precision precision) {
            this.all = all;
            this.precision = precision;
        }

        MemorySegment next(long count) {
            used += count;
            return precision.slice(all, used - count, count);
        }
    }

    /** {@return the unit of each own column: of a parameter, or of a number of the initial state} */
    private int[] unitOf() {
        var unitOf = new int[columns.own()];
        Arrays.setAll(unitOf, c ->
                c < columns.cell() ? linear.unitOf(c) : (c - columns.cell()) % linear.units());
        return unitOf;
    }

    /** {@return which units a unit's parameters reach within some steps, [from, to]; null if all reach all} */
    private static boolean[][] within(boolean[][] reads, int steps) {
        int units = reads.length;
        var reached = new boolean[units][units];
        for (int k = 0; k < units; k++) {
            reached[k][k] = true;
        }
        for (int step = 1; step < steps; step++) {
            var more = new boolean[units][units];
            boolean grew = false;
            for (int from = 0; from < units; from++) {
                for (int to = 0; to < units; to++) {
                    more[from][to] = reached[from][to];
                    for (int by = 0; by < units && !more[from][to]; by++) {
                        more[from][to] = reached[from][by] && reads[to][by];
                    }
                    grew |= more[from][to] != reached[from][to];
                }
            }
            reached = more;
            if (!grew) {
                break;
            }
        }
        for (boolean[] row : reached) {
            for (boolean one : row) {
                if (!one) {
                    return reached;
                }
            }
        }
        return null;
    }

    void begin(int b) {
        if (below != null) {
            below[b].clear();
        }
        if (own != null) {
            own[b].clear();
        }
        if (units != null) {
            units[b].clear();
        }
        for (int i = 0; i < columns.initial(); i++) { // what a sequence begins with is the parameter itself
            if (own != null) {
                own[b].set(i, columns.cell() + i, 1);
            } else {
                units[b].set(i / linear.units(), columns.cell() + i, 1);
            }
        }
    }

    void advance(int b, Influence.Step step) {
        linear.at(step.inputs()[layer], step.states()[layer], step.time());
        if (jacobian != null) {
            precision.write(linear.jacobian(), jacobian, 0, linear.size() * linear.size());
        }
        if (below != null) {
            below[b].multiply(jacobian, mixed, linear.units());
            precision.write(linear.inputJacobian(), inputJacobian, 0, linear.size() * linear.inputSize());
            addFromBelow(b, step.token());
        }
        if (own != null) {
            own[b].multiply(jacobian, mixed, linear.units());
            addImmediate(b);
        }
        if (units != null) {
            units[b].advance(ownUnits(), linear.immediate(), columns.cell());
        }
    }

    /** What a layer reads is what the one below puts out, to which that may have added what it reads itself. */
    private void addFromBelow(int b, int token) {
        LayerInfluence from = under;
        while (from != null) {
            if (from.below != null) {
                below[b].addProduct(inputJacobian, from.outputSize, from.below[b], 0);
            }
            if (from.own != null) {
                below[b].addProduct(inputJacobian, from.outputSize, from.own[b], from.columns.first());
            }
            if (from.units != null) {
                addUnits(b, from);
            }
            if (!from.addsInput) {
                return;
            }
            from = from.under;
        }
        int embedded = embeddingOf();
        for (int i = 0; i < linear.size(); i++) {
            for (int j = 0; j < embedded; j++) {
                below[b].add(i, (long) token * embedded + j, linear.inputJacobian()[i * embedded + j]);
            }
        }
    }

    private int embeddingOf() {
        return under == null ? embeddingWidth : under.embeddingOf();
    }

    private void addUnits(int b, LayerInfluence from) {
        UnitInfluence other = from.units[b];
        for (int c = 0; c < from.columns.own(); c++) {
            double value = other.get(0, c);
            for (int i = 0; i < linear.size(); i++) {
                below[b].add(i, from.columns.first() + c,
                        linear.inputJacobian()[i * linear.inputSize() + other.unitOf(c)] * value);
            }
        }
    }

    private void addImmediate(int b) {
        MemorySegment immediate = linear.immediate();
        int count = columns.cell();
        if (!linear.perUnit()) {
            for (int i = 0; i < linear.size(); i++) {
                own[b].addRow(i, immediate, (long) i * count, count);
            }
            return;
        }
        for (int plane = 0; plane < linear.planes(); plane++) {
            for (int c = 0; c < count; c++) {
                own[b].add(plane * linear.units() + linear.unitOf(c), c,
                        precision.get(immediate, (long) plane * count + c));
            }
        }
        if (kept != null) {
            drop(b);
        }
    }

    private void drop(int b) {
        for (int i = 0; i < linear.size(); i++) {
            for (int c = 0; c < columns.own(); c++) {
                int unit = c < columns.cell() ? linear.unitOf(c) : (c - columns.cell()) % linear.units();
                if (!kept[unit][i % linear.units()]) {
                    own[b].set(i, c, 0);
                }
            }
        }
    }

    /** {@return [S, S, H], how each unit's own state goes on} */
    private double[] ownUnits() {
        if (rule instanceof InfluenceRule.Rflo) {
            return linear.leak();
        }
        int planes = linear.planes();
        int units = linear.units();
        for (int k = 0; k < units; k++) {
            for (int i = 0; i < planes * planes; i++) {
                ownJacobian[i * units + k] =
                        linear.jacobian()[(i / planes * units + k) * linear.size() + i % planes * units + k];
            }
        }
        return ownJacobian;
    }

    /** Adds to {@code gradients}, a row of all columns. */
    void addGradient(int b, double[] byState, MemorySegment gradients) {
        precision.write(byState, vector, 0, linear.size());
        if (below != null) {
            below[b].addProduct(vector, precision.slice(gradients, 0, columns.first()));
        }
        MemorySegment mine = precision.slice(gradients, columns.first(), columns.own());
        if (own != null) {
            own[b].addProduct(vector, mine);
        }
        if (units != null) {
            units[b].addProduct(byState, mine);
        }
    }
}
