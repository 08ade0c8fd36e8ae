package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Optimisers and schedules as text. */
class RuleTextTest {
    static List<Optimizer> optimizers() {
        return List.of(Sgd.of(0.1), Sgd.of(0.1).momentum(0.9).weightDecay(1e-3), Sgd.of(0.1).nesterov(0.9),
                new RmsProp(1e-3, 0.9, 1e-6, 1e-4), new Adagrad(0.1, 1e-6, 0.5), new Adam(1e-3, 0.8, 0.9, 1e-7, 0.25),
                AdamW.of(1e-3));
    }

    static List<LearningRate> schedules() {
        return List.of(LearningRate.constant(), LearningRate.constant().warmUp(7), LearningRate.step(0.1, 100),
                LearningRate.exponential(0.3, 50), LearningRate.cosine(1000).warmUp(100),
                LearningRate.cosine(3_000_000_000L), LearningRate.onPlateau(0.5, 3).warmUp(2),
                LearningRate.constant().hold(3).warmUp(2), LearningRate.step(0.5, 10).hold(30));
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void anOptimiserComesBack(Optimizer optimizer) {
        assertEquals(optimizer, Optimizers.parse(Optimizers.text(optimizer)));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void aScheduleComesBack(LearningRate schedule) {
        assertEquals(schedule, Schedules.parse(Schedules.text(schedule)));
    }

    @Test
    void everyNameIsTried() {
        assertTrue(optimizers().stream().map(Optimizers::text).map(text -> text.split(":")[0]).toList()
                .containsAll(Optimizers.names()));
        assertTrue(schedules().stream().map(Schedules::text).map(text -> text.split(":")[0]).toList()
                .containsAll(Schedules.names()));
    }

    @Test
    void whatIsNotSaidHasItsDefault() {
        assertEquals(Sgd.of(0.5), Optimizers.parse("sgd:learningRate=0.5"));
        assertEquals(RmsProp.of(0.5), Optimizers.parse("rmsprop:learningRate=0.5"));
        assertEquals(Adagrad.of(0.5), Optimizers.parse("adagrad:learningRate=0.5"));
        assertEquals(Adam.of(0.5), Optimizers.parse("adam:learningRate=0.5"));
        assertEquals(AdamW.of(0.5), Optimizers.parse("adamw:learningRate=0.5"));
        assertEquals(Sgd.of(0.5).nesterov(0.8), Optimizers.parse("nesterov:momentum=0.8,learningRate=0.5"));
        assertEquals(LearningRate.constant(), Schedules.parse("constant"));
    }

    @Test
    void lengthsMayBeInEpochs() {
        assertEquals(LearningRate.step(0.5, 7).hold(21).warmUp(4),
                Schedules.parse("step:factor=0.5,steps=1epoch,hold=3epochs,warmUp=0.5epochs", 7));
        assertEquals(LearningRate.cosine(1), Schedules.parse("cosine:steps=0.01epochs", 7)); // one update at least
        assertEquals(LearningRate.cosine(9), Schedules.parse("cosine:steps=9", 7));
        assertEquals("steps: expected a number, got \"2epochs\"", assertThrows(IllegalArgumentException.class,
                () -> Schedules.parse("cosine:steps=2epochs")).getMessage());
        assertEquals("updatesPerEpoch: expected at least 1, got 0", assertThrows(IllegalArgumentException.class,
                () -> Schedules.parse("constant", 0)).getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "adma:learningRate=1 | optimizer: expected one of [sgd, nesterov, rmsprop, adagrad, adam, adamw], got adma",
        "adam | optimizer adam: expected learningRate=NUMBER, got none",
        "nesterov:learningRate=1 | optimizer nesterov: expected momentum=NUMBER, got none",
        "sgd:rate=1 | optimizer sgd: expected options of [learningRate, momentum, weightDecay], got \"rate=1\"",
        "sgd: | optimizer sgd: expected options of [learningRate, momentum, weightDecay], got \"\"",
        "sgd:momentum | optimizer sgd: expected options of [learningRate, momentum, weightDecay], got \"momentum\"",
        "sgd:learningRate=fast | learningRate: expected a number, got \"fast\"",
        "sgd:learningRate=1,learningRate=2 | optimizer sgd: expected learningRate once, got it twice",
        "sgd:learningRate=Infinity | learningRate: expected a finite number above 0, got Infinity",
        "sgd:learningRate=-1 | learningRate: expected a number above 0, got -1.0"})
    void aWrongOptimiserIsRefused(String text, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Optimizers.parse(text)).getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "sine | schedule: expected one of [constant, step, exponential, cosine, plateau], got sine",
        "cosine | schedule cosine: expected steps=NUMBER, got none",
        "cosine:steps=0 | steps: expected at least 1, got 0",
        "cosine:steps=1.5 | steps: expected a whole number, got 1.5",
        "cosine:steps=1e30 | steps: expected a whole number of 64 bits, got 1.0E30",
        "cosine:steps=9,warmUp=-3 | warmUp: expected at least 1, got -3",
        "cosine:steps=9,hold=-3 | hold: expected at least 1, got -3",
        "plateau:factor=0.5,patience=-3 | patience: expected at least 1, got -3",
        "plateau:factor=0,patience=3 | factor: expected above 0 and below 1, got 0.0",
        "constant:steps=1 | schedule constant: expected options of [hold, warmUp], got \"steps=1\""})
    void aWrongScheduleIsRefused(String text, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Schedules.parse(text)).getMessage());
    }

    @Test
    void whatIsNotBuiltInIsNotWritten() {
        assertThrows(IllegalArgumentException.class, () -> Schedules.text(step -> 1));
        assertThrows(IllegalArgumentException.class,
                () -> Schedules.text(LearningRate.cosine(1).warmUp(1).warmUp(1)));
        assertThrows(IllegalArgumentException.class, () -> Schedules.text(LearningRate.cosine(1).hold(1).hold(1)));
        assertThrows(IllegalArgumentException.class, () -> Schedules.text(LearningRate.cosine(1).warmUp(1).hold(1)));
    }
}
