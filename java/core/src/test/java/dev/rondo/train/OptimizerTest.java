package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Updates of every optimiser, computed by hand from its published rule. */
class OptimizerTest {
    /** More than one chunk of the loop, and not a multiple. */
    private static final int ROWS = 11;

    private static final int COLUMNS = 100;
    private static final int COUNT = ROWS * COLUMNS;

    private static Parameters parameters(Workspace workspace, Precision precision) {
        TensorLayout layout = TensorLayout.builder().add("layer0.weight", ROWS, COLUMNS).add("layer0.bias", 3).build();
        return new Parameters(workspace, layout, precision);
    }

    private static Gradients gradients(Parameters parameters, double value) {
        return new Gradients(filled(parameters, value), parameters.layout(), parameters.precision(), null);
    }

    private static MemorySegment filled(Parameters parameters, double value) {
        MemorySegment slab = parameters.twin();
        for (int i = 0; i < parameters.count(); i++) {
            parameters.precision().set(slab, i, value);
        }
        return slab;
    }

    /**
     * From w = 1, gradients 2 and 1, learning rate 0.1; what w is after one update and after two.
     *
     * <pre>
     *   momentum 1/2    u = 2, 2                 Nesterov 1/2    u = 2, 2 and g + u/2 = 3, 2
     *   RMSProp 3/4     v = 1, 1                 Adagrad         v = 4, 5          epsilon 1 beside the root
     *   Adam 1/2, 3/4   m = 1, 1 and mHat = 1 / (1/2) = 2, 1 / (3/4) = 4/3
     *                   v = 1, 1 and vHat = 1 / (1/4) = 4, 1 / (7/16) = 16/7
     *   AdamW           as Adam, w before it times 1 - 0.1 * 0.5
     * </pre>
     */
    static Stream<Arguments> twoUpdates() {
        double adam2 = 0.1 * (4.0 / 3) / Math.sqrt(16.0 / 7);
        return Stream.of(
                arguments(Sgd.of(0.1), 0.8, 0.7),
                arguments(Sgd.of(0.1).momentum(0.5), 0.8, 0.6),
                arguments(Sgd.of(0.1).nesterov(0.5), 0.7, 0.5),
                arguments(new RmsProp(0.1, 0.75, 1, 0), 0.9, 0.85),
                arguments(new Adagrad(0.1, 1, 0), 1 - 0.2 / 3, 1 - 0.2 / 3 - 0.1 / (Math.sqrt(5) + 1)),
                arguments(new Adam(0.1, 0.5, 0.75, 1e-30, 0), 0.9, 0.9 - adam2),
                arguments(new Adam(0.1, 0.5, 0.75, 1, 0), 1 - 0.2 / 3,
                        1 - 0.2 / 3 - 0.1 * (4.0 / 3) / (Math.sqrt(16.0 / 7) + 1)),
                arguments(new AdamW(0.1, 0.5, 0.75, 1e-30, 0), 0.9, 0.9 - adam2));
    }

    @ParameterizedTest
    @MethodSource("twoUpdates")
    void updatesAreThoseOfThePaper(Optimizer optimizer, double first, double second) {
        for (Precision precision : Precision.values()) {
            try (var workspace = new Workspace("test")) {
                Parameters parameters = parameters(workspace, precision);
                parameters.slab().copyFrom(filled(parameters, 1));
                OptimizerState state = optimizer.start(parameters);
                long version = parameters.version();
                state.update(gradients(parameters, 2), 0.1);
                assertAll(parameters, first, first);
                state.update(gradients(parameters, 1), 0.1);
                assertAll(parameters, second, second);
                assertEquals(2, state.steps());
                assertEquals(version + 2, parameters.version());
            }
        }
    }

