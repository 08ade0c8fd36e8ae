package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.IsaTier;
import dev.rondo.check.CellBody;
import dev.rondo.check.NamedShape;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The kernels of the cells in float32, dense input: cell x body x shape x threads. */
public class CellBenchmark extends AverageTime {
    /** The cell, with options as in {@code gru:reset=before}. */
    @Param("lstm")
    public String cell;

    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    /** Name of the shape. */
    @Param({"S1", "S2", "S3", "S4", "S7", "S8"})
    public String shape;

    /** Threads of the plan. */
    @Param("1")
    public int threads;

    private CellWork work;

    /** Made by JMH. */
    public CellBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        CellShape sizes = shape(shape);
        work = new CellWork(body(cell, body), sizes, sizes.timeSteps(), threads);
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** A batch forward, in inference. */
    @Benchmark
    public void forward() {
        work.forward();
    }

    /** A batch forward and backward: all gradients. */
    @Benchmark
    public void training() {
        work.train();
    }

    /** One step of one sequence. */
    @Benchmark
    public void streaming() {
        work.step();
    }

    /** What a change of weights costs in inference: they are packed anew, and one step of the batch is taken. */
    @Benchmark
    public void packing() {
        work.pack();
    }

    static Cell cell(String name, int hiddenSize) {
        return Cells.parse(name, hiddenSize);
    }

    static CellShape shape(String name) {
        NamedShape shape = Choices.shape(name);
        return new CellShape(shape.timeSteps(), shape.batchSize(), shape.inputSize(), shape.hiddenSize());
    }

    static String name(CellBody body) {
        return body.backend() + "/" + body.tier();
    }

    static CellBody body(String cell, String name) {
        String[] words = name.split("/");
        if (words.length != 2) {
            throw new IllegalArgumentException("body: expected backend/tier, as in NATIVE/AVX512, got " + name);
        }
        Backend backend = Backend.valueOf(words[0]);
        IsaTier tier = IsaTier.valueOf(words[1]);
        return new CellBody(units -> cell(cell, units), backend, tier, Precision.FLOAT32);
    }
}
