package dev.rondo.bench;

import dev.rondo.kernel.NativeActivation.Function;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The activations, {@value ActivationWork#NUMBERS} numbers a call, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class ActivationBenchmark {
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
