package dev.rondo.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The products of {@link HeadBenchmark} by OpenBLAS. */
public class OpenBlasBenchmark extends AverageTime {
    /** Name of the shape; its I is the number of classes. */
    @Param({"text", "words"})
    public String shape;

    /** Threads. */
    @Param("1")
    public int threads;

    private HeadWork work;

    /** Made by JMH. */
    public OpenBlasBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        work = HeadWork.ofOpenBlas(CellBenchmark.shape(shape), threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** Outputs, and the gradients of h and of the weights. */
    @Benchmark
    public void headOpenBlas() {
        work.products();
    }
}