    /** The first update has the rate that it is given, which may not be the optimiser's own. */
    @ParameterizedTest
    @MethodSource("twoUpdates")
    void theRateIsThatOfTheSchedule(Optimizer optimizer, double first) {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, Precision.FLOAT64);
            parameters.slab().copyFrom(filled(parameters, 1));
            optimizer.start(parameters).update(gradients(parameters, 2), 0.05);
            assertAll(parameters, (1 + first) / 2, (1 + first) / 2);
        }
    }

    /**
     * One update from w = 1 with gradient 2, learning rate 0.1 and a decay of 0.5: of weights, but not of biases. Added
     * to the gradient it makes 2.5 of 2; Adam's first update does not see it but for its epsilon of 1. Apart, w is
     * first times 0.95.
     */
    static Stream<Arguments> decays() {
        return Stream.of(
                arguments(Sgd.of(0.1).weightDecay(0.5), 0.75, 0.8),
                arguments(Sgd.of(0.1).momentum(0.5).weightDecay(0.5), 0.75, 0.8),
                arguments(Sgd.of(0.1).nesterov(0.5).weightDecay(0.5), 0.625, 0.7),
                arguments(new RmsProp(0.1, 0.75, 1, 0).weightDecay(0.5), 1 - 0.25 / 2.25, 0.9),
                arguments(new Adagrad(0.1, 1, 0).weightDecay(0.5), 1 - 0.25 / 3.5, 1 - 0.2 / 3),
                arguments(new Adam(0.1, 0.5, 0.75, 1, 0).weightDecay(0.5), 1 - 0.25 / 3.5, 1 - 0.2 / 3),
                arguments(new AdamW(0.1, 0.5, 0.75, 1, 0).weightDecay(0.5), 0.95 - 0.2 / 3, 1 - 0.2 / 3));
    }

    @ParameterizedTest
    @MethodSource("decays")
    void weightsDecayAndBiasesDoNot(Optimizer optimizer, double weight, double bias) {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, Precision.FLOAT64);
            parameters.slab().copyFrom(filled(parameters, 1));
            optimizer.start(parameters).update(gradients(parameters, 2), 0.1);
            assertAll(parameters, weight, bias);
        }
    }

    /** Rounded once per update, and little arithmetic before. */
    private static void assertAll(Parameters parameters, double weight, double bias) {
        Precision precision = parameters.precision();
        for (int i = 0; i < parameters.count(); i++) {
            assertEquals(i < COUNT ? weight : bias, precision.get(parameters.slab(), i), 2 * precision.epsilon());
        }
    }

    /** The first update has the size of the learning rate, whatever the gradient's, but for epsilon. */
    @Test
    void adamsFirstUpdateIsTheLearningRate() {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, Precision.FLOAT64);
            Adam.of(1e-3).start(parameters).update(gradients(parameters, -1e-4), 1e-3);
            double expected = 1e-3 * 1e-4 / (1e-4 + 1e-8);
            assertAll(parameters, expected, expected);
        }
    }

    /** What lets a step leave out rows: from any state, here one that a gradient of 2 made, not a bit moves. */
    @ParameterizedTest
    @MethodSource("twoUpdates")
    void whoSaysThatZeroChangesNothingIsRight(Optimizer optimizer) {
        for (Precision precision : Precision.values()) {
            try (var workspace = new Workspace("test")) {
                Parameters parameters = parameters(workspace, precision);
                OptimizerState state = optimizer.start(parameters);
                state.update(gradients(parameters, 2), 0.1);
                byte[] before = bytes(parameters, state);
                state.update(gradients(parameters, 0), 0.1);
                assertEquals(optimizer.zeroGradientChangesNothing(), Arrays.equals(before, bytes(parameters, state)));
            }
        }
    }

    private static byte[] bytes(Parameters parameters, OptimizerState state) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(parameters.slab().toArray(ValueLayout.JAVA_BYTE));
        state.slabs().values().forEach(s -> all.writeBytes(s.toArray(ValueLayout.JAVA_BYTE)));
        return all.toByteArray();
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertEquals("learningRate: expected a number above 0, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Adam.of(-1)).getMessage());
        assertEquals("momentum: expected 0 to below 1, got 1.0",
                assertThrows(IllegalArgumentException.class, () -> Sgd.of(1).momentum(1)).getMessage());
        for (double momentum : new double[] {-1, 0, 1, Double.NaN}) {
            assertEquals("momentum: expected above 0 to below 1, got " + momentum,
                    assertThrows(IllegalArgumentException.class, () -> Sgd.of(1).nesterov(momentum)).getMessage());
        }
        assertEquals("weightDecay: expected a number of at least 0, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Sgd.of(1).weightDecay(-1)).getMessage());
        for (var rule : Stream.<DoubleFunction<Optimizer>>of(
                Sgd::of, RmsProp::of, Adagrad::of, Adam::of, AdamW::of).toList()) {
            assertThrows(IllegalArgumentException.class, () -> rule.apply(0));
            assertThrows(IllegalArgumentException.class, () -> rule.apply(Double.NaN));
            assertThrows(IllegalArgumentException.class, () -> rule.apply(Double.POSITIVE_INFINITY));
        }
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 1, 0.9, 1e-8, 0));
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 0.9, -0.1, 1e-8, 0));
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 0.9, 0.9, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> AdamW.of(1).weightDecay(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new RmsProp(1, 1, 1e-8, 0));
        assertThrows(IllegalArgumentException.class, () -> new RmsProp(1, 0.9, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Adagrad(1, 0, 0));
    }
}
