package dev.rondo.bench;

import dev.rondo.cell.Backend;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.check.CellBody;
import dev.rondo.kernel.NativeSoftmax;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * Softmax, cross-entropy and its gradient at N = T * B positions over I classes: the native entry itself; in Java,
 * where it is part of a network, a character model of one unit, which is as good as nothing beside it.
 */
final class SoftmaxWork implements AutoCloseable {
    private final Workspace workspace = new Workspace("softmax");
    private final NetworkWork network; // null = native
    private final Runnable run;

    SoftmaxWork(CellBody body, CellShape shape, int threads) {
        if (body.backend() == Backend.NATIVE) {
            this.network = null;
            this.run = ofLibrary(shape, new Execution(threads, body.tier()));
        } else {
            this.network = NetworkWork.softmax(body, shape, threads);
            this.run = network::forward;
        }
    }

    private Runnable ofLibrary(CellShape shape, Execution execution) {
        int rows = Math.toIntExact(shape.rows());
        int classes = shape.inputSize();
        var softmax = new NativeSoftmax(Precision.FLOAT32, execution, rows, classes);
        var random = new SplittableRandom(1);
        MemorySegment outputs = workspace.allocate(Precision.FLOAT32, (long) rows * classes);
        for (long n = 0; n < (long) rows * classes; n++) {
            Precision.FLOAT32.set(outputs, n, random.nextDouble(-1, 1));
        }
        MemorySegment targets = workspace.allocateBytes((long) rows * Integer.BYTES);
        for (long n = 0; n < rows; n++) {
            targets.setAtIndex(ValueLayout.JAVA_INT, n, random.nextInt(classes));
        }
        MemorySegment gradient = workspace.allocate(Precision.FLOAT32, (long) rows * classes);
        return () -> softmax.run(rows, outputs, targets, 1.0 / rows, gradient);
    }

    void run() {
        run.run();
    }

    @Override
    public void close() {
        if (network != null) {
            network.close();
        }
        workspace.close();
    }
}
