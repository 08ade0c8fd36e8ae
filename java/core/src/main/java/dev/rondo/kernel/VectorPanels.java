package dev.rondo.kernel;

/**
 * The right operand of a product, [K, N], packed: panels of a few vectors' width, each with its K rows one after the
 * other, so that the innermost loop reads from the start to the end. Columns are padded with zeros to whole panels.
 */
final class VectorPanels {
    /** Vectors in a row of a panel. */
    static final int VECTORS = 2;

    private final float[] values;
    private final int capacity;
    private final int panels;
    private final int width;
    private int depth;
    private int panel;
    private int from;
    private int to;

    /** Room for {@code depth} rows of {@code columns} columns. */
    VectorPanels(int depth, int columns, int lanes) {
        this.capacity = depth;
        this.depth = depth;
        this.width = width(lanes);
        this.panels = Math.ceilDiv(columns, width);
        this.values = new float[VectorRows.elements((long) panels * depth, width)];
    }

    /** {@return columns of a panel at {@code lanes}; rows that a product writes are a multiple of it apart} */
    static int width(int lanes) {
        return VECTORS * lanes;
    }

    float[] values() {
        return values;
    }

    int panels() {
        return panels;
    }

    /** {@return K: the rows in use} */
    int depth() {
        return depth;
    }

    void depth(int rows) {
        this.depth = rows;
    }

    /** Selects rows {@code from} to {@code to} of a panel, for the innermost loops. */
    void select(int panel, int from, int to) {
        this.panel = panel;
        this.from = from;
        this.to = to;
    }

    /** {@return where the selected rows start} */
    int at() {
        return at(panel, from);
    }

    /** {@return the first of the selected rows} */
    int from() {
        return from;
    }

    /** {@return how many rows are selected} */
    int length() {
        return to - from;
    }

    /** {@return the first column of the selected panel} */
    int column() {
        return panel * width;
    }

    private int at(int panel, int k) {
        return (panel * capacity + k) * width;
    }

    /** The rows of the window of {@code source}, one group each, become rows {@code k}, k + 1, ... */
    void putRows(VectorRows source, int k) {
        putRows(source, k, source.width());
    }

    /** The first {@code columns} columns of the same; what is after them stays zero here. */
    void putRows(VectorRows source, int k, int columns) {
        for (int i = 0; i < source.count(); i++) {
            int from = source.windowRow(i);
            for (int column = 0; column < columns; column += width) {
                int length = Math.min(width, columns - column);
                System.arraycopy(source.values(), from + column, values, at(column / width, k + i), length);
            }
        }
    }

    /** The columns of {@code source} become rows 0, 1, ... */
    void putTransposed(VectorRows source) {
        float[] from = source.values();
        for (int n = 0; n < source.count(); n++) {
            int row = source.windowRow(n);
            int to = at(n / width, 0) + n % width;
            for (int k = 0; k < source.columns(); k++) {
                values[to + k * width] = from[row + k];
            }
        }
    }
}
