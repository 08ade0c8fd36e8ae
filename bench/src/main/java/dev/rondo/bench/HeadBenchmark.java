package dev.rondo.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The products of a dense head from H units to I classes, forward and backward. */
public class HeadBenchmark extends AverageTime {
    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Name of the shape; its I is the number of classes. */
    @Param({"text", "words"})
    public String shape;

    /** Threads. */
    @Param("1")
    public int threads;

    private HeadWork work;

    /** Made by JMH. */
    public HeadBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        work = HeadWork.of(CellBenchmark.body("lstm", body), CellBenchmark.shape(shape), threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** Outputs, and the gradients of h and of the weights. */
    @Benchmark
    public void head() {
        work.products();
    }
}
