package dev.rondo.reservoir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.reservoir.HyperparameterSearch.Outcome;
import dev.rondo.reservoir.HyperparameterSearch.Result;
import dev.rondo.reservoir.HyperparameterSearch.Trial;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HyperparameterSearchTest {
    @Test
    void aGridIsEachCombinationOnce() throws InterruptedException {
        Result result = HyperparameterSearch.grid(1).values("a", 1, 2).values("b", 10, 20, 30).threads(2)
                .run(trial -> Math.abs(trial.get("a") * trial.get("b") - 41));
        assertEquals(
                List.of(Map.of("a", 1.0, "b", 10.0), Map.of("a", 1.0, "b", 20.0), Map.of("a", 1.0, "b", 30.0),
                        Map.of("a", 2.0, "b", 10.0), Map.of("a", 2.0, "b", 20.0), Map.of("a", 2.0, "b", 30.0)),
                result.outcomes().stream().map(outcome -> outcome.trial().values()).toList());
        assertEquals(4, result.best().trial().number());
        assertEquals(1, result.best().error());
        assertEquals(List.of("a", "b"), List.copyOf(result.best().trial().values().keySet()));
    }

    private static HyperparameterSearch draws(long seed) {
        return HyperparameterSearch.random(200, seed).range("even", -1, 3).logarithmic("log", 1e-6, 1e-2)
                .values("one", 5, 7);
    }

    private static double error(Trial trial) {
        return trial.get("even") + Math.log(trial.get("log")) + trial.get("one") + trial.seed() * 1e-20;
    }

    @Test
    void drawsDependOnTheSeedAlone() throws InterruptedException {
        Result one = draws(3).run(HyperparameterSearchTest::error);
        assertEquals(one, draws(3).threads(3).run(HyperparameterSearchTest::error));
        assertNotEquals(one, draws(4).run(HyperparameterSearchTest::error));
        assertEquals(200, new HashSet<>(one.outcomes().stream().map(of -> of.trial().seed()).toList()).size());
    }

    /** Halves of each range have about half of the draws: 100 of 200, and 30 is four deviations. */
    @Test
    void drawsAreSpread() throws InterruptedException {
        Result result = draws(5).run(HyperparameterSearchTest::error);
        assertEquals(100, count(result, trial -> trial.get("even") < 1), 30);
        assertEquals(100, count(result, trial -> trial.get("log") < 1e-4), 30);
        assertEquals(100, count(result, trial -> trial.get("one") == 5), 30);
        assertEquals(200, count(result, trial -> trial.get("even") >= -1 && trial.get("even") < 3
                && trial.get("log") >= 1e-6 * (1 - 1e-12) && trial.get("log") <= 1e-2 * (1 + 1e-12)));
    }

    private static long count(Result result, Predicate<Trial> which) {
        return result.outcomes().stream().map(Outcome::trial).filter(which).count();
    }

    @Test
    void notANumberIsNeverTheBestUnlessAllAre() throws InterruptedException {
        var search = HyperparameterSearch.grid(1).values("a", 1, 2, 3);
        assertEquals(2, search.run(trial -> trial.get("a") == 2 ? 7 : Double.NaN).best().trial().get("a"));
        assertEquals(1, search.run(trial -> 7).best().trial().get("a"));
        assertEquals(1, search.run(trial -> Double.NaN).best().trial().get("a"));
    }

    /** Two trials wait for each other, which one thread could not do. */
    @Test
    void trialsRunSideBySide() throws InterruptedException {
        var both = new CountDownLatch(2);
        HyperparameterSearch.grid(1).values("a", 1, 2).threads(2).run(trial -> {
            both.countDown();
            try {
                both.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return 0;
        });
    }

    @Test
    void aListenerHearsOfEachTrial() throws InterruptedException {
        var done = new ArrayList<Integer>();
        var heard = new HashSet<Outcome>();
        Result result = draws(1).threads(2).listener((outcome, now, all) -> {
            done.add(now);
            heard.add(outcome);
            assertEquals(200, all);
        }).run(HyperparameterSearchTest::error);
        assertEquals(Stream.iterate(1, n -> n + 1).limit(200).toList(), done);
        assertEquals(new HashSet<>(result.outcomes()), heard);
    }

    @Test
    void aTrialThatFailsEndsTheSearch() {
        var failure = new IllegalArgumentException("no such leak");
        var runs = new AtomicInteger();
        var thrown = assertThrows(IllegalStateException.class,
                () -> HyperparameterSearch.random(10_000, 1).values("leak", 2).run(trial -> {
                    runs.incrementAndGet();
                    throw failure;
                }));
        assertEquals("trial 0 {leak=2.0}: no such leak", thrown.getMessage());
        assertSame(failure, thrown.getCause());
        assertTrue(runs.get() < 10_000, runs + " runs");
    }

    @Test
    void misuseIsSaid() {
        var grid = HyperparameterSearch.grid(1);
        assertEquals("range: expected a random search, got a grid, which takes values",
                assertThrows(IllegalArgumentException.class, () -> grid.range("a", 0, 1)).getMessage());
        assertEquals("settings: expected at least one, got none",
                assertThrows(IllegalArgumentException.class, () -> grid.run(trial -> 0)).getMessage());
        assertEquals("values: expected at least one, got none",
                assertThrows(IllegalArgumentException.class, () -> grid.values("a")).getMessage());
        assertEquals("name: expected a new one, got a twice", assertThrows(IllegalArgumentException.class,
                () -> grid.values("a", 1).values("a", 2)).getMessage());
        var random = HyperparameterSearch.random(1, 1);
        assertEquals("to: expected a number above 1.0, got 1.0",
                assertThrows(IllegalArgumentException.class, () -> random.range("a", 1, 1)).getMessage());
        assertEquals("from: expected a number above 0, got 0.0",
                assertThrows(IllegalArgumentException.class, () -> random.logarithmic("a", 0, 1)).getMessage());
        assertEquals("name: expected one of [a], got b", assertThrows(IllegalArgumentException.class,
                () -> new Trial(0, 1, Map.of("a", 1.0)).get("b")).getMessage());
        assertThrows(IllegalArgumentException.class, () -> HyperparameterSearch.random(0, 1));
        assertThrows(IllegalArgumentException.class, () -> random.threads(0));
    }
}
