package dev.rondo.cell;

import java.util.Objects;

/**
 * How a plan runs.
 *
 * @param threads number of shares the work is split into, 1 to {@value #MOST_THREADS}. Results do not depend on it, nor
 *     on how busy the machine is, but for the last bits where OpenBLAS multiplies: in the baseline tier
 * @param maxIsa cap on the instruction set; a tier that the CPU lacks is lowered to what it has
 */
public record Execution(int threads, IsaTier maxIsa) {
    /** The most threads of a plan: the native library's limit, and far above what a pass of any size can keep busy. */
    public static final int MOST_THREADS = 1024;

    /**
     * Checks its arguments.
     *
     * @throws IllegalArgumentException if {@code threads} is out of range
     */
    public Execution {
        Objects.requireNonNull(maxIsa, "maxIsa: expected a tier, got null");
        if (threads < 1 || threads > MOST_THREADS) {
            throw new IllegalArgumentException("threads: expected 1 to " + MOST_THREADS + ", got " + threads);
        }
    }

    /** {@return the processors of this machine, as far as a plan can use them} */
    public static int allProcessors() {
        return Math.min(Runtime.getRuntime().availableProcessors(), MOST_THREADS);
    }

    /**
     * {@return an execution whose tier {@link IsaTier#defaultCap()} says}
     *
     * @param threads as above
     * @throws IllegalArgumentException if {@code threads} is out of range, or as {@link IsaTier#defaultCap()} says
     */
    public static Execution threads(int threads) {
        return new Execution(threads, IsaTier.defaultCap());
    }
}
