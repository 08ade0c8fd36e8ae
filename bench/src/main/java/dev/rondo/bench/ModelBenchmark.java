package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import dev.rondo.check.CellBody;
import dev.rondo.train.StepResult;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** A character model of I tokens and one layer: the whole step of its training, and what of it is the layer's. */
public class ModelBenchmark extends AverageTime {
    /** The cell, with options as in {@code gru:reset=before}. */
    @Param("lstm")
    public String cell;

    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Name of the shape; its I is the size of the vocabulary. */
    @Param("text")
    public String shape;

    /** Threads of the plans. */
    @Param("1")
    public int threads;

    private NetworkWork model;
    private NetworkWork layer;
    private SoftmaxWork softmax;

    /** Made by JMH. */
    public ModelBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        CellShape sizes = CellBenchmark.shape(shape);
        CellBody timed = CellBenchmark.body(cell, body);
        model = NetworkWork.characters(timed, sizes, threads);
        layer = NetworkWork.layer(timed, sizes, threads);
        softmax = new SoftmaxWork(timed, sizes, threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        model.close();
        layer.close();
        softmax.close();
    }

    /** Tokens, layer, head, softmax, backward, clipping, Adam. */
    @Benchmark
    public double modelStep() {
        return model.step().loss();
    }

    /** Forward and backward of the layer alone, weights packed anew. */
    @Benchmark
    public void layerStep() {
        layer.train();
    }

    /** Softmax, cross-entropy and its gradient, T * B times over I classes. */
    @Benchmark
    public void softmax() {
        softmax.run();
    }

    /** Norm of the gradients, clipping and Adam on all parameters. */
    @Benchmark
    public StepResult optimizer() {
        return model.update();
    }
}
