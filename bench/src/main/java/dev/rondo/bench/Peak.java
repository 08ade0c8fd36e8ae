package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Backends;
import dev.rondo.kernel.VectorWidth;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * What the machine can do, as measured here: the sum over threads that run at the same time, each with the best of many
 * short stretches, which other programs lower little.
 *
 * @param gigaflops 10^9 operations per second of multiply-adds in registers; NaN if unknown
 * @param gigabytes 10^9 bytes per second read from the second-level cache; NaN if unknown
 * @param farGigabytes 10^9 bytes per second read from beyond that cache, of a few times its size; NaN if unknown
 */
record Peak(double gigaflops, double gigabytes, double farGigabytes) {
    static final Peak UNKNOWN = new Peak(Double.NaN, Double.NaN);

    Peak(double gigaflops, double gigabytes) {
        this(gigaflops, gigabytes, Double.NaN);
    }

    private static final Path CACHE = Path.of("/sys/devices/system/cpu/cpu0/cache/index2/size");
    private static final int USUAL_CACHE = 512; // KiB
    private static final double STRETCH = 1e6; // ns; long for the clock, short beside what disturbs
    private static final double PATIENCE = 1e9; // ns without a better stretch; the loops are also compiled in it
    private static volatile float sink; // else the loops would be left out

    /** {@return the peak of {@code threads} threads at the vector width of {@code tier}, measured now} */
    static Peak measure(IsaTier tier, int threads) {
        if (Backends.missing(Backend.VECTOR).isPresent()) {
            return UNKNOWN;
        }
        PeakLoop loop = loop(VectorWidth.of(tier));
        return new Peak(
                onAll(threads, () -> best(loop.flopsPerRound(), loop::multiplyAdd)),
                onAll(threads, () -> read(loop, cacheBytes() / 2)),
                onAll(threads, () -> read(loop, 4 * cacheBytes())));
    }

    private static double read(PeakLoop loop, int bytes) {
        var values = new float[bytes / Float.BYTES];
        return best(bytes, rounds -> loop.read(values, rounds));
    }

    /** {@return the greater of both, for a machine that was disturbed during one of them} */
    Peak or(Peak other) {
        return new Peak(Math.max(gigaflops, other.gigaflops), Math.max(gigabytes, other.gigabytes),
                Math.max(farGigabytes, other.farGigabytes));
    }

    private static double onAll(int threads, DoubleSupplier work) {
        var rates = new double[threads];
        Thread[] running = IntStream.range(0, threads)
                .mapToObj(n -> Thread.ofPlatform().start(() -> rates[n] = work.getAsDouble()))
                .toArray(Thread[]::new);
        try {
            for (Thread thread : running) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("peak: interrupted", e);
        }
        return IntStream.range(0, threads).mapToDouble(n -> rates[n]).sum();
    }

    private interface Loop {
        float run(int rounds);
    }

    /** {@return 10^9 units per second in the fastest stretch}; stretches grow as the loop gets compiled */
    private static double best(double unitsPerRound, Loop loop) {
        double best = 0;
        int rounds = 1;
        for (long start = System.nanoTime(), better = start; start - better < PATIENCE; ) {
            sink = loop.run(rounds);
            long end = System.nanoTime();
            double rate = unitsPerRound * rounds / (end - start);
            if (end - start < STRETCH) {
                rounds *= 2;
            }
            if (rate > 1.01 * best) {
                better = end;
            }
            best = Math.max(best, rate);
            start = end;
        }
        return best;
    }

    private static PeakLoop loop(VectorWidth width) {
        try (InputStream in = VectorPeakLoop.class.getResourceAsStream("VectorPeakLoop.class")) {
            MethodHandles.Lookup copy = MethodHandles.lookup()
                    .defineHiddenClassWithClassData(in.readAllBytes(), width, true);
            return (PeakLoop) copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class)).invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("cannot make loops for " + width, e);
        }
    }

    /** {@return the size of the second-level cache} */
    static int cacheBytes() {
        try {
            return 1024 * Integer.parseInt(Files.readString(CACHE).strip().replaceFirst("K$", ""));
        } catch (IOException | NumberFormatException e) { // not Linux, say
            return 1024 * USUAL_CACHE;
        }
    }
}
