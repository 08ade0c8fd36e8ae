package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cli.BarDisplay.View;
import dev.rondo.text.Evaluation;
import dev.rondo.text.TextUnit;
import dev.rondo.text.TrainingProgress;
import dev.rondo.train.StepTimes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is shown and written of a training's figures. */
class DisplayTest {
    private static final View HALF = new View(0.5, 1.912, 1.8431, 412_345, 1.32, 62);

    private static final StepTimes NO_TIMES = new StepTimes(0, 0, 0, 0);
    private static final StepTimes TIMES = new StepTimes(1_000, 2_000_000, 500_000, 1_234_000_000);

    @ParameterizedTest
    @ValueSource(ints = {10, 40, 79, 80, 119, 200})
    void theBarFillsTheLineAndNoMore(int width) {
        assertEquals(width, BarDisplay.line(HALF, TextUnit.CHARACTER, width).length());
        assertEquals(width,
                BarDisplay.line(new View(1, 12, 11, 9.99e9, 1e6, 1e6), TextUnit.CHARACTER, width).length());
        View nothing = new View(0, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        assertEquals(width, BarDisplay.line(nothing, TextUnit.WORD, width).length());
    }

    @Test
    void theBarSaysEverythingOnAWideTerminalAndOnANarrowOne() {
        String wide = BarDisplay.line(HALF, TextUnit.CHARACTER, 140);
        assertTrue(wide.startsWith(" 50% [==="), wide);
        assertTrue(wide.endsWith("]  train 1.912  validation 1.843 nats 2.659 bits/character  412k characters/s"
                + "  gradient 1.32  1:02 left"), wide);
        String narrow = BarDisplay.line(HALF, TextUnit.CHARACTER, 79);
        assertTrue(narrow.endsWith("] train 1.912 valid 1.843 (2.66 bits) 412k char/s |g| 1.32 1:02"), narrow);
        String words = BarDisplay.line(HALF, TextUnit.WORD, 140);
        assertTrue(words.endsWith("]  train 1.912  validation 1.843 nats perplexity 6.316/word  412k words/s"
                + "  gradient 1.32  1:02 left"), words);
        assertTrue(BarDisplay.line(HALF, TextUnit.WORD, 79).contains(" (perp. 6.32) 412k word/s "), words);
        String longest = BarDisplay.line(
                new View(1, 1.912, 1.8431, 41_234, 10.32, 5000), TextUnit.CHARACTER, 79);
        assertTrue(longest.endsWith(" 41.2k char/s |g| 10.32 1:23:20"), longest);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 40, 79, 80, 119, 200})
    void theBarOfAnExperimentFillsTheLineAndNoMore(int width) {
        for (double share : new double[] {0, 0.5, 1}) {
            assertEquals(width, ExperimentDisplay.line(share, "search: 3 of 6", width).length());
        }
        assertEquals(" 50% [======      ]  search: 3 of 6", ExperimentDisplay.line(0.5, "search: 3 of 6", 35));
    }

    @Test
    void theTimeLeftOfAResumedTrainingCountsThisRunOnly() {
        var left = new TimeLeft();
        left.step(progress(0.50, 0.1));
        assertTrue(Double.isNaN(left.seconds()));
        left.step(progress(0.75, 10.1));
        assertEquals(10, left.seconds(), 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"7, 7", "999.4, 999", "999.6, 1.00k", "45123, 45.1k", "99960, 100k", "999499, 999k", "999999, 1.00M",
            "4.2e7, 42.0M"})
    void ratesHaveThreeDigits(double rate, String text) {
        assertEquals(text, Figures.rate(rate));
    }

    @ParameterizedTest
    @CsvSource({"0.2, 0:00", "59.6, 1:00", "754, 12:34", "3723, 1:02:03", "NaN, -"})
    void durations(double seconds, String text) {
        assertEquals(text, Figures.duration(seconds));
    }

