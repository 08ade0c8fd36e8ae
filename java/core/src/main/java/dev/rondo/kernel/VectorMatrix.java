package dev.rondo.kernel;

import dev.rondo.cell.ParameterBlock;
import java.lang.foreign.MemorySegment;

/** One block of weights, [rows, width], as the loops want it. Its rows are padded as the pre-activations are. */
final class VectorMatrix {
    private final ParameterBlock block;
    private final VectorLayout layout;
    private final int first; // where its rows start among the pre-activations
    private final int rows; // padded
    private final VectorRows values; // [rows, width]
    private final VectorPanels panels; // [width, rows]

    VectorMatrix(ParameterBlock block, VectorLayout layout) {
        this.block = block;
        this.layout = layout;
        this.first = layout.start(block.row());
        this.rows = layout.padded(block);
        this.values = VectorRows.of(rows, block.width(), block.width());
        this.panels = new VectorPanels(block.width(), rows, layout.lanes);
    }

    /** Reads the weights from the cell's parameters. */
    void load(MemorySegment params) {
        readRows(values, params);
        panels.putTransposed(values);
    }

    /** gates += source W^T, for {@code gates} rows from {@code row} on, as many as {@code source} has. */
    void multiply(VectorProduct product, VectorRows source, VectorRows gates, int row) {
        product.add(source, panels, gates.window(row, source.count(), first));
    }

    /** {@return the plane that these weights multiply} */
    int plane() {
        return block.plane();
    }

    /** {@return the number of columns} */
    int width() {
        return block.width();
    }

    /** {@return where the rows start among the pre-activations} */
    int first() {
        return first;
    }

    /** {@return the number of rows, padded} */
    int rows() {
        return rows;
    }

    /** {@return the weights as they were read last, [rows, width]} */
    VectorRows values() {
        return values.all();
    }

    /** Reads {@code matrix} [rows, width] from memory that is laid out as the cell's parameters. */
    void readRows(VectorRows matrix, MemorySegment params) {
        for (int r = 0; r < block.rows(); r++) {
            matrix.read(layout.column(block, r), params, element(r));
        }
    }

    /** Writes {@code matrix} [rows, width] to memory that is laid out as the cell's parameters. */
    void writeRows(VectorRows matrix, MemorySegment params) {
        for (int r = 0; r < block.rows(); r++) {
            matrix.write(layout.column(block, r), params, element(r));
        }
    }

    private long element(int r) {
        return block.offset() + (long) r * block.rowStride();
    }
}
