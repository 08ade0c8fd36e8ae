package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.SparsePattern;
import dev.rondo.cell.UnitGroup;
import dev.rondo.kernel.ReferenceKernel;
import dev.rondo.memory.TensorLayout;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** A cell whose reference shows its distances from kinks to an observer, as far as it is a {@link ReferenceKernel}. */
record ObservedCell(Cell cell, Consumer<double[]> observer) implements Cell {
    @Override
    public String name() {
        return cell.name();
    }

    @Override
    public int hiddenSize() {
        return cell.hiddenSize();
    }

    @Override
    public int[] planeWidths() {
        return cell.planeWidths();
    }

    @Override
    public int rows() {
        return cell.rows();
    }

    @Override
    public int[] cachePlaneWidths() {
        return cell.cachePlaneWidths();
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        return cell.layout(inputSize, kind);
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        return cell.blocks(inputSize, kind);
    }

    @Override
    public boolean perUnit() {
        return cell.perUnit();
    }

    @Override
    public List<UnitGroup> unitGroups() {
        return cell.unitGroups();
    }

    @Override
    public SparsePattern recurrentPattern() {
        return cell.recurrentPattern();
    }

    @Override
    public double[] firstParameters(int inputSize, InputKind kind, RandomGenerator random) {
        return cell.firstParameters(inputSize, kind, random);
    }

    @Override
    public boolean holdsUnits() {
        return cell.holdsUnits();
    }

    @Override
    public boolean hasKinks() {
        return cell.hasKinks();
    }

    @Override
    public double initialBias(int row) {
        return cell.initialBias(row);
    }

    @Override
    public Map<String, String> options() {
        return cell.options();
    }

    @Override
    public CellKernel kernel(Backend backend) {
        CellKernel kernel = cell.kernel(backend);
        return kernel instanceof ReferenceKernel reference ? reference.observedBy(observer) : kernel;
    }
}
