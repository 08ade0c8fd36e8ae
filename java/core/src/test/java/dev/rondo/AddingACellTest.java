package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cell of docs/adding-a-cell.md, as a {@link PageProgram}. */
class AddingACellTest {
    private static final String PAGE = "adding-a-cell.md";
    private static final Pattern NUMBERS = Pattern.compile("(streamed|whole) \\[(.*?)]");

    @TempDir
    private Path directory;

    @Test
    void isCheckedTrainedStreamedAndRestored() throws IOException, InterruptedException {
        PageProgram.Outcome outcome = PageProgram.of(PAGE).run(directory);
        assertEquals(0, outcome.status(), outcome.printed());
        double[] losses = Pattern.compile("loss ([0-9.]+)").matcher(outcome.printed()).results()
                .mapToDouble(result -> Double.parseDouble(result.group(1))).toArray();
        assertEquals(2, losses.length, outcome.printed());
        assertTrue(losses[0] < 0.1, "of two classes a guess costs 0.69 nats, got " + losses[0]);
        assertEquals(losses[0], losses[1], "what is restored is what was saved");
        List<double[]> outputs = NUMBERS.matcher(outcome.printed()).results().map(AddingACellTest::numbers).toList();
        assertEquals(2, outputs.size(), outcome.printed());
        // Between steps a stepper rounds the state to float, a pass of the reference does not.
        assertArrayEquals(outputs.get(0), outputs.get(1), 1e-5);
    }

    private static double[] numbers(MatchResult result) {
        return Arrays.stream(result.group(2).split(", ")).mapToDouble(Double::parseDouble).toArray();
    }

    /** A derivative that is wrong is noticed by the check that the page recommends. */
    @Test
    void aWrongDerivativeIsNoticed() throws IOException, InterruptedException {
        String program = PageProgram.of(PAGE).text();
        String wrong = program.replace("(1 - c * c)", "(1 - c)");
        assertNotEquals(program, wrong);
        PageProgram.Outcome outcome = new PageProgram(wrong).run(directory);
        assertNotEquals(0, outcome.status(), outcome.printed());
        assertTrue(outcome.printed().contains("AssertionError: gradient of "), outcome.printed());
    }
}
