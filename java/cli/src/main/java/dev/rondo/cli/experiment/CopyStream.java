package dev.rondo.cli.experiment;

import java.util.random.RandomGenerator;

/**
 * A stream of the copy task: bits are shown, one at each step, then as many times {@link #GO}, at each of which the
 * next of these bits is to be said; and so on with other bits.
 */
final class CopyStream {
    /** What is shown while bits are to be said; 0 and 1 are bits. */
    static final int GO = 2;

    /** What may be shown: 0, 1, {@link #GO}. */
    static final int SYMBOLS = 3;

    /** The target while bits are shown. */
    static final int NONE = -1;

    private static final int SHORTER = 5; // sequences are shorter than the longest by this at most

    private final RandomGenerator random;
    private int[] bits = {};
    private int time; // steps of the sequence that have been shown

    CopyStream(long seed) {
        random = Series.random(seed);
    }

    /** {@return whether a sequence has come to its end: the next step is the first of another} */
    boolean atEnd() {
        return time == 2 * bits.length;
    }

    /**
     * {@return the symbol that is shown next}
     *
     * @param longest the most bits of a sequence, if one begins: it has from {@code longest} - 5, at least 1, to
     *     {@code longest}, each with the same probability, as in Menick et al. (2020)
     */
    int next(int longest) {
        if (atEnd()) {
            int length = random.nextInt(Math.max(1, longest - SHORTER), longest + 1);
            bits = random.ints(length, 0, 2).toArray();
            time = 0;
        }
        time++;
        return time <= bits.length ? bits[time - 1] : GO;
    }

    /** {@return the bit that is to be said to the symbol shown last; {@link #NONE} if none is} */
    int target() {
        return time <= bits.length ? NONE : bits[time - 1 - bits.length];
    }
}
