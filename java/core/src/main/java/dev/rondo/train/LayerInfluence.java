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
    private final MemorySegment all; // of below, own and units
    private final MemorySegment jacobian; // [n, n]; null if nothing is multiplied by it
    private final MemorySegment inputJacobian; // [n, I]; null for tokens
    private final MemorySegment vector; // [n]
    private final double[] ownJacobian; // [S, S, H]; null unless units are kept

    /** What the layers share. */
    record Shared(Network network, InfluenceRule rule, int sequences, Workspace memory) {}

    /**
     * The influence on a layer.
     *
     * @param linear of that layer; stays the caller's to close
     * @param columns of that layer
     * @param under the layer below; null if there is none, or its state depends on no parameter
     */
    LayerInfluence(
            Shared shared, int layer, StepLinearization linear, InfluenceColumns columns, LayerInfluence under) {
        Network network = shared.network;
        InfluenceRule rule = shared.rule;
        Layer described = network.description().layers().get(layer);
        if (rule.ownUnitOnly() && !linear.perUnit()) {
            throw new IllegalArgumentException("learner: expected cells whose units do not mix within a step, for "
                    + rule + ", got " + Cells.text(described.cell()) + " in layer" + layer);
        }
        this.rule = rule;
        this.layer = layer;
        this.precision = network.precision();
        this.under = under;
        this.addsInput = described.addsInput();
        this.outputSize = described.outputSize();
        this.embeddingWidth = layer == 0 && network.description().input() instanceof NetworkInput.Embedding(_, int w, _)
                ? w : 0;
        this.columns = columns;
        this.linear = linear;
        this.mixed = linear.mixed();
        boolean keepsBelow = columns.first() > 0 && !rule.ownUnitOnly();
        boolean byUnit = columns.own() > 0 && (rule.ownUnitOnly() || linear.diagonal());
        boolean byMatrix = columns.own() > 0 && !byUnit;
        this.below = keepsBelow ? new InfluenceMatrix[shared.sequences] : null;
        this.own = byMatrix ? new InfluenceMatrix[shared.sequences] : null;
        this.units = byUnit ? new UnitInfluence[shared.sequences] : null;
        this.kept = byMatrix && linear.perUnit() && rule instanceof InfluenceRule.Snap snap
                ? snap.reached(linear.reads()) : null;
        int size = linear.size();
        boolean multiplies = byMatrix || keepsBelow;
        this.jacobian = multiplies ? shared.memory.allocate(precision, (long) size * size) : null;
        this.inputJacobian = keepsBelow ? shared.memory.allocate(precision, (long) size * linear.inputSize()) : null;
        this.vector = shared.memory.allocate(precision, size);
        this.ownJacobian = byUnit ? new double[linear.planes() * linear.planes() * linear.units()] : null;
        this.all = allocate(Products.of(network.backend(), precision, network.execution()), shared);
    }

    /** Takes the memory of all sequences at once, so that it is there or is refused. */
    private MemorySegment allocate(Products products, Shared shared) {
        int size = linear.size();
        long ofBelow = below == null ? 0 : Math.multiplyExact(size, columns.first());
        long ofOwn = Math.multiplyExact(units != null ? linear.planes() : size, (long) columns.own());
        long one = Math.addExact(ofBelow, ofOwn);
        MemorySegment all = shared.memory.allocateBytes(
                Math.multiplyExact(Math.multiplyExact(shared.sequences, one), (long) precision.bytes()));
        MemorySegment tile = jacobian == null ? null
                : shared.memory.allocate(precision, (long) size * InfluenceMatrix.tileWidth(size));
        int[] unitOf = units == null ? null : unitOf();
        for (int b = 0; b < shared.sequences; b++) {
            if (below != null) {
                MemorySegment values = precision.slice(all, b * one, ofBelow);
                below[b] = new InfluenceMatrix(products, values, size, columns.first(), tile);
            }
            MemorySegment values = precision.slice(all, b * one + ofBelow, ofOwn);
            if (own != null) {
                own[b] = new InfluenceMatrix(products, values, size, columns.own(), tile);
            }
            if (units != null) {
                units[b] = new UnitInfluence(precision, values, linear.planes(), linear.units(), unitOf);
            }
        }
        return all;
    }

    /** {@return all that is known, of all sequences} */
    MemorySegment memory() {
        return all;
    }

    /** {@return the unit of each own column: of a parameter, or of a number of the initial state} */
    private int[] unitOf() {
        var unitOf = new int[columns.own()];
        Arrays.setAll(unitOf, this::unitOf);
        return unitOf;
    }

    private int unitOf(int column) {
        return column < columns.cell() ? linear.unitOf(column) : (column - columns.cell()) % linear.units();
    }

    /** Lets sequence {@code b} begin anew. */
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

    /** Takes in a step; the layer below has done so before. */
    void advance(int b, Influence.Step step) {
        linear.at(step);
        if (jacobian != null) {
            precision.write(linear.jacobian(), jacobian, 0, linear.size() * linear.size());
        }
        int moving = mixed < linear.size() ? linear.size() : linear.moving();
        if (below != null) {
            below[b].multiply(jacobian, mixed, linear.units(), moving);
            addFromBelow(b, step);
        }
        if (own != null) {
            own[b].multiply(jacobian, mixed, linear.units(), moving);
            addImmediate(b);
        }
        if (units != null) {
            units[b].advance(ownUnits(), linear.immediate(), columns.cell());
        }
    }

    /** What a layer reads is what the one below puts out, to which that may have added what it reads itself. */
    private void addFromBelow(int b, Influence.Step step) {
        LayerInfluence from = under;
        while (from != null) {
            double[] masked = masked(step.masks()[from.layer]);
            precision.write(masked, inputJacobian, 0, masked.length);
            if (from.below != null) {
                below[b].addProduct(inputJacobian, from.outputSize, from.below[b], 0);
            }
            if (from.own != null) {
                below[b].addProduct(inputJacobian, from.outputSize, from.own[b], from.columns.first());
            }
            if (from.units != null) {
                addUnits(b, from, masked);
            }
            if (!from.addsInput) {
                return;
            }
            from = from.under;
        }
        int embedded = embeddingOf();
        for (int i = 0; i < linear.size(); i++) {
            for (int j = 0; j < embedded; j++) {
                below[b].add(i, (long) step.token() * embedded + j, linear.inputJacobian()[i * embedded + j]);
            }
        }
    }

    /** {@return [n, I], the derivative by what a layer below puts out, which is read through its mask} */
    private double[] masked(StepMasks masks) {
        if (masks.output() == null) {
            return linear.inputJacobian();
        }
        double[] masked = linear.inputJacobian().clone();
        for (int i = 0; i < masked.length; i++) {
            masked[i] *= masks.output()[i % linear.inputSize()];
        }
        return masked;
    }

    private int embeddingOf() {
        return under == null ? embeddingWidth : under.embeddingOf();
    }

    private void addUnits(int b, LayerInfluence from, double[] byOutput) {
        UnitInfluence other = from.units[b];
        for (int c = 0; c < from.columns.own(); c++) {
            double value = other.get(0, c);
            for (int i = 0; i < linear.size(); i++) {
                below[b].add(i, from.columns.first() + c,
                        byOutput[i * linear.inputSize() + other.unitOf(c)] * value);
            }
        }
    }

    private void addImmediate(int b) {
        MemorySegment immediate = linear.immediate();
        int count = columns.cell();
        if (!linear.perUnit()) {
            for (int i = 0; i < linear.size(); i++) {
                own[b].addRow(i, 0, immediate, (long) i * count, count);
            }
            return;
        }
        for (int plane = 0; plane < linear.planes(); plane++) {
            int from = 0;
            while (from < count) { // parameters side by side that feed one unit: those of a row of a matrix
                int unit = linear.unitOf(from);
                int to = from + 1;
                while (to < count && linear.unitOf(to) == unit) {
                    to++;
                }
                own[b].addRow(plane * linear.units() + unit, from, immediate, (long) plane * count + from, to - from);
                from = to;
            }
        }
        if (kept != null) {
            drop(b);
        }
    }

    private void drop(int b) {
        for (int i = 0; i < linear.size(); i++) {
            for (int c = 0; c < columns.own(); c++) {
                if (!kept[unitOf(c)][i % linear.units()]) {
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
