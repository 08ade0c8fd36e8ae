package dev.rondo.cell;

import java.util.Locale;

/**
 * Instruction-set tiers that kernels exist for. {@link Backend#VECTOR} uses the tier's vector width.
 *
 * <p>The environment variable {@code RONDO_MAX_ISA} ({@code baseline}, {@code avx2} or {@code avx512}) is the default
 * cap.
 */
public enum IsaTier {
    /** What every CPU of the platform has: SSE2 or NEON, 128 bits. */
    BASELINE(128),
    /** AVX2 with FMA, 256 bits. */
    AVX2(256),
    /** AVX-512 F, VL, DQ and BW, 512 bits. */
    AVX512(512);

    private final int bits;

    IsaTier(int bits) {
        this.bits = bits;
    }

    /** {@return the vector width in bits} */
    public int bits() {
        return bits;
    }

    /**
     * {@return the cap that {@code RONDO_MAX_ISA} sets, or the highest tier if it is not set}
     *
     * @throws IllegalArgumentException if the variable names no tier
     */
    public static IsaTier defaultCap() {
        String value = System.getenv("RONDO_MAX_ISA");
        if (value == null || value.isBlank()) {
            return AVX512;
        }
        try {
            return valueOf(value.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("RONDO_MAX_ISA: expected baseline, avx2 or avx512, got " + value, e);
        }
    }
}
