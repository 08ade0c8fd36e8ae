package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.Execution;
import dev.rondo.cell.IsaTier;
import dev.rondo.kernel.Products.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Symmetric blocks of the native library. */
final class NativeSymmetricBlocks extends SymmetricBlocks {
    private static final int FIELDS = 14;

    private final int threads;
    private final IsaTier tier;
    private final MemorySegment groupSizes;
    private final NativeStruct symmetric = new NativeStruct(FIELDS);

    NativeSymmetricBlocks(Execution execution, int... sizes) {
        super(sizes);
        this.threads = execution.threads();
        this.tier = NativeCalls.isa(execution.maxIsa());
        this.groupSizes = Arena.ofAuto().allocateFrom(JAVA_LONG, Arrays.stream(sizes).asLongStream().toArray());
    }

    private NativeStruct start(MemorySegment p, Matrix rows) {
        return symmetric.start()
                .put(Double.SIZE)
                .put(threads)
                .put(tier.ordinal())
                .put(sizes().length)
                .put(groupSizes)
                .put(rows.rows())
                .put(p)
                .put(rows.values())
                .put(rows.rowStride());
    }

    @Override
    void runProduct(MemorySegment p, Matrix h, Matrix g) {
        start(p, h).put(g.values()).put(g.rowStride()).put(1.0).put(0.0);
        NativeCalls.symmetricProduct(symmetric, p, h.values(), g.values(), this);
    }

    @Override
    void runUpdate(MemorySegment p, Matrix v, double scale, double shift) {
        start(p, v).put(0).put(0).put(scale).put(shift);
        NativeCalls.symmetricUpdate(symmetric, p, v.values(), this);
    }

    @Override
    public String toString() {
        return "symmetric blocks NATIVE";
    }
}
