package dev.rondo.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.network.SeededRandom;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SamplingTest {
    private static final int DRAWS = 20_000;
    private static final float[] LOGITS = {(float) Math.log(2), (float) Math.log(5), 0, (float) Math.log(2)};

    /** Of the probabilities .2 .5 .1 .2: as they are; squared by a temperature of 1/2; only the likeliest of them. */
    static Stream<Arguments> distributions() {
        Sampling plain = Sampling.defaults().seed(3);
        return Stream.of(
                Arguments.of(plain, new double[] {0.2, 0.5, 0.1, 0.2}),
                Arguments.of(plain.temperature(0.5), new double[] {4 / 34.0, 25 / 34.0, 1 / 34.0, 4 / 34.0}),
                Arguments.of(plain.topP(0.85), new double[] {2 / 9.0, 5 / 9.0, 0, 2 / 9.0}),
                Arguments.of(plain.topP(0.6), new double[] {2 / 7.0, 5 / 7.0, 0, 0}),
                Arguments.of(plain.topP(0.1), new double[] {0, 1, 0, 0}),
                Arguments.of(plain.topK(2), new double[] {2 / 7.0, 5 / 7.0, 0, 0}),
                Arguments.of(plain.topK(3), new double[] {2 / 9.0, 5 / 9.0, 0, 2 / 9.0}),
                Arguments.of(plain.topK(4), new double[] {0.2, 0.5, 0.1, 0.2}),
                Arguments.of(plain.topK(2).temperature(0.5), new double[] {4 / 29.0, 25 / 29.0, 0, 0}),
                Arguments.of(plain.topK(3).topP(0.7), new double[] {2 / 7.0, 5 / 7.0, 0, 0}), // of 0.9, 0.63
                Arguments.of(plain.topK(3).topP(0.8), new double[] {2 / 9.0, 5 / 9.0, 0, 2 / 9.0}),
                Arguments.of(plain.topK(1), new double[] {0, 1, 0, 0}),
                Arguments.of(plain.temperature(0), new double[] {0, 1, 0, 0}));
    }

    /** Four standard deviations of a share of the draws: the seed is fixed, so this either holds or does not. */
    @ParameterizedTest
    @MethodSource("distributions")
    void tokensAreDrawnAsOftenAsTheyShould(Sampling sampling, double[] expected) {
        var sampler = new Sampler(sampling, LOGITS.length);
        var counts = new int[LOGITS.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        for (int i = 0; i < expected.length; i++) {
            double p = expected[i];
            assertEquals(p, (double) counts[i] / DRAWS, 4 * Math.sqrt(p * (1 - p) / DRAWS), "token " + i);
        }
    }

    /** As many as a vocabulary of words has, in no order: those drawn are those that sorting puts first. */
    @Test
    void theLikeliestOfManyAreKept() {
        float[] logits = new float[5000];
        List<Integer> sorted = new SeededRandom(9).ints(0, logits.length).distinct().limit(logits.length).boxed()
                .toList();
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            logits[sorted.get(i)] = (float) (-0.01 * i);
            total += Math.exp(logits[sorted.get(i)]);
        }
        double mass = 0;
        int kept = 0;
        while (mass < 0.3 * total) {
            mass += Math.exp(logits[sorted.get(kept++)]);
        }
        var sampler = new Sampler(Sampling.defaults().topP(0.3).seed(1), logits.length);
        Set<Integer> drawn = IntStream.range(0, 2000).mapToObj(_ -> sampler.next(logits)).collect(Collectors.toSet());
        assertEquals(Set.copyOf(sorted.subList(0, kept)), drawn);
    }

    @Test
    void oneSeedDrawsOneText() {
        assertEquals(text(5), text(5));
    }

    /** Two texts of 100 tokens, drawn apart from each other, are the same once in 10^46 pairs of seeds. */
    @Test
    void anotherSeedDrawsAnotherText() {
        assertNotEquals(text(5), text(6));
    }

    private static List<Integer> text(long seed) {
        var sampler = new Sampler(Sampling.defaults().seed(seed), LOGITS.length);
        return IntStream.range(0, 100).mapToObj(_ -> sampler.next(LOGITS)).toList();
    }

    @Test
    void greatLogitsDoNotOverflow() {
        var sampler = new Sampler(Sampling.defaults().temperature(1e-3), 2);
        for (int i = 0; i < 100; i++) {
            assertEquals(1, sampler.next(new float[] {-3e30f, 3e30f}));
        }
    }

    /** Sample i has the i-th number of the seed, found without drawing those before it: any is as near as the first. */
    @Test
    void eachSampleHasASeedOfItsOwn() {
        Sampling sampling = Sampling.defaults().temperature(0.7).seed(-5);
        var random = new SeededRandom(-5);
        assertEquals(sampling, sampling.sample(0));
        for (int i = 1; i < 1000; i++) {
            assertEquals(sampling.seed(random.nextLong()), sampling.sample(i));
        }
        var far = new SeededRandom(-5);
        far.skip(Integer.MAX_VALUE - 1);
        assertEquals(far.nextLong(), sampling.sample(Integer.MAX_VALUE).seed());
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertEquals("temperature: expected a number from 0 on, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().temperature(-1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().temperature(Double.NaN));
        assertEquals("topK: expected at least 1, got 0",
                assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().topK(0)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().sample(-1));
        assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().topP(0));
        assertThrows(IllegalArgumentException.class, () -> Sampling.defaults().topP(1.1));
        assertTrue(Sampling.defaults().topP(1).topP() == 1);
    }

    @Test
    void aSamplerReadsTheLogitsOfOneStream() {
        var sampler = new Sampler(Sampling.defaults().temperature(0), 3);
        float[] logits = {0, 9, 0, 9, 0, 0, 0, 0, 9};
        assertEquals(1, sampler.next(logits));
        assertEquals(0, sampler.next(logits, 3));
        assertEquals(2, sampler.next(logits, 6));
        for (int from : new int[] {-1, 7}) {
            assertEquals("from: expected a place with 3 logits after it in 9, got " + from,
                    assertThrows(IllegalArgumentException.class, () -> sampler.next(logits, from)).getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> sampler.next(new float[2]));
        assertThrows(IllegalArgumentException.class, () -> new Sampler(Sampling.defaults(), 0));
    }
}
