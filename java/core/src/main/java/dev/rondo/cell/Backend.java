package dev.rondo.cell;

/** The three bodies that every built-in cell has. Chosen as a whole, never per method. */
public enum Backend {
    /** Plain Java, float64 arithmetic: written to be read, and what the others are verified against. */
    REFERENCE,
    /** {@code jdk.incubator.vector}, float32: where the native library cannot run. */
    VECTOR,
    /** Fused C++ kernels behind a C ABI, float32 and float64. */
    NATIVE
}
