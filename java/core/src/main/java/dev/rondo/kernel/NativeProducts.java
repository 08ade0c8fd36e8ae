package dev.rondo.kernel;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.memory.Precision;

/** Matrix products of the native library. */
final class NativeProducts extends Products {
    private static final int FIELDS = 16;

    private final int threads;
    private final IsaTier tier;
    private final NativeStruct product = new NativeStruct(FIELDS);

    NativeProducts(Precision precision, Execution execution) {
        super(precision);
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
    }

    @Override
    void run(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        OpenBlas.loadFor(tier, a.rows(), b.columns(), a.columns());
        product.start()
                .put(precision().bytes() * Byte.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(a.rows())
                .put(b.columns())
                .put(a.columns())
                .put(a.values())
                .put(a.rowStride())
                .put(a.columnStride())
                .put(b.values())
                .put(b.rowStride())
                .put(b.columnStride())
                .put(c.values())
                .put(c.rowStride())
                .put(accumulate ? 1 : 0);
        NativeCalls.multiply(product, a.values(), b.values(), c.values(), this);
    }

    @Override
    public String toString() {
        return "product NATIVE " + precision();
    }
}
