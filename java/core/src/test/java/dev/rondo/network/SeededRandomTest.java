package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SeededRandomTest {
    @Test
    void drawsWhatTheJdksSplitMix64Draws() {
        var expected = new SplittableRandom(1234567);
        var random = new SeededRandom(1234567);
        assertArrayEquals(LongStream.generate(expected::nextLong).limit(100).toArray(),
                LongStream.generate(random::nextLong).limit(100).toArray());
        assertEquals(6457827717110365317L, new SeededRandom(1234567).nextLong()); // the published test vector
    }

    @Test
    void goesOnFromASavedState() {
        var random = new SeededRandom(7);
        random.longs(13).sum();
        var restored = new SeededRandom(random.state());
        assertArrayEquals(random.longs(5).toArray(), restored.longs(5).toArray());
    }
}
