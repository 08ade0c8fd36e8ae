package dev.rondo.bench;

/** Loops that keep one part of a core busy and do nothing else. */
interface PeakLoop {
    /** {@return the floating-point operations of one round of {@link #multiplyAdd}} */
    int flopsPerRound();

    /** Multiplies and adds in registers, in as many independent chains as hide the latency; the result is no matter. */
    float multiplyAdd(int rounds);

    /** Reads {@code values} from first to last, {@code rounds} times; the result is no matter. */
    float read(float[] values, int rounds);
}
