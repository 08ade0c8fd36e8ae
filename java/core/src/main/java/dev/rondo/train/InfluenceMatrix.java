package dev.rondo.train;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/** The derivatives M [n, C] of a layer's state by C parameters that lie side by side, for one sequence. */
final class InfluenceMatrix {
    /** Elements of a tile: M is replaced tile by tile, so that it needs no twin. */
    private static final int TILE = 1 << 17;

    private final Products products;
    private final Precision precision;
    private final MemorySegment values; // [n, C]
    private final int rows; // n
    private final long columns; // C
    private final int tileWidth;
    private final MemorySegment tile; // [n, tileWidth], shared; old rows
    private final double[] chunk = new double[1024];
    private final double[] more = new double[1024];

    InfluenceMatrix(Products products, MemorySegment values, int rows, long columns, MemorySegment tile) {
        this.products = products;
        this.precision = products.precision();
        this.values = values;
        this.rows = rows;
        this.columns = columns;
        this.tileWidth = tileWidth(rows);
        this.tile = tile;
    }

    /** {@return columns of a tile of {@code rows} rows} */
    static int tileWidth(int rows) {
        return Math.max(16, TILE / rows);
    }

    long columns() {
        return columns;
    }

    void clear() {
        values.fill((byte) 0);
    }

    void add(int row, long column, double value) {
        long at = row * columns + column;
        precision.set(values, at, precision.get(values, at) + value);
    }

    double get(int row, long column) {
        return precision.get(values, row * columns + column);
    }

    void set(int row, long column, double value) {
        precision.set(values, row * columns + column, value);
    }

    /**
     * M = J M.
     *
     * @param jacobian J [n, n]
     * @param mixed how many columns of J are dense; each of the others has numbers but at rows of its own unit
     * @param units H: numbers of state belong to one unit if their places differ by a multiple of it
     * @param moving how many rows change; the others are those of the identity in J. All, unless all columns are dense
     */
    void multiply(MemorySegment jacobian, int mixed, int units, int moving) {
        for (long from = 0; moving > 0 && from < columns; from += tileWidth) {
            int width = (int) Math.min(tileWidth, columns - from);
            for (int i = 0; i < mixed; i++) {
                copyRow(i, from, width, i);
            }
            for (int unit = 0; mixed < rows && unit < units; unit++) {
                multiplyOwn(unit, from, width, jacobian, mixed, units);
            }
            if (mixed > 0) {
                products.multiply(new Matrix(jacobian, moving, mixed, rows, 1), Matrix.of(tile, mixed, width),
                        part(from, moving, width), mixed < rows);
            }
        }
    }

    private void copyRow(int row, long from, int width, int to) {
        long bytes = (long) width * precision.bytes();
        MemorySegment.copy(values, (row * columns + from) * precision.bytes(), tile, to * bytes, bytes);
    }

    /** Replaces all rows of a unit by what they get from those of them that nothing else reads. */
    private void multiplyOwn(int unit, long from, int width, MemorySegment jacobian, int mixed, int units) {
        int planes = rows / units;
        int alone = (rows - mixed) / units;
        for (int plane = 0; plane < alone; plane++) {
            copyRow(mixed + plane * units + unit, from, width, mixed + plane);
        }
        long last = (planes - 1L) * units;
        MemorySegment own = precision.slice(values, unit * columns + from, last * columns + width);
        for (int plane = 0; plane < alone; plane++) {
            int column = mixed + plane * units + unit;
            MemorySegment factors = precision.slice(jacobian, (long) unit * rows + column, last * rows + 1);
            products.multiply(new Matrix(factors, planes, 1, (long) units * rows, 1),
                    Matrix.of(precision.slice(tile, (long) (mixed + plane) * width, width), 1, width),
                    new Matrix(own, planes, width, units * columns, 1), plane > 0);
        }
    }

    /** Adds {@code factors} [n, P] times the first P rows of {@code other}, to columns from {@code to} on. */
    void addProduct(MemorySegment factors, int inner, InfluenceMatrix other, long to) {
        products.multiply(Matrix.of(factors, rows, inner), other.part(0, inner, other.columns),
                part(to, rows, other.columns), true);
    }

    private Matrix part(long from, int count, long width) {
        return new Matrix(precision.slice(values, from, (count - 1) * columns + width), count, width, columns, 1);
    }

    /** Adds {@code count} numbers from {@code at} on in {@code source} to a row, from column {@code to} on. */
    void addRow(int row, long to, MemorySegment source, long at, int count) {
        for (int from = 0; from < count; from += chunk.length) {
            int part = Math.min(chunk.length, count - from);
            precision.read(values, row * columns + to + from, chunk, part);
            precision.read(source, at + from, more, part);
            for (int i = 0; i < part; i++) {
                chunk[i] += more[i];
            }
            precision.write(chunk, values, row * columns + to + from, part);
        }
    }

    /** Adds {@code vector} M to {@code gradients} [C]; the vector is [n]. */
    void addProduct(MemorySegment vector, MemorySegment gradients) {
        products.multiply(Matrix.of(vector, 1, rows), Matrix.of(values, rows, columns),
                Matrix.of(gradients, 1, columns), true);
    }
}
