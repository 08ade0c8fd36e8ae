package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Backward alone. It consumes what its forward has kept, so that each call needs a forward of its own, which runs
 * outside of the time: JMH reads the clock for each call, and shapes whose calls take less than a millisecond are left
 * to {@link CellBenchmark#training}.
 */
public class BackwardBenchmark extends AverageTime {
    /** The cell, with options as in {@code gru:reset=before}. */
    @Param("lstm")
    public String cell;

    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Name of the shape. */
    @Param({"S3", "S4", "S7", "S8"})
    public String shape;

    /** Threads of the plan. */
    @Param("1")
    public int threads;

    private CellWork work;

    /** Made by JMH. */
    public BackwardBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        CellShape sizes = CellBenchmark.shape(shape);
        work = new CellWork(CellBenchmark.body(cell, body), sizes, sizes.timeSteps(), threads);
    }

    /** The forward of each call. */
    @Setup(Level.Invocation)
    public void forward() {
        work.forwardOfTraining();
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** A batch backward: all gradients, weights packed anew. */
    @Benchmark
    public void backward() {
        work.backward();
    }
}
