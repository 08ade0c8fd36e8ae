package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.cell.ParameterBlock.Source;
import java.lang.foreign.MemorySegment;

/**
 * The projection of a cell that has one: plane 0 of the new state is W m, with m what the pointwise part leaves as
 * plane 0, for each row and step.
 */
final class VectorProjection {
    private final ParameterBlock block; // W [P, H]
    private final VectorRows weights; // [P, H]
    private final VectorPanels panels; // [H, P]
    final VectorRows unprojected; // m [T * B, H], T here a chunk's

    private VectorProjection(ParameterBlock block, long rows, VectorLayout layout) {
        this.block = block;
        this.weights = VectorRows.of(block.rows(), block.width(), block.width());
        this.panels = new VectorPanels(block.width(), block.rows(), layout.lanes);
        this.unprojected = VectorRows.ofGroups(rows, 1, block.width(), layout.lanes);
    }

    /** {@return the projection of {@code cell} for {@code rows} rows of a chunk; null if it has none} */
    static VectorProjection of(Cell cell, int inputSize, InputKind kind, long rows, VectorLayout layout) {
        return cell.blocks(inputSize, kind).stream().filter(block -> block.source() == Source.UNPROJECTED).findAny()
                .map(block -> new VectorProjection(block, rows, layout)).orElse(null);
    }

    /** Reads W from the cell's parameters. */
    void load(MemorySegment params) {
        read(weights, params);
        panels.putTransposed(weights.all());
    }

    private void read(VectorRows matrix, MemorySegment params) {
        for (int r = 0; r < block.rows(); r++) {
            matrix.read(r, params, block.offset() + (long) r * block.rowStride());
        }
    }

    /** Writes plane 0 after step t, for all rows of the batch; m of rows that take no step is cleared. */
    void project(VectorSequence sequence, int t) {
        int batch = sequence.batchSize();
        VectorRows plane = sequence.states[0];
        for (int b = 0; b < batch; b++) {
            plane.clear(sequence.after(t, b));
            if (!sequence.pass().active(t, b)) {
                unprojected.clear(sequence.row(t, b));
            }
        }
        VectorRows to = plane.window(sequence.after(t, 0), batch);
        sequence.product.add(unprojected.window(sequence.row(t, 0), batch), panels, to);
    }

    /** The same backwards. */
    static final class Gradient {
        private final VectorProjection forward;
        private final VectorPanels weights; // [P, H]
        final VectorRows unprojected; // dm [B, H] of a step
        private final VectorRows outputs; // dh [P, T * B], transposed
        private final VectorPanels made; // m [T * B, H]
        private final VectorRows sum; // dW [P, H]

        Gradient(VectorProjection forward, int rows, int batch, int lanes) {
            int P = forward.block.rows();
            int H = forward.block.width();
            this.forward = forward;
            this.weights = new VectorPanels(P, H, lanes);
            this.unprojected = VectorRows.ofGroups(batch, 1, H, lanes);
            this.outputs = VectorRows.of(P, rows, rows);
            this.made = new VectorPanels(rows, H, lanes);
            this.sum = VectorRows.ofGroups(P, 1, H, lanes);
        }

        /** Takes W as it was read last. */
        void packWeights() {
            weights.putRows(forward.weights.all(), 0);
        }

        /** Reads dW. */
        void read(MemorySegment params) {
            forward.read(sum, params);
        }

        /** Writes dW. */
        void write(MemorySegment params) {
            for (int r = 0; r < forward.block.rows(); r++) {
                sum.write(r, params, forward.block.offset() + (long) r * forward.block.rowStride());
            }
        }

        /**
         * dm = W^T dh at step t, from the gradient of plane 0, which is zero afterwards where the row takes the step:
         * the old plane enters through products alone.
         */
        void unproject(VectorSequence sequence, int t, VectorRows gradient) {
            int batch = sequence.batchSize();
            for (int b = 0; b < batch; b++) {
                unprojected.clear(b);
            }
            sequence.product.add(gradient.window(0, batch), weights, unprojected.window(0, batch));
            for (int b = 0; b < batch; b++) {
                boolean steps = sequence.pass().active(t, b);
                for (int p = 0; p < forward.block.rows(); p++) {
                    float d = gradient.values()[gradient.at(b) + p];
                    outputs.values()[outputs.at(p) + sequence.row(t, b)] = steps ? d : 0;
                }
                if (steps) {
                    gradient.clear(b);
                }
            }
        }

        /** dW += dh^T m, for all steps of a chunk. */
        void addWeights(VectorSequence sequence) {
            made.putRows(forward.unprojected.window(0, sequence.rows()), 0);
            made.depth(sequence.rows());
            sequence.product.add(outputs.all(), made, sum.all());
        }
    }
}
