package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.memory.Precision;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The loss against its definition, computed by hand. */
class SoftmaxCrossEntropyTest {
    private static final Precision FLOAT64 = Precision.FLOAT64;

    private static MemorySegment of(double... values) {
        return MemorySegment.ofArray(values);
    }

    private static MemorySegment of(int... values) {
        return MemorySegment.ofArray(values);
    }

    @Test
    void lossAndGradientOfOneRow() {
        var loss = new SoftmaxCrossEntropy(FLOAT64, 1, 3);
        MemorySegment gradient = of(9.0, 9.0, 9.0);
        loss.aim(of(2), null);
        loss.run(of(Math.log(1), Math.log(2), Math.log(5)), gradient);
        assertEquals(Math.log(8.0 / 5), loss.mean(), 1e-15);
        assertEquals(1.0 / 8, FLOAT64.get(gradient, 0), 1e-15);
        assertEquals(2.0 / 8, FLOAT64.get(gradient, 1), 1e-15);
        assertEquals(5.0 / 8 - 1, FLOAT64.get(gradient, 2), 1e-15);
    }

    @Test
    void theMeanIsOverRowsThatCount() {
        var loss = new SoftmaxCrossEntropy(FLOAT64, 2, 2);
        double[] logits = {0, 0, 50, 0, 0, Math.log(3), 0, 60};
        MemorySegment gradient = of(9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0);
        // Row (0, 1) is ignored; (1, 1) lies beyond the length of sequence 1.
        loss.aim(of(0, -1, 0, 0), of(2, 1));
        loss.run(of(logits), gradient);
        assertEquals(2, loss.counted());
        assertEquals((Math.log(2) + Math.log(4)) / 2, loss.mean(), 1e-15);
        double[] expected = {-0.25, 0.25, 0, 0, -0.375, 0.375, 0, 0};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], FLOAT64.get(gradient, i), 1e-15, "element " + i);
        }
    }

    @Test
    void greatLogitsDoNotOverflow() {
        var loss = new SoftmaxCrossEntropy(FLOAT64, 1, 2);
        loss.aim(of(1), null);
        loss.run(of(1e4, 0.0), null);
        assertEquals(1e4, loss.mean(), 1e-9);
        loss.run(of(-1e4, -1e4), null);
        assertEquals(Math.log(2), loss.mean(), 1e-15);
    }

    @Test
    void nothingThatCountsIsALossOfZero() {
        var loss = new SoftmaxCrossEntropy(FLOAT64, 1, 2);
        MemorySegment gradient = of(9.0, 9.0);
        loss.aim(of(-1), null);
        loss.run(of(1.0, 2.0), gradient);
        assertEquals(0, loss.mean());
        assertEquals(0, FLOAT64.get(gradient, 0));
    }

    @Test
    void aTargetOutOfRangeIsNamed() {
        var loss = new SoftmaxCrossEntropy(FLOAT64, 2, 3);
        var e = assertThrows(IllegalArgumentException.class, () -> loss.aim(of(0, 0, 0, 3), null));
        assertEquals("targets[1, 1]: expected 0 to 2, or -1 = ignored, got 3", e.getMessage());
    }
}
