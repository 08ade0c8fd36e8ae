package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.IsaTier;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * OpenBLAS from its JavaCPP artifact, for the large products of the native library where this CPU runs its baseline
 * tier: with AVX2 or AVX-512 the library's own products are as fast or faster, and OpenBLAS stays where it is. It is
 * handed over when a product first is large enough to gain from it: extracting and loading it takes a second or two,
 * which streaming should not pay. Without it the library uses its own products.
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

    private static String handOver() throws Throwable {
        Loader.load(openblas_nolapack.class);
        function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT)).invokeExact(1);
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
