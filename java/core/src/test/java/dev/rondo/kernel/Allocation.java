package dev.rondo.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what calls allocate on the heap. */
public final class Allocation {
    private static final int QUIET_ROUNDS = 50;
    private static final long QUIET_NANOS = 10_000_000_000L;
    private static final int CALLS = 2_000;

    private Allocation() {}

    /**
     * Fails unless a round of calls allocates nothing. Code that is not linked or compiled yet does, so it may take
     * rounds, and no fixed number of them: on a busy machine the compiler lags behind, and a large method takes it
     * seconds. So it has to have finished nothing for many rounds and some time before calls that still allocate count.
     * An object per call would come to 16 bytes per call at least; less is noise of the JVM itself.
     */
    public static void assertNone(Runnable call) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var compiler = ManagementFactory.getCompilationMXBean();
        long allocated = Long.MAX_VALUE;
        long quietSince = System.nanoTime();
        for (int quiet = 0; allocated / CALLS > 0
                && (quiet < QUIET_ROUNDS || System.nanoTime() - quietSince < QUIET_NANOS); quiet++) {
            long compiled = compiler.getTotalCompilationTime();
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                call.run();
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
            if (compiler.getTotalCompilationTime() != compiled) {
                quiet = 0;
                quietSince = System.nanoTime();
            }
        }
        assertEquals(0, allocated / CALLS, allocated + " bytes in " + CALLS + " calls");
    }
}
