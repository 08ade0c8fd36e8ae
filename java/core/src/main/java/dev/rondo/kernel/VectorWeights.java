package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import dev.rondo.memory.Parameters;
import java.util.List;

/** The parameters of a cell, block by block as the loops want them, read again when they have changed. */
final class VectorWeights {
    final VectorMatrix[] input; // on dense input
    final VectorSpan[] tokens; // on tokens
    final VectorMatrix[] recurrent; // on planes before the step, plane 0 after the mask
    final VectorDiagonal[] diagonal; // on plane 0 before the step, after the mask, unit by unit
    final VectorSparse sparse; // on the same, where they are sparse; null if they are not
    final VectorMatrix[] second; // on cache planes
    final VectorSpan[] biases;
    final VectorRows bias; // [1, R]: all of them
    final VectorProjection projection; // null if there is none
    final PointwiseParameters pointwise;
    final VectorRows pointwiseValues; // [1, V]; null if there are none

    private Parameters parameters;
    private long address;
    private long version;
    private long loads;

    VectorWeights(Cell cell, CellShape largest, InputKind kind, VectorLayout layout, VectorProduct product) {
        int inputSize = largest.inputSize();
        int rows = VectorLayout.chunkRows(largest);
        this.projection = VectorProjection.of(cell, inputSize, kind, rows, layout);
        this.pointwise = PointwiseParameters.of(cell, inputSize, kind);
        this.pointwiseValues = pointwiseRow(layout);
        List<ParameterBlock> blocks = cell.blocks(inputSize, kind);
        checkProducts(cell, inputSize, blocks, layout);
        List<ParameterBlock> onInput = of(Source.INPUT, blocks);
        this.input = matrices(kind == InputKind.DENSE ? onInput : List.of(), layout);
        this.tokens = spans(kind == InputKind.TOKENS ? onInput : List.of(), layout, product);
        List<ParameterBlock> onState = of(Source.PREVIOUS_STATE, blocks);
        this.sparse = VectorSparse.of(cell, inputSize, kind);
        this.recurrent = matrices(sparse != null ? List.of()
                : onState.stream().filter(block -> !block.elementwise()).toList(), layout);
        this.diagonal = onState.stream().filter(ParameterBlock::elementwise)
                .map(block -> new VectorDiagonal(block, layout)).toArray(VectorDiagonal[]::new);
        this.second = matrices(of(Source.CACHE, blocks), layout);
        this.biases = spans(of(Source.ONE, blocks), layout, product);
        this.bias = layout.gates(1);
    }

    /** {@return room for a row of the pointwise parameters; null if there are none} */
    VectorRows pointwiseRow(VectorLayout layout) {
        return pointwise.count() == 0 ? null : layout.groupsOfUnits(1, pointwise.count());
    }

    /**
     * What is written here: whole gates of whole sources, and a gate of the state unit by unit, or by sparse weights;
     * groups of units, of all states from their own on.
     */
    private static void checkProducts(Cell cell, int inputSize, List<ParameterBlock> blocks, VectorLayout layout) {
        for (ParameterBlock block : blocks) {
            boolean gates = layout.wholeGates(block);
            boolean whole = block.row() == 0 && block.rows() == cell.outputSize() && block.width() == cell.hiddenSize();
            if (gates && block.pointwise() || block.source() == Source.UNPROJECTED && whole) {
                continue; // no product of gates
            }
            if (block.source() == Source.PREVIOUS_STATE && cell.recurrentPattern() != null) {
                continue; // one connection of many
            }
            int width = switch (block.source()) {
                case ONE -> 1;
                case INPUT -> inputSize;
                case PREVIOUS_STATE -> cell.planeWidths()[block.plane()];
                case CACHE -> cell.cachePlaneWidths()[block.plane()];
                case NEW_STATE, POINTWISE, UNPROJECTED -> -1;
            };
            int column = layout.groups && block.source() == Source.PREVIOUS_STATE ? block.row() : 0;
            boolean diagonal = block.source() == Source.PREVIOUS_STATE && block.plane() == 0 && block.rows() == width;
            boolean sources = block.column() == column
                    && (block.elementwise() ? diagonal : block.column() + block.width() == width);
            if (!(gates || layout.groups) || !sources) {
                throw new UnsupportedOperationException(cell.name() + ": VECTOR has no product as of " + block);
            }
        }
    }

    private static List<ParameterBlock> of(Source source, List<ParameterBlock> blocks) {
        return blocks.stream().filter(block -> block.source() == source && !block.pointwise()).toList();
    }

    private static VectorMatrix[] matrices(List<ParameterBlock> blocks, VectorLayout layout) {
        return blocks.stream().map(block -> new VectorMatrix(block, layout)).toArray(VectorMatrix[]::new);
    }

    private static VectorSpan[] spans(List<ParameterBlock> blocks, VectorLayout layout, VectorProduct product) {
        return blocks.stream().map(block -> new VectorSpan(block, layout, product)).toArray(VectorSpan[]::new);
    }

    /** Reads the parameters of {@code pass}, unless they are those of the last call. */
    void load(CellPass pass) {
        long now = pass.parameters().version();
        if (pass.parameters() == parameters && pass.params().address() == address && now == version) {
            return;
        }
        for (VectorMatrix matrix : input) {
            matrix.load(pass.params());
        }
        for (VectorMatrix matrix : recurrent) {
            matrix.load(pass.params());
        }
        for (VectorDiagonal weights : diagonal) {
            weights.load(pass.params());
        }
        if (sparse != null) {
            sparse.load(pass.params());
        }
        for (VectorMatrix matrix : second) {
            matrix.load(pass.params());
        }
        for (VectorSpan span : tokens) {
            span.changed();
        }
        bias.clear(0);
        for (VectorSpan span : biases) {
            span.changed();
            span.add(pass.params(), 0, bias, 0);
        }
        if (projection != null) {
            projection.load(pass.params());
        }
        if (pointwiseValues != null) {
            pointwiseValues.read(0, pass.params(), pointwise.offset());
        }
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
