package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.check.GoldenFile;
import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every optimiser, with and without weight decay, step by step as libtorch does it. */
class OptimizerGoldenTest {
    /**
     * Both compute in float64, in another order: an update is some ten operations, whose roundings add up over twelve
     * steps; parameters and updates are of the order of 1. A rule that differed would differ by more than 1e-6, the
     * smallest of the epsilons.
     */
    private static final double TOLERANCE = 12 * 10 * 0x1p-52;

    static List<GoldenFile> files() {
        return GoldenFile.all("optimizers");
    }

    private static Optimizer optimizer(GoldenFile golden) {
        double rate = golden.number("learningRate");
        double decay = golden.number("weightDecay");
        double epsilon = golden.has("epsilon") ? golden.number("epsilon") : 0;
        return switch (golden.text("optimizer")) {
            case "SGD" -> new Sgd(rate, golden.number("momentum"), golden.number("nesterov") != 0, decay);
            case "RMSprop" -> new RmsProp(rate, golden.number("alpha"), epsilon, decay);
            case "Adagrad" -> new Adagrad(rate, epsilon, decay);
            case "Adam" -> new Adam(rate, golden.number("beta1"), golden.number("beta2"), epsilon, decay);
            case "AdamW" -> new AdamW(rate, golden.number("beta1"), golden.number("beta2"), epsilon, decay);
            default -> throw new IllegalStateException(golden.text("optimizer"));
        };
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyStepIsLibtorchs(GoldenFile golden) {
        assertSteps(golden, (slab, layout) -> new Gradients(slab, layout, Precision.FLOAT64, null));
    }

    /** Takes the steps of {@code golden} with gradients that {@code made} makes of their slab and layout. */
    static void assertSteps(GoldenFile golden, BiFunction<MemorySegment, TensorLayout, Gradients> made) {
        Optimizer optimizer = optimizer(golden);
        int count = golden.dimension("gradients", 1);
        TensorLayout layout = TensorLayout.builder().add("w", 1, count).build();
        try (var workspace = new Workspace("test")) {
            var parameters = new Parameters(workspace, layout, Precision.FLOAT64);
            parameters.slab().copyFrom(MemorySegment.ofArray(golden.doubles("parameters")));
            OptimizerState state = optimizer.start(parameters);
            MemorySegment slab = parameters.twin();
            Gradients gradients = made.apply(slab, layout);
            if (golden.has("initialAccumulator")) { // Rondo's squares always start at 0
                fill(state.slabs().get("adagrad.squares"), golden.number("initialAccumulator"));
            }
            for (int step = 0; step < golden.dimension("gradients", 0); step++) {
                double[] g = Arrays.copyOfRange(golden.doubles("gradients"), step * count, (step + 1) * count);
                slab.copyFrom(MemorySegment.ofArray(g));
                state.update(gradients, optimizer.learningRate());
                for (int i = 0; i < count; i++) {
                    assertEquals(golden.doubles("parametersAfter")[step * count + i],
                            Precision.FLOAT64.get(parameters.slab(), i), TOLERANCE,
                            "step " + step + ", parameter " + i);
                }
            }
        }
    }

    private static void fill(MemorySegment slab, double value) {
        for (long i = 0; i < slab.byteSize() / Double.BYTES; i++) {
            slab.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
        }
    }

    @Test
    void sevenRulesWithAndWithoutDecayHaveGoldenData() {
        assertEquals(14, files().stream().map(OptimizerGoldenTest::optimizer).distinct().count());
    }
}
