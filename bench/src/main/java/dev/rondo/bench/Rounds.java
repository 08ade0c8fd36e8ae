package dev.rondo.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Times things that are to be compared, in rounds that go through them in alternating order, so that what slows the
 * machine down hits all. A round's time is the median of its calls, of which there are three at least, short ones
 * several at once; some calls go before those that count, for the JVM to compile. What runs on one thread is timed by
 * its processor time: other programs cost it caches and memory, but not time in which it does not run.
 */
final class Rounds {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int LEAST_SAMPLES = 3;
    private static final long LEAST_NANOS = 50_000; // of a sample: a hundred times what reading the clock takes
    private static final int MOST_AT_ONCE = 1 << 20;

    private final int rounds;
    private final double seconds; // of one thing in a round

    Rounds(int rounds, double seconds) {
        this.rounds = rounds;
        this.seconds = seconds;
    }

    /** {@return microseconds of each call by name, round by round, of calls that run on so many threads} */
    Map<String, double[]> time(Map<String, Runnable> calls, int threads) {
        LongSupplier clock = threads == 1 ? THREADS::getCurrentThreadCpuTime : System::nanoTime;
        var micros = new LinkedHashMap<String, double[]>();
        List<String> order = new ArrayList<>(calls.keySet());
        calls.forEach((name, call) -> {
            micros.put(name, new double[rounds]);
            time(call, 2 * seconds, clock);
        });
        for (int round = 0; round < rounds; round++) {
            for (String name : order) {
                time(calls.get(name), seconds / 4, clock); // the caches are another's
                micros.get(name)[round] = time(calls.get(name), seconds, clock);
            }
            Collections.reverse(order);
        }
        return micros;
    }

    private static double time(Runnable call, double seconds, LongSupplier clock) {
        var micros = new double[LEAST_SAMPLES];
        int samples = 0;
        int atOnce = 1;
        long spent = 0;
        while (samples < LEAST_SAMPLES || spent < seconds * 1e9) {
            long start = clock.getAsLong();
            for (int i = 0; i < atOnce; i++) {
                call.run();
            }
            long nanos = clock.getAsLong() - start;
            spent += nanos;
            if (nanos < LEAST_NANOS && atOnce < MOST_AT_ONCE) {
                atOnce *= 2;
                continue;
            }
            if (samples == micros.length) {
                micros = Arrays.copyOf(micros, 2 * samples);
            }
            micros[samples++] = nanos / 1e3 / atOnce;
        }
        return Ratios.median(Arrays.copyOf(micros, samples));
    }
}