    @Test
    void evaluationsSurviveBeingWritten(@TempDir Path directory) throws IOException {
        var log = new EvaluationLog(directory.resolve("log.jsonl"));
        assertEquals(List.of(), log.read());
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY); // would write 1,5
        try {
            log.append(new Evaluation(TextUnit.CHARACTER, 12, 1.5, 2.25, 2.5, 1234.5, 0.3, 4e-3, TIMES, true), 3);
            log.append(new Evaluation(TextUnit.WORD, 13, 1.75, 1e-5, 250, 1e7, 0.3, 1e-5, NO_TIMES, false), 3);
            log.append(new Evaluation(TextUnit.WORD, 14, 2, Double.NaN, 1 / 0.0, 1e7, 2, 1, NO_TIMES, false), 3);
        } finally {
            Locale.setDefault(before);
        }
        assertEquals("{\"seed\": 3, \"step\": 12, \"seconds\": 1.500, \"unit\": \"character\", "
                + "\"train_loss\": 2.250000, "
                + "\"validation_loss\": 2.500000, \"units_per_second\": 1234.5, \"gradient_norm\": 0.300000, "
                + "\"learning_rate\": 0.004, \"input_ms\": 0.0010, \"recurrent_ms\": 2.0000, "
                + "\"head_ms\": 0.5000, \"optimizer_ms\": 1234.0000}",
                Files.readAllLines(log.file()).getFirst());
        assertEquals(List.of(new Evaluation(TextUnit.CHARACTER, 12, 1.5, 2.25, 2.5, 1234.5, 0.3, 4e-3, TIMES, false),
                new Evaluation(TextUnit.WORD, 13, 1.75, 1e-5, 250, 1e7, 0.3, 1e-5, NO_TIMES, false),
                new Evaluation(TextUnit.WORD, 14, 2, Double.NaN, Double.NaN, 1e7, 2, 1, NO_TIMES, false)), log.read());
    }

    /** A process that was killed while it wrote loses that line and no other. */
    @Test
    void aLineCutShortIsLeftOut(@TempDir Path directory) throws IOException {
        var log = new EvaluationLog(directory.resolve("log.jsonl"));
        var first = new Evaluation(TextUnit.BYTE, 1, 1, 2, 3, 4, 5, 6, NO_TIMES, false);
        var third = new Evaluation(TextUnit.BYTE, 3, 1, 2, 3, 4, 5, 6, NO_TIMES, false);
        log.append(first, 3);
        Files.writeString(log.file(), Files.readString(log.file()) + "{\"step\": 2, \"sec");
        log.append(third, 3);
        Files.writeString(log.file(), Files.readString(log.file()) + "{\"other\": 2}\n[1]\n\n");
        assertEquals(List.of(first, third), log.read());
    }

    /** Of a training that ran away: as many digits as tell something, and the columns stay where they are. */
    @Test
    void hugeLossesAreShort(@TempDir Path directory) throws IOException {
        var huge = new Evaluation(
                TextUnit.CHARACTER, 12, 1.5, 99999.5, 1.2345678e30, 1234.5, 3e20, 0.1, NO_TIMES, false);
        var bytes = new ByteArrayOutputStream();
        var lines = new LinesDisplay(new PrintStream(bytes));
        lines.evaluation(huge);
        String[] table = bytes.toString().lines().toArray(String[]::new);
        assertEquals(table[0].length(), table[1].length());
        assertTrue(table[1].contains(" 99999.5000 ") && table[1].contains(" 1.2346e+30 "), table[1]);
        assertTrue(BarDisplay.line(new View(1, 3e30, 1e30, 41_234, 3e20, 50), TextUnit.CHARACTER, 140)
                .endsWith("]  train 3.000e+30  validation 1.000e+30 nats 1.443e+30 bits/character  41.2k characters/s"
                        + "  gradient 3.00e+20  0:50 left"));
        var log = new EvaluationLog(directory.resolve("log.jsonl"));
        log.append(huge, 3);
        assertEquals("{\"seed\": 3, \"step\": 12, \"seconds\": 1.500, \"unit\": \"character\", "
                + "\"train_loss\": 99999.500000, "
                + "\"validation_loss\": 1.234568e+30, \"units_per_second\": 1234.5, \"gradient_norm\": 3.000000e+20, "
                + "\"learning_rate\": 0.1}",
                Files.readAllLines(log.file()).getFirst());
        assertEquals(1.234568e30, log.read().getFirst().validationLoss());
    }

    private static TrainingProgress progress(double share, double seconds) {
        return new TrainingProgress(1, 0, seconds, share, 2, 1, 1000);
    }
}
