package dev.rondo.bench;

import dev.rondo.kernel.NativeActivation.Function;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** The activations, {@value ActivationWork#NUMBERS} numbers a call, on one thread. */
public class ActivationBenchmark extends AverageTime {
    /** Backend and instruction-set tier, as in {@code NATIVE/AVX512}. */
    @Param("NATIVE/AVX512")
    public String body;

    private ActivationWork work;

    /** Made by JMH. */
    public ActivationBenchmark() {}

    /** Prepares memory. */
    @Setup
    public void prepare() {
        work = new ActivationWork(CellBenchmark.body("lstm", body));
    }

    /** Frees memory. */
    @TearDown
    public void free() {
        work.close();
    }

    /** e^x. */
    @Benchmark
    public void activationExp() {
        work.run(Function.EXP);
    }

    /** 1 / (1 + e^-x). */
    @Benchmark
    public void activationSigmoid() {
        work.run(Function.SIGMOID);
    }

    /** The hyperbolic tangent. */
    @Benchmark
    public void activationTanh() {
        work.run(Function.TANH);
    }
}
