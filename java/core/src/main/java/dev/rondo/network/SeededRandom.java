package dev.rondo.network;

import java.util.random.RandomGenerator;

/**
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): one 64-bit word of state,
 * which can be read and restored, so that a resumed training goes on with the very numbers that the uninterrupted one
 * draws.
 */
public final class SeededRandom implements RandomGenerator {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    /**
     * A generator.
     *
     * @param seed its first state: any number
     */
    public SeededRandom(long seed) {
        this.state = seed;
    }

    /** {@return the state; a generator made of it draws what this one would have drawn next} */
    public long state() {
        return state;
    }

    /** Goes on from a state. */
    void state(long value) {
        state = value;
    }

    /**
     * Leaves out as many numbers, in no time: the state only counts.
     *
     * @param count any number; of a negative one, goes back
     */
    public void skip(long count) {
        state += count * GOLDEN_GAMMA;
    }

    @Override
    public long nextLong() {
        state += GOLDEN_GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /**
     * {@return a normally distributed number of mean 0 and deviation 1, by Box and Muller (1958)} Not the inherited
     * one, which may differ from one Java to the next.
     */
    @Override
    public double nextGaussian() {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * nextDouble());
    }
}
