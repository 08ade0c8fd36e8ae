package dev.rondo.kernel;

import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products tile by tile: 6 rows of C by one panel of B are summed up in 12 registers. With the 2 of the row of B and
 * one of A these are the 16 that every CPU has, and 12 chains of additions hide the latency of each other. 4 rows have
 * 8 chains, just enough: with tiles of both kinds most batches are cut without a rest.
 *
 * <p>Panels stay in the L1 or L2 cache while all rows of A pass by; K is cut into blocks for that.
 *
 * <p>Copied for each width, see {@link VectorWidth}.
 */
final class VectorTiles implements VectorProduct {
    private static final VectorSpecies<Float> SPECIES = VectorWidth.ofClass(MethodHandles.lookup()).species();
    private static final Class<? extends FloatVector> TYPE = SPECIES.vectorType().asSubclass(FloatVector.class);
    private static final int LANES = SPECIES.length();
    private static final int WIDTH = VectorPanels.width(LANES);
    private static final int DEPTH = 512;

    @Override
    public void add(VectorRows a, VectorPanels b, VectorRows c) {
        for (int from = 0; from < b.depth(); from += DEPTH) {
            for (int panel = 0; panel < b.panels(); panel++) {
                b.select(panel, from, Math.min(b.depth(), from + DEPTH));
                addPanel(a, b, c);
            }
        }
    }

