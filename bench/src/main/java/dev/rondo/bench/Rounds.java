package dev.rondo.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times things that are to be compared, in rounds that go through them in alternating order, so that what slows the
 * machine down hits all. A round's time is the median of its calls, of which there are three at least; one round goes
 * before those that count, for the JVM to compile.
 */
final class Rounds {
    private static final int LEAST_CALLS = 3;

    private final int rounds;
    private final double seconds; // of one thing in a round

    Rounds(int rounds, double seconds) {
        this.rounds = rounds;
        this.seconds = seconds;
    }

    /** {@return microseconds of each call by name, round by round} */
    Map<String, double[]> time(Map<String, Runnable> calls) {
        var micros = new LinkedHashMap<String, double[]>();
        List<String> order = new ArrayList<>(calls.keySet());
        calls.forEach((name, call) -> {
            micros.put(name, new double[rounds]);
            time(call, 2 * seconds);
        });
        for (int round = 0; round < rounds; round++) {
            for (String name : order) {
                time(calls.get(name), seconds / 4); // caches are another's
                micros.get(name)[round] = time(calls.get(name), seconds);
            }
            Collections.reverse(order);
        }
        return micros;
    }

    private static double time(Runnable call, double seconds) {
        var micros = new double[LEAST_CALLS];
        int calls = 0;
        long start = System.nanoTime();
        long last = start;
        while (calls < LEAST_CALLS || last - start < seconds * 1e9) {
            call.run();
            long now = System.nanoTime();
            if (calls == micros.length) {
                micros = Arrays.copyOf(micros, 2 * calls);
            }
            micros[calls++] = (now - last) / 1e3;
            last = now;
        }
        return Ratios.median(Arrays.copyOf(micros, calls));
    }
}
