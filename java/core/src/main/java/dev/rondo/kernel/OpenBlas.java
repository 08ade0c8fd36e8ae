package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.IsaTier;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Collections;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * OpenBLAS from its JavaCPP artifact, for the large products of the native library where this CPU runs its baseline
 * tier: with AVX2 or AVX-512 the library's own products are as fast or faster, and OpenBLAS stays where it is. It is
 * handed over when a product first is large enough to gain from it: extracting and loading it takes a second or two,
 * which streaming should not pay. Without it the library uses its own products. It brings LAPACK, too, for eigenvalues
 * of matrices that are not small, at any tier.
 *
 * <p>It is set to one thread, for the whole process: threads are the plan's own, and two pools would fight over the
 * cores. Its functions are taken from the copy that {@code Loader.load} made; opening {@code libopenblas} by path would
 * bring a second copy into the process.
 */
final class OpenBlas {
    /** Multiplications from which on a product is worth the load. */
    private static final long LARGE = 1 << 22;

    /** Rows below which packing for OpenBLAS costs more than it gains. */
    private static final long LARGE_SIDE = 16;

    private static String outcome;
    private static MethodHandle dgeev;
    private static boolean lookedForLapack;

    private OpenBlas() {}

    /** Loads OpenBLAS if products [m, k] x [k, n] are coming that gain from it at {@code tier}; does so once. */
    static void loadFor(IsaTier tier, long m, long n, long k) {
        if (tier == IsaTier.BASELINE && Math.min(m, Math.min(n, k)) >= LARGE_SIDE && m * n * k >= LARGE) {
            load();
        }
    }

    /** {@return what loading it came to} */
    static String loadAndDescribe() {
        load();
        return describe(IsaTier.BASELINE);
    }

    /** {@return which products the native library uses at {@code tier}, for the backend's line} */
    static synchronized String describe(IsaTier tier) {
        if (tier != IsaTier.BASELINE) {
            return "own products";
        }
        return outcome == null ? "OpenBLAS when first needed" : outcome;
    }

    private static synchronized void load() {
        if (outcome == null) {
            try {
                outcome = handOver();
            } catch (Throwable e) { // whatever it is, the kernels' own products take over, and describe() says so
                outcome = "own products, no OpenBLAS: " + NativeLibrary.reason(e);
            }
        }
    }

    private static void loadLibrary() throws Throwable {
        Loader.load(openblas_nolapack.class);
        function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT)).invokeExact(1);
    }

    /** {@return whether there is LAPACK; loads it to find out} */
    static synchronized boolean hasLapack() {
        if (!lookedForLapack) {
            lookedForLapack = true;
            try {
                loadLibrary();
                MemoryLayout[] pointers = Collections.nCopies(14, ADDRESS).toArray(MemoryLayout[]::new);
                dgeev = function("dgeev_", FunctionDescriptor.ofVoid(pointers)
                        .appendArgumentLayouts(JAVA_LONG, JAVA_LONG)); // the lengths of its two texts
            } catch (Throwable e) { // whatever it is, plain Java takes over
                dgeev = null;
            }
        }
        return dgeev != null;
    }

    /** {@return the eigenvalues of a square matrix by LAPACK's dgeev; null if there is none, or it found none} */
    static Eigenvalues eigenvalues(double[][] matrix) {
        if (!hasLapack()) {
            return null;
        }
        int n = matrix.length;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocate(JAVA_DOUBLE, (long) n * n);
            for (int r = 0; r < n; r++) { // as the columns of the transposed matrix, which has the same eigenvalues
                MemorySegment.copy(matrix[r], 0, a, JAVA_DOUBLE, (long) r * n * Double.BYTES, n);
            }
            MemorySegment no = arena.allocateFrom(JAVA_BYTE, (byte) 'N');
            MemorySegment size = arena.allocateFrom(JAVA_INT, n);
            MemorySegment one = arena.allocateFrom(JAVA_INT, 1);
            MemorySegment real = arena.allocate(JAVA_DOUBLE, n);
            MemorySegment imaginary = arena.allocate(JAVA_DOUBLE, n);
            MemorySegment none = arena.allocate(JAVA_DOUBLE, 1);
            MemorySegment room = arena.allocate(JAVA_DOUBLE, 1);
            MemorySegment info = arena.allocate(JAVA_INT, 1);
            dgeev.invokeExact(no, no, size, a, size, real, imaginary, none, one, none, one, room,
                    arena.allocateFrom(JAVA_INT, -1), info, 1L, 1L); // asks how much room it wants
            int wanted = (int) room.get(JAVA_DOUBLE, 0);
            dgeev.invokeExact(no, no, size, a, size, real, imaginary, none, one, none, one,
                    arena.allocate(JAVA_DOUBLE, wanted), arena.allocateFrom(JAVA_INT, wanted), info, 1L, 1L);
            return info.get(JAVA_INT, 0) == 0
                    ? new Eigenvalues(real.toArray(JAVA_DOUBLE), imaginary.toArray(JAVA_DOUBLE))
                    : null;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("dgeev failed", e);
        }
    }

    private static String handOver() throws Throwable {
        loadLibrary();
        var config = (long) function("openblas_get_config", FunctionDescriptor.of(JAVA_LONG)).invokeExact();
        NativeCalls.setBlas(address("cblas_sgemm"), address("cblas_dgemm"));
        String[] words = NativeLibrary.text(config).split(" "); // "OpenBLAS 0.3.31 DYNAMIC_ARCH ..."
        return words[0] + " " + words[1];
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(address(name)), descriptor);
    }

    private static long address(String name) {
        Pointer pointer = Loader.addressof(name);
        if (pointer == null) {
            throw new UnsatisfiedLinkError("no function " + name);
        }
        return pointer.address();
    }
}