    /**
     * Eight vectors at a time, and one by one what is left. Shorter, it was inlined: where two widths had run, into a
     * caller that then made an object of each sum, now and then.
     */
    @Override
    public void addRow(float[] x, int xAt, float[] y, int yAt, int count) {
        int i = 0;
        for (; i <= count - 8 * LANES; i += 8 * LANES) {
            FloatVector y0 = TYPE.cast(fromArray(SPECIES, y, yAt + i));
            y0.add(fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
            FloatVector y1 = TYPE.cast(fromArray(SPECIES, y, yAt + i + LANES));
            y1.add(fromArray(SPECIES, x, xAt + i + LANES)).intoArray(y, yAt + i + LANES);
            FloatVector y2 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 2 * LANES));
            y2.add(fromArray(SPECIES, x, xAt + i + 2 * LANES)).intoArray(y, yAt + i + 2 * LANES);
            FloatVector y3 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 3 * LANES));
            y3.add(fromArray(SPECIES, x, xAt + i + 3 * LANES)).intoArray(y, yAt + i + 3 * LANES);
            FloatVector y4 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 4 * LANES));
            y4.add(fromArray(SPECIES, x, xAt + i + 4 * LANES)).intoArray(y, yAt + i + 4 * LANES);
            FloatVector y5 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 5 * LANES));
            y5.add(fromArray(SPECIES, x, xAt + i + 5 * LANES)).intoArray(y, yAt + i + 5 * LANES);
            FloatVector y6 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 6 * LANES));
            y6.add(fromArray(SPECIES, x, xAt + i + 6 * LANES)).intoArray(y, yAt + i + 6 * LANES);
            FloatVector y7 = TYPE.cast(fromArray(SPECIES, y, yAt + i + 7 * LANES));
            y7.add(fromArray(SPECIES, x, xAt + i + 7 * LANES)).intoArray(y, yAt + i + 7 * LANES);
        }
        for (; i < count; i += LANES) {
            FloatVector sum = TYPE.cast(fromArray(SPECIES, y, yAt + i));
            sum.add(fromArray(SPECIES, x, xAt + i)).intoArray(y, yAt + i);
        }
    }

    /** Eight vectors at a time, as {@link #addRow}. */
    @Override
    public void addProducts(float[] x, int xAt, float[] y, int yAt, float[] z, int zAt, int count) {
        int i = 0;
        for (; i <= count - 8 * LANES; i += 8 * LANES) {
            FloatVector x0 = TYPE.cast(fromArray(SPECIES, x, xAt + i));
            FloatVector z0 = fromArray(SPECIES, z, zAt + i);
            x0.fma(fromArray(SPECIES, y, yAt + i), z0).intoArray(z, zAt + i);
            FloatVector x1 = TYPE.cast(fromArray(SPECIES, x, xAt + i + LANES));
            FloatVector z1 = fromArray(SPECIES, z, zAt + i + LANES);
            x1.fma(fromArray(SPECIES, y, yAt + i + LANES), z1).intoArray(z, zAt + i + LANES);
            FloatVector x2 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 2 * LANES));
            FloatVector z2 = fromArray(SPECIES, z, zAt + i + 2 * LANES);
            x2.fma(fromArray(SPECIES, y, yAt + i + 2 * LANES), z2).intoArray(z, zAt + i + 2 * LANES);
            FloatVector x3 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 3 * LANES));
            FloatVector z3 = fromArray(SPECIES, z, zAt + i + 3 * LANES);
            x3.fma(fromArray(SPECIES, y, yAt + i + 3 * LANES), z3).intoArray(z, zAt + i + 3 * LANES);
            FloatVector x4 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 4 * LANES));
            FloatVector z4 = fromArray(SPECIES, z, zAt + i + 4 * LANES);
            x4.fma(fromArray(SPECIES, y, yAt + i + 4 * LANES), z4).intoArray(z, zAt + i + 4 * LANES);
            FloatVector x5 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 5 * LANES));
            FloatVector z5 = fromArray(SPECIES, z, zAt + i + 5 * LANES);
            x5.fma(fromArray(SPECIES, y, yAt + i + 5 * LANES), z5).intoArray(z, zAt + i + 5 * LANES);
            FloatVector x6 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 6 * LANES));
            FloatVector z6 = fromArray(SPECIES, z, zAt + i + 6 * LANES);
            x6.fma(fromArray(SPECIES, y, yAt + i + 6 * LANES), z6).intoArray(z, zAt + i + 6 * LANES);
            FloatVector x7 = TYPE.cast(fromArray(SPECIES, x, xAt + i + 7 * LANES));
            FloatVector z7 = fromArray(SPECIES, z, zAt + i + 7 * LANES);
            x7.fma(fromArray(SPECIES, y, yAt + i + 7 * LANES), z7).intoArray(z, zAt + i + 7 * LANES);
        }
        for (; i < count; i += LANES) {
            FloatVector factor = TYPE.cast(fromArray(SPECIES, x, xAt + i));
            FloatVector sum = fromArray(SPECIES, z, zAt + i);
            factor.fma(fromArray(SPECIES, y, yAt + i), sum).intoArray(z, zAt + i);
        }
    }

    /** C += A B in the columns and for the part of K that {@code b} has selected. */
    private static void addPanel(VectorRows a, VectorPanels b, VectorRows c) {
        int count = c.count();
        if (count == 1) {
            oneRow(a, b, c);
            return;
        }
        int row = 0;
        while (row < count) {
            int rest = count - row;
            if (rest > 8 || rest == 6 || rest == 5) { // 7 and 8 rows take two tiles of 4, for nothing is left over then
                sixRows(a, b, c, row);
                row += 6;
            } else {
                fourRows(a, b, c, row);
                row += 4;
            }
        }
    }

    /** Rows {@code row} to {@code row + 5} of C. Where C ends before, its last row is computed again, all alike. */
    private static void sixRows(VectorRows a, VectorPanels b, VectorRows c, int row) {
        float[] as = a.values();
        float[] bs = b.values();
        float[] cs = c.values();
        int last = c.count() - 1;
        int row1 = Math.min(row + 1, last);
        int row2 = Math.min(row + 2, last);
        int row3 = Math.min(row + 3, last);
        int row4 = Math.min(row + 4, last);
        int row5 = Math.min(row + 5, last);
        int a0 = a.windowRow(row) + b.from();
        int a1 = a.windowRow(row1) + b.from();
        int a2 = a.windowRow(row2) + b.from();
        int a3 = a.windowRow(row3) + b.from();
        int a4 = a.windowRow(row4) + b.from();
        int a5 = a.windowRow(row5) + b.from();
        int c0 = c.windowRow(row) + b.column();
        int c1 = c.windowRow(row1) + b.column();
        int c2 = c.windowRow(row2) + b.column();
        int c3 = c.windowRow(row3) + b.column();
        int c4 = c.windowRow(row4) + b.column();
        int c5 = c.windowRow(row5) + b.column();
        FloatVector sum00 = TYPE.cast(fromArray(SPECIES, cs, c0));
        FloatVector sum01 = TYPE.cast(fromArray(SPECIES, cs, c0 + LANES));
        FloatVector sum10 = TYPE.cast(fromArray(SPECIES, cs, c1));
        FloatVector sum11 = TYPE.cast(fromArray(SPECIES, cs, c1 + LANES));
        FloatVector sum20 = TYPE.cast(fromArray(SPECIES, cs, c2));
        FloatVector sum21 = TYPE.cast(fromArray(SPECIES, cs, c2 + LANES));
        FloatVector sum30 = TYPE.cast(fromArray(SPECIES, cs, c3));
        FloatVector sum31 = TYPE.cast(fromArray(SPECIES, cs, c3 + LANES));
        FloatVector sum40 = TYPE.cast(fromArray(SPECIES, cs, c4));
        FloatVector sum41 = TYPE.cast(fromArray(SPECIES, cs, c4 + LANES));
        FloatVector sum50 = TYPE.cast(fromArray(SPECIES, cs, c5));
        FloatVector sum51 = TYPE.cast(fromArray(SPECIES, cs, c5 + LANES));
        int at = b.at();
        int length = b.length();
        for (int k = 0; k < length; k++) {
            FloatVector b0 = fromArray(SPECIES, bs, at + k * WIDTH);
            FloatVector b1 = fromArray(SPECIES, bs, at + k * WIDTH + LANES);
            FloatVector x0 = TYPE.cast(broadcast(SPECIES, as[a0 + k]));
            sum00 = x0.fma(b0, sum00);
            sum01 = x0.fma(b1, sum01);
            FloatVector x1 = TYPE.cast(broadcast(SPECIES, as[a1 + k]));
            sum10 = x1.fma(b0, sum10);
            sum11 = x1.fma(b1, sum11);
            FloatVector x2 = TYPE.cast(broadcast(SPECIES, as[a2 + k]));
            sum20 = x2.fma(b0, sum20);
            sum21 = x2.fma(b1, sum21);
            FloatVector x3 = TYPE.cast(broadcast(SPECIES, as[a3 + k]));
            sum30 = x3.fma(b0, sum30);
            sum31 = x3.fma(b1, sum31);
            FloatVector x4 = TYPE.cast(broadcast(SPECIES, as[a4 + k]));
            sum40 = x4.fma(b0, sum40);
            sum41 = x4.fma(b1, sum41);
            FloatVector x5 = TYPE.cast(broadcast(SPECIES, as[a5 + k]));
            sum50 = x5.fma(b0, sum50);
            sum51 = x5.fma(b1, sum51);
        }
        sum00.intoArray(cs, c0);
        sum01.intoArray(cs, c0 + LANES);
        sum10.intoArray(cs, c1);
        sum11.intoArray(cs, c1 + LANES);
        sum20.intoArray(cs, c2);
        sum21.intoArray(cs, c2 + LANES);
        sum30.intoArray(cs, c3);
        sum31.intoArray(cs, c3 + LANES);
        sum40.intoArray(cs, c4);
        sum41.intoArray(cs, c4 + LANES);
        sum50.intoArray(cs, c5);
        sum51.intoArray(cs, c5 + LANES);
    }

    /** Rows {@code row} to {@code row + 3} of C, as {@link #sixRows}. */
    private static void fourRows(VectorRows a, VectorPanels b, VectorRows c, int row) {
        float[] as = a.values();
        float[] bs = b.values();
        float[] cs = c.values();
        int last = c.count() - 1;
        int row1 = Math.min(row + 1, last);
        int row2 = Math.min(row + 2, last);
        int row3 = Math.min(row + 3, last);
        int a0 = a.windowRow(row) + b.from();
        int a1 = a.windowRow(row1) + b.from();
        int a2 = a.windowRow(row2) + b.from();
        int a3 = a.windowRow(row3) + b.from();
        int c0 = c.windowRow(row) + b.column();
        int c1 = c.windowRow(row1) + b.column();
        int c2 = c.windowRow(row2) + b.column();
        int c3 = c.windowRow(row3) + b.column();
        FloatVector sum00 = TYPE.cast(fromArray(SPECIES, cs, c0));
        FloatVector sum01 = TYPE.cast(fromArray(SPECIES, cs, c0 + LANES));
        FloatVector sum10 = TYPE.cast(fromArray(SPECIES, cs, c1));
        FloatVector sum11 = TYPE.cast(fromArray(SPECIES, cs, c1 + LANES));
        FloatVector sum20 = TYPE.cast(fromArray(SPECIES, cs, c2));
        FloatVector sum21 = TYPE.cast(fromArray(SPECIES, cs, c2 + LANES));
        FloatVector sum30 = TYPE.cast(fromArray(SPECIES, cs, c3));
        FloatVector sum31 = TYPE.cast(fromArray(SPECIES, cs, c3 + LANES));
        int at = b.at();
        int length = b.length();
        for (int k = 0; k < length; k++) {
            FloatVector b0 = fromArray(SPECIES, bs, at + k * WIDTH);
            FloatVector b1 = fromArray(SPECIES, bs, at + k * WIDTH + LANES);
            FloatVector x0 = TYPE.cast(broadcast(SPECIES, as[a0 + k]));
            sum00 = x0.fma(b0, sum00);
            sum01 = x0.fma(b1, sum01);
            FloatVector x1 = TYPE.cast(broadcast(SPECIES, as[a1 + k]));
            sum10 = x1.fma(b0, sum10);
            sum11 = x1.fma(b1, sum11);
            FloatVector x2 = TYPE.cast(broadcast(SPECIES, as[a2 + k]));
            sum20 = x2.fma(b0, sum20);
            sum21 = x2.fma(b1, sum21);
            FloatVector x3 = TYPE.cast(broadcast(SPECIES, as[a3 + k]));
            sum30 = x3.fma(b0, sum30);
            sum31 = x3.fma(b1, sum31);
        }
        sum00.intoArray(cs, c0);
        sum01.intoArray(cs, c0 + LANES);
        sum10.intoArray(cs, c1);
        sum11.intoArray(cs, c1 + LANES);
        sum20.intoArray(cs, c2);
        sum21.intoArray(cs, c2 + LANES);
        sum30.intoArray(cs, c3);
        sum31.intoArray(cs, c3 + LANES);
    }

    /** The only row of C. Even and odd rows of the panel have sums of their own: two chains alone would wait much. */
    private static void oneRow(VectorRows a, VectorPanels b, VectorRows c) {
        float[] as = a.values();
        float[] bs = b.values();
        float[] cs = c.values();
        int a0 = a.windowRow(0) + b.from();
        int c0 = c.windowRow(0) + b.column();
        int at = b.at();
        int pairs = b.length() / 2;
        FloatVector even0 = TYPE.cast(fromArray(SPECIES, cs, c0));
        FloatVector even1 = TYPE.cast(fromArray(SPECIES, cs, c0 + LANES));
        FloatVector odd0 = TYPE.cast(FloatVector.zero(SPECIES));
        FloatVector odd1 = TYPE.cast(FloatVector.zero(SPECIES));
        for (int k = 0; k < pairs; k++) {
            FloatVector x0 = TYPE.cast(broadcast(SPECIES, as[a0 + 2 * k]));
            even0 = x0.fma(fromArray(SPECIES, bs, at + 2 * k * WIDTH), even0);
            even1 = x0.fma(fromArray(SPECIES, bs, at + 2 * k * WIDTH + LANES), even1);
            FloatVector x1 = TYPE.cast(broadcast(SPECIES, as[a0 + 2 * k + 1]));
            odd0 = x1.fma(fromArray(SPECIES, bs, at + (2 * k + 1) * WIDTH), odd0);
            odd1 = x1.fma(fromArray(SPECIES, bs, at + (2 * k + 1) * WIDTH + LANES), odd1);
        }
        if (b.length() % 2 == 1) {
            int end = b.length() - 1;
            FloatVector x = TYPE.cast(broadcast(SPECIES, as[a0 + end]));
            odd0 = x.fma(fromArray(SPECIES, bs, at + end * WIDTH), odd0);
            odd1 = x.fma(fromArray(SPECIES, bs, at + end * WIDTH + LANES), odd1);
        }
        even0.add(odd0).intoArray(cs, c0);
        even1.add(odd1).intoArray(cs, c0 + LANES);
    }
}
