package dev.rondo.check;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellPlan;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * One body of a cell, as it is checked and timed: {@code lstm NATIVE AVX512 FLOAT32}.
 *
 * @param cells makes the cell with a given number of hidden units
 * @param backend whose body
 * @param tier instruction set
 * @param precision element type
 */
public record CellBody(IntFunction<? extends Cell> cells, Backend backend, IsaTier tier, Precision precision) {
    /** Units of the cell that is named: of fewer, a cell may leave options out. */
    private static final int NAMED = 64;

    /** Checks its arguments. */
    public CellBody {
        Objects.requireNonNull(cells, "cells: expected a function, got null");
        Objects.requireNonNull(backend, "backend: expected one, got null");
        Objects.requireNonNull(tier, "tier: expected one, got null");
        Objects.requireNonNull(precision, "precision: expected one, got null");
    }

    /**
     * {@return the body that all others are compared with}
     *
     * @param cells makes the cell with a given number of hidden units
     */
    public static CellBody reference(IntFunction<? extends Cell> cells) {
        return new CellBody(cells, Backend.REFERENCE, IsaTier.BASELINE, Precision.FLOAT64);
    }

    /**
     * {@return all bodies of a cell that run here, the reference first}
     *
     * @param cells makes the cell with a given number of hidden units
     */
    public static List<CellBody> present(IntFunction<? extends Cell> cells) {
        Objects.requireNonNull(cells, "cells: expected a function, got null");
        var bodies = new ArrayList<CellBody>();
        for (Backend backend : Backends.available()) {
            for (Precision precision : Precision.values()) {
                for (IsaTier tier : IsaTier.values()) {
                    var body = new CellBody(cells, backend, tier, precision);
                    if (body.runs()) {
                        bodies.add(body);
                    }
                }
            }
        }
        return bodies;
    }

    /** A tier that the CPU lacks is lowered, and would be the same body twice. */
    private boolean runs() {
        try (var plan = plan(cell(1).shape(1, 1, 1), 1)) {
            return plan.tier() == tier;
        } catch (UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * {@return the cell of a given size}
     *
     * @param hiddenSize units, H
     */
    public Cell cell(int hiddenSize) {
        return cells.apply(hiddenSize);
    }

    /**
     * {@return a plan of this body, to be closed}
     *
     * @param largest sizes of the largest pass
     * @param threads 1 to {@link Execution#MOST_THREADS}
     * @throws IllegalArgumentException if there are fewer or more
     * @throws UnsupportedOperationException if the backend is not available here, or lacks the precision
     */
    public CellPlan plan(CellShape largest, int threads) {
        Objects.requireNonNull(largest, "largest: expected a shape, got null");
        Cell cell = cell(largest.hiddenSize());
        return cell.kernel(backend).plan(cell, largest, precision, new Execution(threads, tier));
    }

    @Override
    public String toString() {
        return Cells.text(cell(NAMED)) + " " + backend + " " + tier + " " + precision;
    }
}
