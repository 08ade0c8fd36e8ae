package dev.rondo.bench;

import dev.rondo.cell.CellShape;
import dev.rondo.cell.Execution;
import dev.rondo.check.CellBody;
import dev.rondo.kernel.Products;
import dev.rondo.kernel.Products.Matrix;
import dev.rondo.memory.Precision;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;

/** The products of a dense head from H units to I classes at N = T * B positions. */
final class HeadWork implements AutoCloseable {
    private final Workspace workspace = new Workspace("head");
    private final Products products;
    private final Matrix h; // [N, H]
    private final Matrix weight; // [I, H]
    private final Matrix outputs; // [N, I]; in place of their gradient, too
    private final Matrix hGradient; // [N, H]
    private final Matrix weightGradient; // [I, H]

    HeadWork(CellBody body, CellShape shape, int threads) {
        this.products = Products.of(body.backend(), Precision.FLOAT32, new Execution(threads, body.tier()));
        this.h = matrix(shape.rows(), shape.hiddenSize());
        this.weight = matrix(shape.inputSize(), shape.hiddenSize());
        this.outputs = matrix(shape.rows(), shape.inputSize());
        this.hGradient = matrix(shape.rows(), shape.hiddenSize());
        this.weightGradient = matrix(shape.inputSize(), shape.hiddenSize());
    }

    void products() {
        products.multiply(h, weight.transposed(), outputs, false);
        products.multiply(outputs, weight, hGradient, false);
        products.multiply(outputs.transposed(), h, weightGradient, false);
    }

    /** Small, so that products of products stay in range. */
    private Matrix matrix(long rows, long columns) {
        MemorySegment values = workspace.allocate(Precision.FLOAT32, rows * columns);
        for (long n = 0; n < rows * columns; n++) {
            Precision.FLOAT32.set(values, n, (n % 97 - 48) * 1e-3);
        }
        return Matrix.of(values, rows, columns);
    }

    @Override
    public void close() {
        workspace.close();
    }
}
