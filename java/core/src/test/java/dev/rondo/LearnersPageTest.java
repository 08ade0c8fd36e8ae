package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of docs/learners.md, which learns from a stream, ends, and goes on with it when it is run again. */
class LearnersPageTest {
    private static final Pattern LINE = Pattern.compile("step (\\d+): loss ([\\d.]+)");

    @TempDir
    private Path directory;

    @Test
    void theProgramLearnsFromAStreamAndGoesOn() throws IOException, InterruptedException {
        PageProgram program = PageProgram.of("learners.md");
        List<MatchResult> first = lines(program.run(directory, "6000"));
        List<MatchResult> second = lines(program.run(directory, "2000"));
        assertEquals("6000", first.getLast().group(1));
        assertEquals("7000", second.getFirst().group(1), "it goes on where it ended");
        double began = loss(first.getFirst());
        double ended = loss(first.getLast());
        assertTrue(ended < began / 10, "from " + began + " to " + ended);
        assertTrue(loss(second.getFirst()) < began / 10, "what was learned is there again");
    }

    private static List<MatchResult> lines(PageProgram.Outcome outcome) {
        assertEquals(0, outcome.status(), outcome.printed());
        List<MatchResult> lines = LINE.matcher(outcome.printed()).results().toList();
        assertTrue(lines.size() > 1, outcome.printed());
        return lines;
    }

    private static double loss(MatchResult line) {
        return Double.parseDouble(line.group(2));
    }
}
