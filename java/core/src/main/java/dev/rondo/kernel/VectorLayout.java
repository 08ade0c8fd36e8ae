package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;

/**
 * How the numbers of a cell lie in arrays at one vector width. Pre-activations lie gate by gate, each padded to whole
 * vectors; planes are padded to whole vectors too. What is between is zero, but in states, where it is whatever the
 * cell makes of zeros.
 */
final class VectorLayout {
    /** Rows (t, b) of a chunk of time, about: enough for good products, few enough to stay near the L2 cache. */
    private static final int CHUNK_ROWS = 256;

    final int lanes;
    private final Cell cell;
    private final int gateStride;
    private final int stride; // of rows of pre-activations
    private final int[] planeWidths; // asked for once: each time they are a new array
    private final int[] cachePlaneWidths;

    VectorLayout(Cell cell, int lanes) {
        this.cell = cell;
        this.lanes = lanes;
        this.gateStride = VectorRows.roundUp(cell.hiddenSize(), lanes);
        this.stride = stride();
        this.planeWidths = cell.planeWidths();
        this.cachePlaneWidths = cell.cachePlaneWidths();
    }

    /**
     * A product writes whole panels, more than the rows of its block: zeros are added to what follows them. Room for
     * that is left at the end of a row, so that no row reaches into the next, which may be another sequence's.
     */
    private int stride() {
        int panel = VectorPanels.width(lanes);
        int end = padded(cell.rows());
        for (ParameterBlock block : cell.blocks(1, InputKind.DENSE)) {
            end = Math.max(end, padded(block.row()) + VectorRows.roundUp(padded(block.rows()), panel));
        }
        return VectorRows.roundUp(end, panel);
    }

    /** {@return how much room {@code rows} pre-activations take, which are whole gates} */
    int padded(int rows) {
        return rows / cell.hiddenSize() * gateStride;
    }

    /** {@return where pre-activation {@code row} lies} */
    int column(int row) {
        return row / cell.hiddenSize() * gateStride + row % cell.hiddenSize();
    }

    /** {@return {@code rows} zeroed rows of pre-activations} */
    VectorRows gates(long rows) {
        return new VectorRows(rows, cell.rows() / cell.hiddenSize(), cell.hiddenSize(), gateStride, stride);
    }

    /** {@return {@code count} zeroed rows of {@code rows} pre-activations, which are whole gates} */
    VectorRows spans(int count, int rows) {
        return VectorRows.ofGroups(count, rows / cell.hiddenSize(), cell.hiddenSize(), lanes);
    }

    /** {@return {@code rows} zeroed rows of each state plane} */
    VectorRows[] states(long rows) {
        return planes(planeWidths, rows);
    }

    /** {@return {@code rows} zeroed rows of each cache plane} */
    VectorRows[] cachePlanes(long rows) {
        return planes(cachePlaneWidths, rows);
    }

    /** {@return {@code rows} zeroed rows of plane 0} */
    VectorRows outputs(long rows) {
        return VectorRows.ofGroups(rows, 1, planeWidths[0], lanes);
    }

    private VectorRows[] planes(int[] widths, long rows) {
        var planes = new VectorRows[widths.length];
        for (int p = 0; p < planes.length; p++) {
            planes[p] = VectorRows.ofGroups(rows, 1, widths[p], lanes);
        }
        return planes;
    }

    /** {@return the time steps of a chunk of a sequence; its last one may have fewer} */
    static int chunkSteps(int timeSteps, int batchSize) {
        return Math.min(timeSteps, Math.max(1, CHUNK_ROWS / batchSize));
    }

    /** {@return rows (t, b) of a chunk of any sequence up to {@code largest}, at most} */
    static int chunkRows(CellShape largest) {
        return (int) Math.min(largest.rows(), Math.max(CHUNK_ROWS, largest.batchSize()));
    }

    /** {@return bytes that chunks of {@code timeSteps} in all take in the cache, see {@link VectorSequence}} */
    long cacheBytes(long chunks, long timeSteps, long batchSize) {
        long elements = timeSteps * batchSize * stride;
        for (int width : cachePlaneWidths) {
            elements += timeSteps * batchSize * VectorRows.strideOfGroups(1, width, lanes);
        }
        for (int width : planeWidths) {
            elements += (timeSteps + chunks) * batchSize * VectorRows.strideOfGroups(1, width, lanes);
        }
        return elements * Float.BYTES;
    }
}
