package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cli.InputLines.Line;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineSplitterTest {
    private final List<List<Line>> handedOn = new ArrayList<>();
    private final LineSplitter splitter = new LineSplitter("file", handedOn::add);

    private void take(String text) {
        splitter.take(text.toCharArray(), text.length());
    }

    /** Java's own reading of lines, however the text is cut up. */
    @Test
    void linesEndAsJavaSays() {
        for (String text : List.of("a\nb\n", "a\r\nb", "a\rb\r", "\n\n", "\r\n\r\n\n\r\rx", "one", "a\r\r\nb\n\r")) {
            for (int size = 1; size <= text.length(); size++) {
                handedOn.clear();
                var parts = new LineSplitter("file", handedOn::add);
                for (int at = 0; at < text.length(); at += size) {
                    String part = text.substring(at, Math.min(at + size, text.length()));
                    parts.take(part.toCharArray(), part.length());
                }
                assertTrue(parts.finish());
                List<Line> lines = handedOn.stream().flatMap(List::stream).toList();
                assertEquals(text.lines().toList(), lines.stream().map(Line::text).toList());
                assertEquals("file, line " + lines.size(), lines.getLast().place());
            }
        }
        assertFalse(splitter.finish(), "there was nothing");
    }

    @Test
    void onlyWholeLinesAreHandedOn() {
        take("a\nb\nc");
        assertEquals(List.of(), handedOn);
        splitter.handOn();
        assertEquals(List.of(new Line("file", 1, "a"), new Line("file", 2, "b")), handedOn.getFirst());
        take("d");
        splitter.handOn();
        assertEquals(1, handedOn.size());
        assertTrue(splitter.finish());
        assertEquals(List.of(new Line("file", 3, "cd")), handedOn.getLast());
    }

    /** A hundred lines of 100,000 characters, and ten thousand empty ones. */
    @Test
    void neitherManyLinesNorLongOnesWaitForOthers() {
        for (int i = 0; i < 100; i++) {
            take("x".repeat(100_000) + "\n");
        }
        assertEquals(9, handedOn.size(), "eleven are more than 2^20 characters");
        assertTrue(handedOn.stream().allMatch(lines -> lines.size() == 11));
        take("\n".repeat(10_000));
        splitter.finish();
        assertTrue(handedOn.stream().allMatch(lines -> lines.size() <= 4096));
        assertEquals(10_100, handedOn.stream().mapToInt(List::size).sum());
    }
}
