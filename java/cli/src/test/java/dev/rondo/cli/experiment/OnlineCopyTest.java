package dev.rondo.cli.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The copy task, the order of trials, and the experiment made small. */
class OnlineCopyTest {
    /** Bits, then as many times GO; the targets of the latter are the bits. Lengths are from 3 to 8 alike. */
    @Test
    void whatIsShownIsToBeSaid() {
        var stream = new CopyStream(1);
        var lengths = new int[9];
        int sequences = 6000;
        for (int i = 0; i < sequences; i++) {
            var shown = new StringBuilder();
            var targets = new StringBuilder();
            do {
                shown.append("01g".charAt(stream.next(8)));
                targets.append(stream.target() == CopyStream.NONE ? "-" : stream.target());
            } while (!stream.atEnd());
            int length = shown.length() / 2;
            String bits = shown.substring(0, length);
            assertTrue(bits.matches("[01]+"), bits);
            assertEquals(bits + "g".repeat(length), shown.toString());
            assertEquals("-".repeat(length) + bits, targets.toString());
            lengths[length]++;
        }
        double five = 5 * Math.sqrt(sequences * (1 / 6.0) * (5 / 6.0)); // standard deviations of a count
        for (int length = 1; length <= 8; length++) {
            assertEquals(length < 3 ? 0 : sequences / 6.0, lengths[length], length < 3 ? 0 : five, "length " + length);
        }
    }

    @Test
    void bothBitsAreShownAndAFirstSequenceHasOne() {
        var counts = new int[2];
        for (int seed = 0; seed < 1000; seed++) {
            var stream = new CopyStream(seed);
            assertTrue(stream.atEnd());
            int bit = stream.next(1);
            counts[bit]++;
            assertEquals(CopyStream.GO, stream.next(9)); // what is longer begins with the next sequence
            assertEquals(bit, stream.target());
            assertTrue(stream.atEnd());
        }
        assertEquals(500, counts[1], 5 * Math.sqrt(250)); // standard deviations
    }

    @Test
    void longerSequencesComeFirstThenLessData() {
        var best = new CopyTrial(1, List.of(8L, 16L));
        var later = new CopyTrial(1, List.of(4L, 20L));
        var shorter = new CopyTrial(1, List.of(4L));
        var none = new CopyTrial(1, List.of());
        assertEquals(List.of(best, later, shorter, none),
                Stream.of(none, later, shorter, best).sorted(CopyTrial.ORDER).toList());
        assertArrayEquals(new long[] {20, 0}, new long[] {later.lastData(), none.lastData()});
    }

    /** RTRL and SnAp-1 learn to copy two bits, whatever runs beside them. */
    @Test
    void twoBitsAreLearned() throws InterruptedException {
        Findings found = new OnlineCopy(16, 1, 2, 12_000).run(1, 2, line -> {});
        for (int rule = 0; rule < 2; rule++) {
            assertEquals(List.of(2), found.figures().get(rule).get("mastered"),
                    () -> String.join("\n", found.report()));
        }
        assertEquals(found.report(), new OnlineCopy(16, 1, 2, 12_000).run(1, 1, line -> {}).report());
    }
}
