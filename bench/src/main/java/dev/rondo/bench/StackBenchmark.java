package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * S9: one sequence of 120 steps and 33 numbers through two layers of 256 units, each call timed by itself: what a
 * program that waits for an answer sees.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class StackBenchmark {
    static final CellShape SHAPE = new CellShape(120, 1, 33, 256);
    static final int LAYERS = 2;

    /** The cell, with options as in {@code gru:reset=before}. */
    @Param("lstm")
    public String cell;

    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Threads of the plans. */
    @Param("1")
    public int threads;

    private NetworkWork work;

    /** Made by JMH. */
    public StackBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        work = NetworkWork.stack(CellBenchmark.body(cell, body), SHAPE, threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** Forward, in inference. */
    @Benchmark
    public void twoLayers() {
        work.infer();
    }
}
