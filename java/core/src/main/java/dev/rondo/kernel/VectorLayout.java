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
    final boolean groups; // of units with a clock each: these rows lie as they are, for there is one gate
    private final Cell cell;
    private final int gateStride;
    private final int stride; // of rows of pre-activations
    private final int[] planeWidths; // asked for once: each time they are a new array
    private final int[] cachePlaneWidths;
    private final int unprojectedWidth; // H, or 0 without projection

    VectorLayout(Cell cell, int lanes) {
        this.cell = cell;
        this.lanes = lanes;
        this.groups = !cell.unitGroups().isEmpty();
        this.gateStride = VectorRows.roundUp(cell.hiddenSize(), lanes);
        this.stride = stride();
        this.planeWidths = cell.planeWidths();
        this.cachePlaneWidths = cell.cachePlaneWidths();
        boolean projects = cell.blocks(1, InputKind.DENSE).stream()
                .anyMatch(block -> block.source() == ParameterBlock.Source.UNPROJECTED);
        this.unprojectedWidth = projects ? cell.hiddenSize() : 0;
    }

    /**
     * A product writes whole panels, more than the rows of its block: zeros are added to what follows them. Room for
     * that is left at the end of a row, so that no row reaches into the next, which may be another sequence's; and for
     * the last vector of groups of units, which may start anywhere.
     */
    private int stride() {
        int panel = VectorPanels.width(lanes);
        int end = padded(cell.rows()) + (groups ? panel : 0);
        for (ParameterBlock block : cell.blocks(1, InputKind.DENSE)) {
            if (block.source() == ParameterBlock.Source.UNPROJECTED) {
                continue; // feeds no pre-activations
            }
            end = Math.max(end, padded(block.row()) + VectorRows.roundUp(padded(block.rows()), panel));
        }
        return VectorRows.roundUp(end, panel);
    }

    /** {@return how much room {@code rows} pre-activations take, which are whole gates} */
    int padded(int rows) {
        return groups ? rows : rows / cell.hiddenSize() * gateStride;
    }

    /** {@return where pre-activation {@code row} lies} */
    int column(int row) {
        return groups ? row : row / cell.hiddenSize() * gateStride + row % cell.hiddenSize();
    }

    /** {@return {@code rows} zeroed rows of pre-activations} */
    VectorRows gates(long rows) {
        return new VectorRows(rows, cell.rows() / cell.hiddenSize(), cell.hiddenSize(), gateStride, stride);
    }

    /** {@return {@code count} zeroed rows of {@code rows} pre-activations, which are whole gates} */
    VectorRows spans(int count, int rows) {
        return groups
                ? VectorRows.ofGroups(count, 1, rows, lanes)
                : VectorRows.ofGroups(count, rows / cell.hiddenSize(), cell.hiddenSize(), lanes);
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
        return plane(rows, planeWidths[0]);
    }

    private VectorRows plane(long rows, int width) {
        return new VectorRows(rows, 1, width, VectorRows.roundUp(width, lanes), planeStride(width));
    }

    /** As {@link #stride}: what groups write of a plane ends up to a panel behind it. */
    private int planeStride(int width) {
        return VectorRows.strideOfGroups(1, groups ? width + VectorPanels.width(lanes) : width, lanes);
    }

    private VectorRows[] planes(int[] widths, long rows) {
        var planes = new VectorRows[widths.length];
        for (int p = 0; p < planes.length; p++) {
            planes[p] = plane(rows, widths[p]);
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
        int unprojectedStride = VectorRows.strideOfGroups(1, unprojectedWidth, lanes);
        long elements = timeSteps * batchSize * (stride + unprojectedStride);
        for (int width : cachePlaneWidths) {
            elements += timeSteps * batchSize * planeStride(width);
        }
        for (int width : planeWidths) {
            elements += (timeSteps + chunks) * batchSize * planeStride(width);
        }
        return elements * Float.BYTES;
    }
}
