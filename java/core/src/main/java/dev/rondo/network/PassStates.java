package dev.rondo.network;

import java.util.Arrays;

/** The states of a pass, of all layers and directions, and which sequences begin anew in it. */
final class PassStates {
    private final StatePlanes[] directions;
    private final boolean[] begins; // [B], in the next forward pass
    private final boolean[] began; // [B], in the last one

    PassStates(LayerPass[] layers, int batchSize) {
        this.directions = Arrays.stream(layers).flatMap(LayerPass::states).toArray(StatePlanes[]::new);
        this.begins = new boolean[batchSize];
        this.began = new boolean[batchSize];
        Arrays.fill(begins, true);
    }

    /** Lets all sequences begin anew. */
    void reset() {
        for (int b = 0; b < begins.length; b++) {
            reset(b);
        }
    }

    /** Lets one sequence begin anew. */
    void reset(int b) {
        begins[b] = true;
        for (StatePlanes planes : directions) {
            planes.begin(b);
        }
    }

    /** Puts sequence b where sequence {@code from[b]} is. */
    void select(int[] from) {
        boolean[] old = begins.clone();
        for (int b = 0; b < begins.length; b++) {
            begins[b] = old[from[b]];
        }
        for (StatePlanes planes : directions) {
            planes.select(from);
        }
    }

    /** Before a forward pass; without {@code carried} all sequences begin anew. */
    void enter(boolean carried) {
        System.arraycopy(beginning(carried), 0, began, 0, began.length);
        Arrays.fill(begins, false);
    }

    /** {@return [B], which sequences begin anew in the next forward pass}; they are put where they begin */
    boolean[] beginning(boolean carried) {
        if (!carried) {
            reset();
        }
        for (int b = 0; b < begins.length; b++) {
            for (StatePlanes planes : directions) {
                if (carried && begins[b]) {
                    planes.beginAgain(b);
                }
            }
        }
        return begins;
    }

    /** After a backward pass. */
    void leave() {
        for (StatePlanes planes : directions) {
            planes.addLearnedGradient(began);
            planes.resetLastGradient();
        }
    }

    /** {@return 1 for each sequence that begins anew in the next forward pass, else 0} */
    long[] begins() {
        var marks = new long[begins.length];
        Arrays.setAll(marks, b -> begins[b] ? 1 : 0);
        return marks;
    }

    void begins(long[] marks) {
        for (int b = 0; b < begins.length; b++) {
            begins[b] = marks[b] != 0;
        }
    }
}
