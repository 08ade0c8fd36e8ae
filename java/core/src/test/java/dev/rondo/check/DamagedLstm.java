package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellKernel;
import dev.rondo.cell.DamagedPlan;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import java.util.List;
import java.util.Map;

/**
 * An LSTM whose reference is sound and whose other body has a fault. It is also an example of a cell that is not built
 * in.
 */
record DamagedLstm(int hiddenSize, DamagedPlan.Fault fault) implements Cell {
    static CellBody body(DamagedPlan.Fault fault) {
        return new CellBody(
                units -> new DamagedLstm(units, fault), Backend.VECTOR, IsaTier.BASELINE, Precision.FLOAT64);
    }

    private Lstm sound() {
        return Lstm.of(hiddenSize);
    }

    @Override
    public String name() {
        return "damaged";
    }

    @Override
    public int[] planeWidths() {
        return sound().planeWidths();
    }

    @Override
    public int rows() {
        return sound().rows();
    }

    @Override
    public TensorLayout layout(int inputSize, InputKind kind) {
        return sound().layout(inputSize, kind);
    }

    @Override
    public List<ParameterBlock> blocks(int inputSize, InputKind kind) {
        return sound().blocks(inputSize, kind);
    }

    @Override
    public boolean perUnit() {
        return true;
    }

    @Override
    public double initialBias(int row) {
        return sound().initialBias(row);
    }

    @Override
    public Map<String, String> options() {
        return Map.of();
    }

    @Override
    public CellKernel kernel(Backend backend) {
        CellKernel reference = sound().kernel(Backend.REFERENCE);
        return backend == Backend.REFERENCE
                ? reference
                : (cell, largest, precision, execution) ->
                        new DamagedPlan(reference.plan(cell, largest, precision, execution), fault);
    }
}
