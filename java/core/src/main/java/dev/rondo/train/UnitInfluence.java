package dev.rondo.train;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The derivatives of each unit's own S numbers of state by its own parameters, for one sequence: [S, C], all that there
 * is where no unit sees another's past, and what is kept of more by SnAp-1 and RFLO.
 */
final class UnitInfluence {
    private final Precision precision;
    private final MemorySegment values; // [S, C]
    private final int planes; // S
    private final int units; // H
    private final int columns; // C
    private final int[] unitOf; // [C]
    private final double[][] old; // [S][C]
    private final double[] sum; // [C]

    UnitInfluence(Precision precision, MemorySegment values, int planes, int units, int[] unitOf) {
        this.precision = precision;
        this.values = values;
        this.planes = planes;
        this.units = units;
        this.columns = unitOf.length;
        this.unitOf = unitOf;
        this.old = new double[planes][columns];
        this.sum = new double[columns];
    }

    void clear() {
        values.fill((byte) 0);
    }

    void set(int plane, int column, double value) {
        precision.set(values, (long) plane * columns + column, value);
    }

    double get(int plane, int column) {
        return precision.get(values, (long) plane * columns + column);
    }

    int unitOf(int column) {
        return unitOf[column];
    }

    /**
     * M = D M + I.
     *
     * @param own [S, S, H]: D, of each unit
     * @param immediate [S, count]: I, of the first {@code count} columns
     */
    void advance(double[] own, MemorySegment immediate, int count) {
        for (int plane = 0; plane < planes; plane++) {
            precision.read(values, (long) plane * columns, old[plane], columns);
        }
        for (int plane = 0; plane < planes; plane++) {
            precision.read(immediate, (long) plane * count, sum, count);
            Arrays.fill(sum, count, columns, 0);
            for (int before = 0; before < planes; before++) {
                int first = (plane * planes + before) * units;
                for (int c = 0; c < columns; c++) {
                    sum[c] += own[first + unitOf[c]] * old[before][c];
                }
            }
            precision.write(sum, values, (long) plane * columns, columns);
        }
    }

    /** Adds {@code vector} M to {@code gradients} [C]; the vector is [n], plane after plane. */
    void addProduct(double[] vector, MemorySegment gradients) {
        precision.read(gradients, 0, sum, columns);
        for (int plane = 0; plane < planes; plane++) {
            precision.read(values, (long) plane * columns, old[plane], columns);
            for (int c = 0; c < columns; c++) {
                sum[c] += vector[plane * units + unitOf[c]] * old[plane][c];
            }
        }
        precision.write(sum, gradients, 0, columns);
    }
}
