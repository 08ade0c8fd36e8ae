package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.memory.Parameters;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.memory.Workspace;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AdamTest {
    /** More than one chunk of the loop, and not a multiple. */
    private static final int COUNT = 1100;

    private static Parameters parameters(Workspace workspace, Precision precision) {
        return new Parameters(workspace, TensorLayout.builder().add("w", COUNT).build(), precision);
    }

    private static MemorySegment filled(Parameters parameters, double value) {
        MemorySegment slab = parameters.twin();
        for (int i = 0; i < COUNT; i++) {
            parameters.precision().set(slab, i, value);
        }
        return slab;
    }

    /**
     * Two updates by hand, with beta1 = 1/2 and beta2 = 3/4, gradients 2 and 1, learning rate 0.1, a negligible
     * epsilon:
     *
     * <pre>
     *   m1 = 1      v1 = 1       mHat = 1 / (1/2) = 2               vHat = 1 / (1/4) = 4          w = 1 - 0.1 * 2/2 =
     *   0.9 m2 = 1      v2 = 1       mHat = 1 / (3/4) = 4/3             vHat = 1 / (7/16) = 16/7      w = 0.9 - 0.1 *
     * (4/3) / sqrt(16/7)
     * </pre>
     */
    @ParameterizedTest
    @EnumSource
    void updatesAreThoseOfThePaper(Precision precision) {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, precision);
            parameters.slab().copyFrom(filled(parameters, 1));
            OptimizerState adam = new Adam(0.1, 0.5, 0.75, 1e-30).start(parameters);
            long version = parameters.version();
            adam.update(filled(parameters, 2), 1);
            assertAll(parameters, 0.9);
            adam.update(filled(parameters, 4), 0.25);
            assertAll(parameters, 0.9 - 0.1 * (4.0 / 3) / Math.sqrt(16.0 / 7));
            assertEquals(2, adam.steps());
            assertEquals(version + 2, parameters.version());
        }
    }

    /** Rounded once per update, and little arithmetic before. */
    private static void assertAll(Parameters parameters, double expected) {
        Precision precision = parameters.precision();
        for (int i = 0; i < COUNT; i++) {
            assertEquals(expected, precision.get(parameters.slab(), i), 2 * precision.epsilon());
        }
    }

    /**
     * The first update has the size of the learning rate, whatever the gradient's, but for epsilon: the paper's bound.
     */
    @Test
    void theFirstUpdateIsTheLearningRate() {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, Precision.FLOAT64);
            Adam.of(1e-3).start(parameters).update(filled(parameters, -1e-4), 1);
            assertAll(parameters, 1e-3 * 1e-4 / (1e-4 + 1e-8));
        }
    }

    @Test
    void aGradientOfZeroChangesNothing() {
        try (var workspace = new Workspace("test")) {
            Parameters parameters = parameters(workspace, Precision.FLOAT64);
            Adam.of(1e-3).start(parameters).update(filled(parameters, 0), 1);
            assertAll(parameters, 0);
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertEquals("learningRate: expected a number above 0, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Adam.of(-1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Adam.of(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 1, 0.9, 1e-8));
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 0.9, -0.1, 1e-8));
        assertThrows(IllegalArgumentException.class, () -> new Adam(1, 0.9, 0.9, 0));
    }
}
