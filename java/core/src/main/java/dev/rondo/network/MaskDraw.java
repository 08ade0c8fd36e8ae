package dev.rondo.network;

import dev.rondo.cell.CellShape;

/**
 * Which masks of dropout and zoneout a forward pass has: those that one over {@code timeSteps} steps draws from
 * {@code seed}, from step {@code first} of them on. Three numbers in place of the masks: whoever takes the steps of a
 * batch again, all at once or one by one, has the same ones by them.
 *
 * @param seed any number
 * @param timeSteps how many steps the masks are drawn for, at least 1
 * @param first from which on they are used, from 0 to {@code timeSteps - 1}
 */
public record MaskDraw(long seed, int timeSteps, int first) {
    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if a number is out of range
     */
    public MaskDraw {
        CellShape.atLeastOne("timeSteps", timeSteps);
        if (first < 0 || first >= timeSteps) {
            throw new IllegalArgumentException("first: expected 0 to " + (timeSteps - 1) + ", got " + first);
        }
    }

    /**
     * {@return the same masks from a later step on}
     *
     * @param steps how much later, at least 0
     * @throws IllegalArgumentException if there are no masks of so many steps
     */
    public MaskDraw after(int steps) {
        return new MaskDraw(seed, timeSteps, Math.addExact(first, steps));
    }
}
