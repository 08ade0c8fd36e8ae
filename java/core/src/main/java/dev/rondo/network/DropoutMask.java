package dev.rondo.network;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;

/**
 * What numbers of a pass are multiplied by in training: 0 with the rate's probability, else {@code 1 / (1 - rate)}. One
 * mask for each step, or one for all.
 *
 * <p>T time steps, N numbers of a step.
 */
final class DropoutMask {
    private final Precision precision;
    private final double rate;
    private final boolean once; // one mask for all steps
    private final int width; // N
    private final MemorySegment factors; // [T, N], or [1, N] for all steps
    private final double[] row;

    private DropoutMask(NetworkPass owner, double rate, boolean once, int width) {
        this.precision = owner.network().precision();
        this.rate = rate;
        this.once = once;
        this.width = Math.multiplyExact(owner.batchSize(), width);
        this.factors = owner.workspace().allocate(precision, (long) (once ? 1 : owner.timeSteps()) * this.width);
        this.row = new double[this.width];
    }

    /** {@return masks of B times {@code width} numbers, of each step or once; null where nothing is dropped} */
    static DropoutMask of(NetworkPass owner, double rate, boolean once, int width) {
        return owner.training() && rate > 0 ? new DropoutMask(owner, rate, once, width) : null;
    }

    /** {@return the factors} */
    MemorySegment factors() {
        return factors;
    }

    /** Draws the masks of T steps, from step {@code first} on of {@code drawn}. */
    void draw(SeededRandom random, int first, int timeSteps, int drawn) {
        if (once) {
            draw(random, 1);
        } else {
            random.skip((long) first * width);
            draw(random, timeSteps);
            random.skip((long) (drawn - first - timeSteps) * width);
        }
    }

    private void draw(SeededRandom random, int masks) {
        double kept = 1 / (1 - rate);
        for (int mask = 0; mask < masks; mask++) {
            for (int i = 0; i < width; i++) {
                row[i] = random.nextDouble() < rate ? 0 : kept;
            }
            precision.write(row, factors, (long) mask * width, width);
        }
    }

    /** Multiplies {@code numbers}, [T, N]. */
    void apply(MemorySegment numbers, int timeSteps) {
        for (int t = 0; t < timeSteps; t++) {
            long mask = once ? 0 : t;
            Elementwise.multiply(precision, factors, mask * width, numbers, (long) t * width, width);
        }
    }
}
