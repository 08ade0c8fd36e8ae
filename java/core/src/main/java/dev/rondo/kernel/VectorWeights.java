package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.TensorLayout;
import java.util.List;

/**
 * The parameters of a cell as the loops want them, read again when they have changed. Rows R of the weights are padded
 * as the pre-activations are: each gate to whole vectors.
 */
final class VectorWeights {
    final InputKind kind;
    final VectorRows input; // dense: [R, I]; tokens: [I, R]
    final VectorRows recurrent; // [R, P0]
    final VectorRows bias; // [1, R]
    final VectorPanels inputPanels; // [I, R]; null for tokens
    final VectorPanels recurrentPanels; // [P0, R]
    final long inputOffset;
    final long recurrentOffset;
    final long biasOffset;

    private final int R;
    private Parameters parameters;
    private long address;
    private long version;
    private long loads;

    VectorWeights(Cell cell, CellShape largest, InputKind kind, int lanes) {
        checkProducts(cell, largest.inputSize(), kind);
        int I = largest.inputSize();
        int P0 = cell.outputSize();
        int gates = cell.rows() / cell.hiddenSize();
        this.kind = kind;
        this.R = cell.rows();
        this.bias = VectorRows.ofGroups(1, gates, cell.hiddenSize(), lanes);
        int padded = bias.columns();
        this.input = kind == InputKind.DENSE
                ? VectorRows.of(padded, I, I)
                : VectorRows.ofGroups(I, gates, cell.hiddenSize(), lanes);
        this.recurrent = VectorRows.of(padded, P0, P0);
        this.inputPanels = kind == InputKind.DENSE ? new VectorPanels(I, padded, lanes) : null;
        this.recurrentPanels = new VectorPanels(P0, padded, lanes);
        TensorLayout layout = cell.layout(I, kind);
        this.inputOffset = layout.get("weightIh").offset();
        this.recurrentOffset = layout.get("weightHh").offset();
        this.biasOffset = layout.get("bias").offset();
    }

    /** What is written here: one product with the input, one with the output before the step, and a bias. */
    private static void checkProducts(Cell cell, int inputSize, InputKind kind) {
        List<ParameterBlock> blocks = cell.blocks(inputSize, kind);
        List<Source> sources = blocks.stream().map(ParameterBlock::source).toList();
        boolean whole = blocks.stream().allMatch(block -> block.rows() == cell.rows() && block.plane() == 0);
        if (!whole || !sources.equals(List.of(Source.INPUT, Source.PREVIOUS_STATE, Source.ONE))) {
            throw new UnsupportedOperationException(cell.name() + ": VECTOR has no products with sources " + sources);
        }
    }

    /** Reads the parameters of {@code pass}, unless they are those of the last call. */
    void load(CellPass pass) {
        long now = pass.parameters().version();
        if (pass.parameters() == parameters && pass.params().address() == address && now == version) {
            return;
        }
        int inputRows = kind == InputKind.DENSE ? R : pass.shape().inputSize();
        int inputColumns = kind == InputKind.DENSE ? pass.shape().inputSize() : R;
        for (int r = 0; r < inputRows; r++) {
            int row = kind == InputKind.DENSE ? bias.column(r) : r;
            input.read(row, pass.params(), inputOffset + (long) r * inputColumns);
        }
        for (int r = 0; r < R; r++) {
            recurrent.read(bias.column(r), pass.params(), recurrentOffset + (long) r * recurrent.columns());
        }
        bias.read(0, pass.params(), biasOffset);
        if (kind == InputKind.DENSE) {
            inputPanels.putTransposed(input);
        }
        recurrentPanels.putTransposed(recurrent);
        parameters = pass.parameters();
        address = pass.params().address();
        version = now;
        loads++;
    }

    /** {@return how often the parameters were read: whoever packs them in another way compares it} */
    long loads() {
        return loads;
    }
}
