package dev.rondo.bench;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.kernel.Products.Matrix;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;

/** OpenBLAS's products by themselves, on any number of threads, to have Rondo's beside them. */
final class OpenBlasProduct {
    private static final int ROW_MAJOR = 101;
    private static final int AS_IT_IS = 111;
    private static final int TRANSPOSED = 112;
    private static final int LOWER = 122;

    static {
        Loader.load(openblas_nolapack.class);
    }

    private static final MethodHandle SGEMM = function("cblas_sgemm", FunctionDescriptor.ofVoid(
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, // order, op A, op B, m, n, k
            JAVA_FLOAT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, // alpha, A, its rows' distance, B, its rows' distance
            JAVA_FLOAT, JAVA_LONG, JAVA_INT)); // beta, C, its rows' distance
    private static final MethodHandle DSYRK = function("cblas_dsyrk", FunctionDescriptor.ofVoid(
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, // order, half of C, op A, n, k
            JAVA_DOUBLE, JAVA_LONG, JAVA_INT, // alpha, A, its rows' distance
            JAVA_DOUBLE, JAVA_LONG, JAVA_INT)); // beta, C, its rows' distance
    private static final MethodHandle SET_THREADS =
            function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));

    private OpenBlasProduct() {}

    /** Sets the threads of every product of this process. */
    static void setThreads(int threads) {
        try {
            SET_THREADS.invokeExact(threads);
        } catch (Throwable e) {
            throw new IllegalStateException("openblas_set_num_threads", e);
        }
    }

    /** C = A B. */
    static void multiply(Matrix a, Matrix b, Matrix c) {
        try {
            SGEMM.invokeExact(ROW_MAJOR, operation(a), operation(b),
                    (int) c.rows(), (int) c.columns(), (int) a.columns(),
                    1f, a.values().address(), distance(a), b.values().address(), distance(b),
                    0f, c.values().address(), distance(c));
        } catch (Throwable e) {
            throw new IllegalStateException("cblas_sgemm", e);
        }
    }

    /** C = C - A^T A for float64 A [k, n], the lower half of C [n, n]. */
    static void subtractSquare(MemorySegment a, int k, MemorySegment c, int n) {
        try {
            DSYRK.invokeExact(ROW_MAJOR, LOWER, TRANSPOSED, n, k, -1.0, a.address(), n, 1.0, c.address(), n);
        } catch (Throwable e) {
            throw new IllegalStateException("cblas_dsyrk", e);
        }
    }

    private static int operation(Matrix matrix) {
        return matrix.columnStride() == 1 ? AS_IT_IS : TRANSPOSED;
    }

    private static int distance(Matrix matrix) {
        return (int) (matrix.columnStride() == 1 ? matrix.rowStride() : matrix.columnStride());
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        var address = MemorySegment.ofAddress(Loader.addressof(name).address());
        return Linker.nativeLinker().downcallHandle(address, descriptor);
    }
}
