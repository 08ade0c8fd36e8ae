package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import java.util.List;

/**
 * The parameters that a cell's pointwise part reads itself, those of {@linkplain
 * ParameterBlock#pointwise pointwise} blocks.
 *
 * @param blocks theirs, which lie one after the other
 * @param offset index of the first parameter in the cell's slice of the slab; 0 if there are none
 * @param count V
 */
record PointwiseParameters(List<ParameterBlock> blocks, long offset, int count) {
    static PointwiseParameters of(Cell cell, int inputSize, InputKind kind) {
        List<ParameterBlock> blocks =
                cell.blocks(inputSize, kind).stream().filter(ParameterBlock::pointwise).toList();
        long offset = blocks.isEmpty() ? 0 : blocks.getFirst().offset();
        int count = 0;
        for (ParameterBlock block : blocks) {
            if (block.offset() != offset + count || block.rowStride() != 1) {
                throw new UnsupportedOperationException(
                        cell.name() + ": expected pointwise parameters side by side, got " + block);
            }
            count += block.rows();
        }
        return new PointwiseParameters(blocks, offset, count);
    }
}
