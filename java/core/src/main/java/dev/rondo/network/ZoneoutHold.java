package dev.rondo.network;

import dev.rondo.cell.Cell;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Which units zoneout holds at which step, in training; and all units where the batch holds a state.
 *
 * <p>T time steps, B sequences, H units.
 */
final class ZoneoutHold {
    private final double rate;
    private final int batchSize;
    private final int units; // H
    private final ActiveRows rows;
    private final MemorySegment hold; // bytes [T, B, H]

    ZoneoutHold(NetworkPass owner, Dropout dropout, Cell cell) {
        this.rate = dropout.zoneout();
        this.batchSize = owner.batchSize();
        this.units = cell.hiddenSize();
        this.rows = owner.rows();
        this.hold = owner.workspace().allocateBytes((long) owner.timeSteps() * batchSize * units);
    }

    MemorySegment hold() {
        return hold;
    }

    /** Draws which units are held in T steps, from step {@code first} on of {@code drawn}. */
    void draw(SeededRandom random, int first, int timeSteps, int drawn) {
        long perStep = (long) batchSize * units;
        random.skip(first * perStep);
        for (int t = 0; t < timeSteps; t++) {
            for (int b = 0; b < batchSize; b++) {
                boolean all = rows.held(t, b);
                long row = ((long) t * batchSize + b) * units;
                for (int unit = 0; unit < units; unit++) {
                    boolean held = random.nextDouble() < rate || all;
                    hold.set(ValueLayout.JAVA_BYTE, row + unit, (byte) (held ? 1 : 0));
                }
            }
        }
        random.skip((drawn - first - timeSteps) * perStep);
    }
}
