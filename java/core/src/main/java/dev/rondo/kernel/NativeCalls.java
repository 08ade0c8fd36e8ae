package dev.rondo.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.rondo.cell.IsaTier;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@code rondo.h} as Java calls, pointers as addresses. Touched only where {@link
 * NativeLibrary#missing()} is empty. None is a "critical" downcall: a pass is long, and a critical call holds up the
 * JVM's safepoints.
 */
final class NativeCalls {
    private static final MethodHandle STATUS_TEXT = function("rondo_status_text", JAVA_LONG, JAVA_INT);
    private static final MethodHandle ISA = function("rondo_isa", JAVA_INT);
    private static final MethodHandle FIND_CELL = function("rondo_find_cell", JAVA_INT, JAVA_LONG);
    private static final MethodHandle PLAN_CREATE = function("rondo_plan_create", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PLAN_ISA = function("rondo_plan_isa", JAVA_INT, JAVA_LONG);
    private static final MethodHandle CACHE_BYTES =
            function("rondo_cache_bytes", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FORWARD = function("rondo_forward", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle BACKWARD = function("rondo_backward", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MULTIPLY = function("rondo_multiply", JAVA_INT, JAVA_LONG);
    private static final MethodHandle PLAN_FREE =
            NativeLibrary.function("rondo_plan_free", FunctionDescriptor.ofVoid(JAVA_LONG));
    private static final MethodHandle SET_BLAS =
            NativeLibrary.function("rondo_set_blas", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));

    private static final int OK = 0;
    private static final int BAD_ARGUMENT = 1;
    private static final int UNSUPPORTED = 3;

    private NativeCalls() {}

    /** {@return the tier that runs under a cap} */
    static IsaTier isa(IsaTier cap) {
        IsaTier best = isa();
        return cap.compareTo(best) < 0 ? cap : best;
    }

    static void setBlas(long sgemm, long dgemm) {
        try {
            SET_BLAS.invokeExact(sgemm, dgemm);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** {@return the index of the cell called {@code name}, or -1} */
    static int findCell(String name) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) FIND_CELL.invokeExact(arena.allocateFrom(name).address());
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** {@return a plan; {@code options} is filled} */
    static long createPlan(NativeStruct options, Object what) {
        int status;
        long plan;
        try (Arena arena = Arena.ofConfined()) {
            var result = arena.allocate(JAVA_LONG);
            status = (int) PLAN_CREATE.invokeExact(options.address(), result.address());
            plan = result.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
        return plan;
    }

    static void freePlan(long plan) {
        try {
            PLAN_FREE.invokeExact(plan);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static IsaTier planIsa(long plan) {
        try {
            return IsaTier.values()[(int) PLAN_ISA.invokeExact(plan)];
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long cacheBytes(long plan, long timeSteps, long batchSize) {
        try {
            return (long) CACHE_BYTES.invokeExact(plan, timeSteps, batchSize);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void forward(long plan, NativeStruct pass, Object what) {
        int status;
        try {
            status = (int) FORWARD.invokeExact(plan, pass.address());
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    static void backward(long plan, NativeStruct pass, NativeStruct gradients, Object what) {
        int status;
        try {
            status = (int) BACKWARD.invokeExact(plan, pass.address(), gradients.address());
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    static void multiply(NativeStruct product, Object what) {
        int status;
        try {
            status = (int) MULTIPLY.invokeExact(product.address());
        } catch (Throwable e) {
            throw unexpected(e);
        }
        check(status, what);
    }

    /** Maps a status to an exception that names {@code what} failed. */
    static void check(int status, Object what) {
        if (status == OK) {
            return;
        }
        String message = what + ": " + statusText(status);
        throw switch (status) {
            case BAD_ARGUMENT -> new IllegalArgumentException(message);
            case UNSUPPORTED -> new UnsupportedOperationException(message);
            default -> new IllegalStateException(message);
        };
    }

    /** The best tier of this CPU that the library has. */
    private static IsaTier isa() {
        try {
            return IsaTier.values()[(int) ISA.invokeExact()];
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static String statusText(int status) {
        try {
            return NativeLibrary.text((long) STATUS_TEXT.invokeExact(status));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return NativeLibrary.function(name, FunctionDescriptor.of(result, arguments));
    }

    /** A call through a method handle declares any throwable; the functions themselves throw none. */
    private static Error unexpected(Throwable e) {
        return e instanceof Error error ? error : new AssertionError("native call failed", e);
    }
}
