package dev.rondo.cell;

import dev.rondo.memory.TensorLayout;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/**
 * Which units of a reservoir are connected: the places of a square sparse matrix that hold a weight. Weight k, for
 * {@code rowStart(r) <= k < rowStart(r + 1)}, multiplies the old state of unit {@code column(k)} in row r; columns of a
 * row ascend. A unit may be connected with itself.
 *
 * <p>A value: the pattern follows from size, fan-in or density, and seed alone, by {@link java.util.Random}, whose
 * numbers are laid down for every Java. It is drawn when it is first asked for, once.
 *
 * <pre>{@code
 * var pattern = SparsePattern.fanIn(1000, 10, 7);
 * int weights = pattern.count();     // 10000
 * }</pre>
 */
public final class SparsePattern {
    private final int size;
    private final int fanIn; // 0 = by density
    private final double density;
    private final long seed;
    private volatile Connections connections;

    private record Connections(int[] rowStarts, int[] columns) {}

    private SparsePattern(int size, int fanIn, double density, long seed) {
        this.size = CellShape.atLeastOne("size", size);
        this.fanIn = fanIn;
        this.density = density;
        this.seed = seed;
    }

    /**
     * {@return a pattern in which each unit reads as many}
     *
     * @param size N, units
     * @param fanIn units that each reads, all different, from 1 to N; with N of them the matrix is full
     * @param seed of the choice
     * @throws IllegalArgumentException if a number is out of range, or the connections are too many to be counted
     */
    public static SparsePattern fanIn(int size, int fanIn, long seed) {
        CellShape.atLeastOne("size", size);
        if (fanIn < 1 || fanIn > size) {
            throw new IllegalArgumentException("fanIn: expected 1 to " + size + ", got " + fanIn);
        }
        if ((long) size * fanIn > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "fanIn: expected at most " + Integer.MAX_VALUE + " connections, got " + (long) size * fanIn);
        }
        return new SparsePattern(size, fanIn, 0, seed);
    }

    /**
     * {@return a pattern in which each connection is there with one probability; a unit that would have none gets one,
     * so that none is cut off}
     *
     * @param size N, units
     * @param density the probability, above 0 to 1; with 1 the matrix is full
     * @param seed of the choice
     * @throws IllegalArgumentException if a number is out of range, or the connections may be too many to be counted
     */
    public static SparsePattern density(int size, double density, long seed) {
        CellShape.atLeastOne("size", size);
        if (!(density > 0 && density <= 1)) {
            throw new IllegalArgumentException("density: expected a number above 0 to 1, got " + density);
        }
        if ((double) size * size * density > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException("density: expected at most " + Integer.MAX_VALUE / 2
                    + " connections, got about " + Math.round((double) size * size * density));
        }
        return new SparsePattern(size, 0, density, seed);
    }

    /** {@return N, the number of units} */
    public int size() {
        return size;
    }

    /** {@return how many units each reads; 0 if that differs, for they are drawn by {@link #density()}} */
    public int fanIn() {
        return fanIn;
    }

    /** {@return the probability of a connection; 0 if each unit has as many, see {@link #fanIn()}} */
    public double density() {
        return density;
    }

    /** {@return the seed of the choice} */
    public long seed() {
        return seed;
    }

    /** {@return whether every unit reads every unit, so that a dense matrix says the same} */
    public boolean isFull() {
        return fanIn == size || density == 1;
    }

    /** {@return the number of connections} */
    public int count() {
        return fanIn > 0 ? size * fanIn : connections().rowStarts[size];
    }

    /**
     * {@return the first connection of a row, which is the number of those of all rows before it}
     *
     * @param row from 0 to N
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public int rowStart(int row) {
        return connections().rowStarts[row];
    }

    /**
     * {@return the unit that a connection reads}
     *
     * @param connection from 0, row by row
     * @throws IndexOutOfBoundsException if there is no such connection
     */
    public int column(int connection) {
        return connections().columns[connection];
    }

    /**
     * y = W x.
     *
     * @param values of W, one for each connection
     * @param x [N]
     * @param y [N], written
     * @throws IllegalArgumentException if there are not as many values as connections
     */
    public void multiply(double[] values, double[] x, double[] y) {
        Objects.requireNonNull(values, "values: expected some, got null");
        Objects.requireNonNull(x, "x: expected a vector, got null");
        Objects.requireNonNull(y, "y: expected a vector, got null");
        Connections all = connections();
        if (values.length != all.columns.length) {
            throw new IllegalArgumentException("values: expected " + all.columns.length + ", got " + values.length);
        }
        for (int r = 0; r < size; r++) {
            double sum = 0;
            for (int k = all.rowStarts[r]; k < all.rowStarts[r + 1]; k++) {
                sum += values[k] * x[all.columns[k]];
            }
            y[r] = sum;
        }
    }

    /**
     * {@return the connections as blocks of a cell, one for each}
     *
     * @param weights as many, in their order
     * @param source what they multiply: plane 0 of it
     * @throws IllegalArgumentException if there are not as many weights
     */
    public List<ParameterBlock> blocks(TensorLayout.Tensor weights, ParameterBlock.Source source) {
        Objects.requireNonNull(weights, "weights: expected a tensor, got null");
        Objects.requireNonNull(source, "source: expected one, got null");
        Connections all = connections();
        if (weights.count() != all.columns.length) {
            throw new IllegalArgumentException(
                    "weights: expected " + all.columns.length + ", got " + weights.count());
        }
        var rows = new int[all.columns.length];
        for (int r = 0; r < size; r++) {
            Arrays.fill(rows, all.rowStarts[r], all.rowStarts[r + 1], r);
        }
        return new AbstractList<>() {
            @Override
            public ParameterBlock get(int k) {
                return new ParameterBlock(
                        weights.name(), weights.offset() + k, rows[k], 1, source, 0, all.columns[k], 1, 1, 1);
            }

            @Override
            public int size() {
                return rows.length;
            }
        };
    }

    /** Two threads may draw at the same time: they draw the same. */
    private Connections connections() {
        Connections drawn = connections;
        if (drawn == null) {
            drawn = fanIn > 0 ? drawFanIn() : drawDensity();
            connections = drawn;
        }
        return drawn;
    }

    /** Floyd's way of drawing some of many without trying twice (Bentley and Floyd, "A sample of brilliance", 1987). */
    private Connections drawFanIn() {
        var random = new Random(seed);
        var rowStarts = new int[size + 1];
        var columns = new int[size * fanIn];
        var taken = new boolean[size];
        for (int r = 0; r < size; r++) {
            int start = r * fanIn;
            for (int i = 0; i < fanIn; i++) {
                int last = size - fanIn + i;
                int tried = random.nextInt(last + 1);
                columns[start + i] = taken[tried] ? last : tried;
                taken[columns[start + i]] = true;
            }
            for (int i = 0; i < fanIn; i++) {
                taken[columns[start + i]] = false;
            }
            Arrays.sort(columns, start, start + fanIn);
            rowStarts[r + 1] = start + fanIn;
        }
        return new Connections(rowStarts, columns);
    }

    /** From one connection to the next it is a geometrically distributed number of places. */
    private Connections drawDensity() {
        var random = new Random(seed);
        var rowStarts = new int[size + 1];
        var columns = new int[16];
        double missing = StrictMath.log1p(-density);
        int count = 0;
        for (int r = 0; r < size; r++) {
            long column = -1;
            while (true) {
                double skipped = density == 1 ? 0 : Math.floor(StrictMath.log(1 - random.nextDouble()) / missing);
                column = skipped < size ? column + 1 + (long) skipped : size;
                if (column >= size && count > rowStarts[r]) {
                    break;
                }
                if (count == columns.length) {
                    columns = Arrays.copyOf(columns, Math.multiplyExact(2, count));
                }
                columns[count++] = column < size ? (int) column : random.nextInt(size);
                if (column >= size) {
                    break;
                }
            }
            rowStarts[r + 1] = count;
        }
        return new Connections(rowStarts, Arrays.copyOf(columns, count));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SparsePattern that && size == that.size && fanIn == that.fanIn
                && density == that.density && seed == that.seed;
    }

    @Override
    public int hashCode() {
        return Objects.hash(size, fanIn, density, seed);
    }

    @Override
    public String toString() {
        return "SparsePattern[size=" + size + (fanIn > 0 ? ", fanIn=" + fanIn : ", density=" + density) + ", seed="
                + seed + "]";
    }
}
