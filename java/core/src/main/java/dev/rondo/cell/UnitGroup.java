package dev.rondo.cell;

/**
 * Units with a clock: they move at every absolute time that is a multiple of their period, and keep their state in
 * between.
 *
 * @param size units of the group
 * @param period steps from one move to the next; 1 is every step
 */
public record UnitGroup(int size, int period) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if one is below 1
     */
    public UnitGroup {
        CellShape.atLeastOne("size", size);
        CellShape.atLeastOne("period", period);
    }

    /**
     * {@return whether the units move then}
     *
     * @param time absolute time of a step: {@link CellPass#timeOrigin()} + t, whichever way the pass runs
     */
    public boolean movesAt(long time) {
        return time % period == 0;
    }
}
