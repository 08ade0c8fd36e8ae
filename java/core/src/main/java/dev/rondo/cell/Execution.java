package dev.rondo.cell;

/**
 * How a plan runs.
 *
 * @param threads number of shares the work is split into, at least 1. Results may depend on it in the last bits; they never
 *     depend on how busy the machine is
 * @param maxIsa cap on the instruction set; a tier that the CPU lacks is lowered to what it has
 */
public record Execution(int threads, IsaTier maxIsa) {
    /** Checks its arguments. */
    public Execution {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
    }

    /** {@return {@code threads} threads, tier by {@link IsaTier#defaultCap()}} */
    public static Execution threads(int threads) {
        return new Execution(threads, IsaTier.defaultCap());
    }
}
