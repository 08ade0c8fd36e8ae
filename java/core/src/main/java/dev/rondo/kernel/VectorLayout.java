package dev.rondo.kernel;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;

/**
 * How the numbers of a cell lie in arrays at one vector width. Pre-activations lie gate by gate, each padded to whole
 * vectors; planes are padded to whole vectors too. What is between is zero, but in states, where it is whatever the
 * cell makes of zeros.
 *
 * <p>Gates have H rows each, but the rows that a second product feeds are the last gate, of any width.
 */
final class VectorLayout {
    /** Rows (t, b) of a chunk of time, about: enough for good products, few enough to stay near the L2 cache. */
    private static final int CHUNK_ROWS = 256;

    final int lanes;
    final boolean groups; // of units with a clock each: these rows lie as they are, for there is one gate
    private final Cell cell;
    private final int gateStride;
    private final int lastRow; // the first row of the last gate
    private final int lastRows; // how many it has
    private final int stride; // of rows of pre-activations
    private final int[] planeWidths; // asked for once: each time they are a new array
    private final int[] cachePlaneWidths;
    private final int unprojectedWidth; // H, or 0 without projection

    VectorLayout(Cell cell, int lanes) {
        this.cell = cell;
        this.lanes = lanes;
        this.groups = !cell.unitGroups().isEmpty();
        this.gateStride = VectorRows.roundUp(cell.hiddenSize(), lanes);
        this.lastRows = lastRows(cell);
        this.lastRow = cell.rows() - lastRows;
        this.stride = stride();
        this.planeWidths = cell.planeWidths();
        this.cachePlaneWidths = cell.cachePlaneWidths();
        boolean projects = cell.blocks(1, InputKind.DENSE).stream()
                .anyMatch(block -> block.source() == ParameterBlock.Source.UNPROJECTED);
        this.unprojectedWidth = projects ? cell.hiddenSize() : 0;
    }

    private static int lastRows(Cell cell) {
        return cell.blocks(1, InputKind.DENSE).stream()
                .filter(block -> block.source() == ParameterBlock.Source.CACHE)
                .mapToInt(ParameterBlock::rows).max().orElse(cell.hiddenSize());
    }

    /**
     * A product writes whole panels, more than the rows of its block: zeros are added to what follows them. Room for
     * that is left at the end of a row, so that no row reaches into the next, which may be another sequence's; and for
     * the last vector of groups of units, which may start anywhere.
     */
    private int stride() {
        int panel = VectorPanels.width(lanes);
        int end = start(cell.rows()) + (groups ? panel : 0);
        for (ParameterBlock block : cell.blocks(1, InputKind.DENSE)) {
            if (block.source() == ParameterBlock.Source.UNPROJECTED) {
                continue; // feeds no pre-activations
            }
            end = Math.max(end, start(block.row()) + VectorRows.roundUp(padded(block), panel));
        }
        return VectorRows.roundUp(end, panel);
    }

    /** {@return whether a block feeds whole gates} */
    boolean wholeGates(ParameterBlock block) {
        return startsGate(block.row()) && startsGate(block.row() + block.rows());
    }

    private boolean startsGate(int row) {
        return row == cell.rows() || row <= lastRow && row % cell.hiddenSize() == 0;
    }

    /** {@return where the gate starts whose first pre-activation is {@code row}; of R where the last one ends} */
    int start(int row) {
        if (groups) {
            return row;
        }
        return row <= lastRow ? column(row) : column(lastRow) + VectorRows.roundUp(lastRows, lanes);
    }

    /** {@return where pre-activation {@code row} lies} */
    private int column(int row) {
        int first = Math.min(row, lastRow);
        return groups ? row : first / cell.hiddenSize() * gateStride + first % cell.hiddenSize() + row - first;
    }

    /** {@return how much room the pre-activations of a block take, which are whole gates} */
    int padded(ParameterBlock block) {
        return start(block.row() + block.rows()) - start(block.row());
    }

    /** {@return where row {@code r} of a block lies, counted from the block's first} */
    int column(ParameterBlock block, int r) {
        return column(block.row() + r) - column(block.row());
    }

    /** {@return {@code rows} zeroed rows of pre-activations} */
    VectorRows gates(long rows) {
        return new VectorRows(rows, lastRow / cell.hiddenSize() + 1, cell.hiddenSize(), gateStride, stride)
                .last(lastRows, lanes);
    }

    /** {@return {@code count} zeroed rows of the pre-activations of a block, which are whole gates} */
    VectorRows spans(int count, ParameterBlock block) {
        if (groups) {
            return VectorRows.ofGroups(count, 1, block.rows(), lanes);
        }
        if (block.row() + block.rows() <= lastRow) {
            return groupsOfUnits(count, block.rows());
        }
        int gates = (lastRow - block.row()) / cell.hiddenSize() + 1;
        int stride = VectorRows.roundUp(padded(block), VectorPanels.width(lanes));
        return new VectorRows(count, gates, cell.hiddenSize(), gateStride, stride).last(lastRows, lanes);
    }

    /** {@return {@code count} zeroed rows of {@code numbers}, a multiple of H} */
    VectorRows groupsOfUnits(int count, int numbers) {
        return VectorRows.ofGroups(count, numbers / cell.hiddenSize(), cell.hiddenSize(), lanes);
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
