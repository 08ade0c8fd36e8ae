package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import dev.rondo.check.CellBody;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The whole training step of a {@link WordModel}. */
public class WordModelBenchmark extends AverageTime {
    /** The cell, with options as in {@code gru:reset=before}. */
    @Param("lstm")
    public String cell;

    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Name of the shape; its I is the number of words. */
    @Param("W1")
    public String shape;

    /** Threads of the plans. */
    @Param("1")
    public int threads;

    private NetworkWork full;
    private NetworkWork adaptive;

    /** Made by JMH. */
    public WordModelBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        CellShape sizes = CellBenchmark.shape(shape);
        full = NetworkWork.words(CellBenchmark.body(cell, body), sizes, threads);
        adaptive = NetworkWork.adaptiveWords(CellBenchmark.body(cell, body), sizes, threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        full.close();
        adaptive.close();
    }

    /** Embedding, two layers, softmax over all words, backward, clipping, gradient descent. */
    @Benchmark
    public double wordStep() {
        return full.step().loss();
    }

    /** The same with an adaptive softmax. */
    @Benchmark
    public double adaptiveWordStep() {
        return adaptive.step().loss();
    }
}
