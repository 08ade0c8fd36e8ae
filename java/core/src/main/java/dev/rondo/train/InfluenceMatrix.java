package dev.rondo.train;

import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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
    private final MemorySegment tile; // [n, tileWidth], shared
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
            for (int i = 0; i < rows; i++) {
                MemorySegment.copy(values, (i * columns + from) * precision.bytes(), tile,
                        (long) i * width * precision.bytes(), (long) width * precision.bytes());
            }
            if (mixed > 0) {
                products.multiply(new Matrix(jacobian, moving, mixed, rows, 1), Matrix.of(tile, mixed, width),
                        part(from, moving, width), false);
            }
            for (int i = 0; mixed < rows && i < rows; i++) {
                addOwn(i, from, width, jacobian, mixed, units);
            }
        }
    }

    /** Adds to a row of a tile the old rows of its own unit that the product left out. */
    private void addOwn(int i, long from, int width, MemorySegment jacobian, int mixed, int units) {
        for (int first = 0; first < width; first += chunk.length) {
            int count = Math.min(chunk.length, width - first);
            long at = i * columns + from + first;
            if (mixed > 0) {
                precision.read(values, at, chunk, count);
            } else {
                Arrays.fill(chunk, 0, count, 0);
            }
            for (int j = mixed + i % units; j < rows; j += units) {
                double factor = precision.get(jacobian, (long) i * rows + j);
                precision.read(tile, (long) j * width + first, more, count);
                for (int c = 0; c < count; c++) {
                    chunk[c] += factor * more[c];
                }
            }
            precision.write(chunk, values, at, count);
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

    /** Adds {@code count} numbers from {@code at} on in {@code source} to a row, from column 0 on. */
    void addRow(int row, MemorySegment source, long at, int count) {
        for (int from = 0; from < count; from += chunk.length) {
            int part = Math.min(chunk.length, count - from);
            precision.read(values, row * columns + from, chunk, part);
            precision.read(source, at + from, more, part);
            for (int i = 0; i < part; i++) {
                chunk[i] += more[i];
            }
            precision.write(chunk, values, row * columns + from, part);
        }
    }

    /** Adds {@code vector} M to {@code gradients} [C]; the vector is [n]. */
    void addProduct(MemorySegment vector, MemorySegment gradients) {
        products.multiply(Matrix.of(vector, 1, rows), Matrix.of(values, rows, columns),
                Matrix.of(gradients, 1, columns), true);
    }
}
