package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.lstm.Lstm;
import dev.rondo.network.Network;
import dev.rondo.network.NetworkPass;
import dev.rondo.network.SequenceBatch;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {
    private static void assertFactors(LearningRate schedule, double... expected) {
        double[] factors = LongStream.rangeClosed(1, expected.length).mapToDouble(schedule::factor).toArray();
        assertArrayEquals(expected, factors, 1e-15);
    }

    @Test
    void eachScheduleIsItsFormula() {
        double root = Math.sqrt(0.5);
        assertFactors(LearningRate.constant(), 1, 1, 1);
        assertFactors(LearningRate.step(0.5, 2), 1, 1, 0.5, 0.5, 0.25);
        assertFactors(LearningRate.exponential(0.5, 2), 1, root, 0.5, root / 2, 0.25);
        assertFactors(LearningRate.cosine(4), 1, (1 + root) / 2, 0.5, (1 - root) / 2, 0, 0, 0);
    }

    @Test
    void aWarmUpRisesAndThenTheScheduleBegins() {
        assertFactors(LearningRate.constant().warmUp(4), 0.25, 0.5, 0.75, 1, 1, 1);
        assertFactors(LearningRate.cosine(2).warmUp(2), 0.5, 1, 1, 0.5, 0);
        assertFactors(LearningRate.step(0.1, 1).warmUp(1), 1, 1, 0.1);
    }

    @Test
    void aHeldScheduleBeginsLater() {
        assertFactors(LearningRate.step(0.5, 2).hold(3), 1, 1, 1, 1, 1, 0.5, 0.5, 0.25);
        assertFactors(LearningRate.cosine(2).hold(1).warmUp(2), 0.5, 1, 1, 1, 0.5, 0);
    }

    /** Patience 2: the second loss in a row that is no new lowest lets it fall, and the count starts again. */
    @Test
    void aPlateauLetsItFall() {
        LearningRate schedule = LearningRate.onPlateau(0.5, 2);
        double[] losses = {3, 2, 2, 2.5, 1.9, 1.95, Double.NaN, 1.9, 1.9, 1};
        double[] factors = {1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125};
        for (int i = 0; i < losses.length; i++) {
            schedule = schedule.after(losses[i]);
            assertEquals(factors[i], schedule.factor(i + 1), "after loss " + i);
        }
    }

    @Test
    void anEqualScheduleThatRemembersGoesOnTheSame() {
        LearningRate one = LearningRate.onPlateau(0.5, 3).warmUp(2).after(1).after(2).after(2);
        LearningRate two = LearningRate.onPlateau(0.5, 3).warmUp(2).remembering(one.memory());
        assertEquals(1, two.factor(9));
        assertEquals(one.after(2).factor(9), two.after(2).factor(9));
        assertEquals(0.5, two.after(2).factor(9));
        assertEquals(one, two);
        assertEquals(0, LearningRate.constant().warmUp(2).memory().length);
    }

    /** A rate that is not a number, or climbs the loss, would spoil all parameters at once. */
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -1})
    void aFactorThatIsNoneIsRefusedBeforeTheUpdate(double factor) {
        try (Network network = Network.builder(2).layer(Lstm.of(3)).classes(2).seed(1).build();
                NetworkPass pass = network.pass(2, 1)) {
            Trainer trainer = Trainer.builder(network).optimizer(Sgd.of(0.5))
                    .learningRate(step -> step < 2 ? 1 : factor).build();
            var batch = SequenceBatch.of(new float[] {1, 2, 3, 4}, 2, 1, 2).targets(new int[] {0, 1});
            trainer.step(pass, batch);
            byte[] before = network.parameters().slab().toArray(ValueLayout.JAVA_BYTE);
            var e = assertThrows(IllegalStateException.class, () -> trainer.step(pass, batch));
            assertTrue(e.getMessage().startsWith("learningRate: expected a finite number of at least 0 for step 2, got "
                    + 0.5 * factor), e.getMessage());
            assertArrayEquals(before, network.parameters().slab().toArray(ValueLayout.JAVA_BYTE));
            assertEquals(1, trainer.steps());
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertEquals("steps: expected at least 1, got 0",
                assertThrows(IllegalArgumentException.class, () -> LearningRate.step(0.1, 0)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> LearningRate.step(0, 1));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.exponential(Double.NaN, 1));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.exponential(0.1, 0));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.cosine(0));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.onPlateau(1, 1));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.onPlateau(0.5, 0));
        assertThrows(IllegalArgumentException.class, () -> LearningRate.constant().warmUp(0));
    }
}
