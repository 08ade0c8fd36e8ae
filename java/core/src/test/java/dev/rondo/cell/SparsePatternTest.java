package dev.rondo.cell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SparsePatternTest {
    @Test
    void eachUnitReadsAsManyDifferentOnes() {
        for (int[] sizes : new int[][] {{1, 1}, {5, 1}, {7, 3}, {64, 10}, {64, 63}, {9, 9}, {1000, 10}}) {
            var pattern = SparsePattern.fanIn(sizes[0], sizes[1], 3);
            assertEquals(sizes[0] * sizes[1], pattern.count());
            assertEquals(sizes[0] == sizes[1], pattern.isFull());
            for (int r = 0; r < sizes[0]; r++) {
                assertEquals(sizes[1], pattern.rowStart(r + 1) - pattern.rowStart(r));
                assertAscending(pattern, r);
            }
        }
    }

    private static void assertAscending(SparsePattern pattern, int row) {
        for (int k = pattern.rowStart(row); k < pattern.rowStart(row + 1); k++) {
            assertTrue(pattern.column(k) >= 0 && pattern.column(k) < pattern.size());
            assertTrue(k == pattern.rowStart(row) || pattern.column(k) > pattern.column(k - 1));
        }
    }

    /** Each unit is read about as often: chi-square of 999 degrees, which is off by more once in a million. */
    @Test
    void columnsAreDrawnEvenly() {
        for (var pattern : new SparsePattern[] {
            SparsePattern.fanIn(1000, 50, 11), SparsePattern.density(1000, 0.05, 11)
        }) {
            var times = new int[1000];
            IntStream.range(0, pattern.count()).forEach(k -> times[pattern.column(k)]++);
            double expected = pattern.count() / 1000.0;
            double chiSquare = IntStream.of(times).mapToDouble(n -> (n - expected) * (n - expected) / expected).sum();
            assertTrue(chiSquare > 999 - 5 * Math.sqrt(2 * 999) && chiSquare < 999 + 5 * Math.sqrt(2 * 999),
                    pattern + ": " + chiSquare);
        }
    }

    @Test
    void densityIsTheShareOfConnections() {
        for (double density : new double[] {1e-3, 0.01, 0.3, 0.9, 1}) {
            var pattern = SparsePattern.density(700, density, 5);
            double places = 700.0 * 700;
            double deviation = Math.sqrt(density * (1 - density) / places);
            // Of the least density about half of the units would read none.
            double least = density == 1e-3 ? Math.exp(-0.7) / 700 : 0;
            assertEquals(density + least, pattern.count() / places, 5 * deviation + least / 5, pattern.toString());
            for (int r = 0; r < 700; r++) {
                assertTrue(pattern.rowStart(r + 1) > pattern.rowStart(r), "a unit that reads none");
                assertAscending(pattern, r);
            }
        }
    }

    @Test
    void itFollowsFromItsNumbersAlone() {
        var one = SparsePattern.density(50, 0.2, 9);
        var same = SparsePattern.density(50, 0.2, 9);
        assertEquals(one, same);
        assertEquals(one.hashCode(), same.hashCode());
        assertEquals(one.count(), same.count());
        assertTrue(IntStream.range(0, one.count()).allMatch(k -> one.column(k) == same.column(k)));
        assertNotEquals(one, SparsePattern.density(50, 0.2, 10));
        var other = SparsePattern.fanIn(50, 10, 9);
        var another = SparsePattern.fanIn(50, 10, 10);
        assertFalse(IntStream.range(0, 500).allMatch(k -> other.column(k) == another.column(k)));
        // What is laid down here is what files of today need to be read by later versions.
        assertEquals("[0, 2, 3, 0, 3, 4, 2, 3, 4]", columns(SparsePattern.fanIn(5, 3, 1)).substring(0, 26) + "]");
        assertEquals("[2, 4, 0, 0, 2, 4]", columns(SparsePattern.density(5, 0.4, 1)));
    }

    private static String columns(SparsePattern pattern) {
        return IntStream.range(0, pattern.count()).map(pattern::column).boxed().toList().toString();
    }

    @Test
    void aProductIsThatOfTheMatrix() {
        var pattern = SparsePattern.fanIn(3, 2, 1);
        double[] values = {1, 2, 3, 4, 5, 6};
        double[] x = {7, 11, 13};
        var y = new double[3];
        pattern.multiply(values, x, y);
        for (int r = 0; r < 3; r++) {
            int k = pattern.rowStart(r);
            assertEquals(values[k] * x[pattern.column(k)] + values[k + 1] * x[pattern.column(k + 1)], y[r]);
        }
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        refused("size: expected at least 1, got 0", () -> SparsePattern.fanIn(0, 1, 0));
        refused("fanIn: expected 1 to 3, got 4", () -> SparsePattern.fanIn(3, 4, 0));
        refused("fanIn: expected at most 2147483647 connections, got 10000000000",
                () -> SparsePattern.fanIn(100_000, 100_000, 0));
        refused("density: expected a number above 0 to 1, got 0.0", () -> SparsePattern.density(3, 0, 0));
        refused("density: expected a number above 0 to 1, got 1.5", () -> SparsePattern.density(3, 1.5, 0));
        refused("density: expected at most 1073741823 connections, got about 5000000000",
                () -> SparsePattern.density(100_000, 0.5, 0));
    }

    private static void refused(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
