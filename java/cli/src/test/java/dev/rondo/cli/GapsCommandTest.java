package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.rondo.text.GapModel;
import dev.rondo.text.TokenScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GapsCommandTest {
    /** Each of three is certain by the two others, by one alone none. */
    private static final String LINES = "no no no\nno yes yes\n\nyes yes no\nyes no yes\n".repeat(10);

    @TempDir
    private Path directory;

    private Outcome gaps(Path out, String text, Object... more) throws IOException {
        Path file = Files.writeString(directory.resolve("lines.txt"), text);
        return Outcome.of(SmallText.with(
                new Object[] {"gaps", "--text", file, "--out", out, "--unit", "word", "--hidden", 16}, more));
    }

    private static Outcome fill(Path model, String lines, Object... more) {
        return Outcome.with(lines, SmallText.with(new Object[] {"score", "--fill", "--model", model}, more));
    }

    @Test
    void gapsAreLearnedAndFilled() throws IOException {
        Path file = directory.resolve("gaps.rondo");
        String out = gaps(file, LINES, "--epochs", 60, "--batch", 6, "--gaps", 3).succeeded().out();
        assertTrue(out.startsWith("36 lines to learn, 4 to validate with, 4 words"), out);
        assertTrue(out.lines().filter(line -> line.contains("100.00 %")).count() > 1, out);
        List<JsonObject> rows = fill(file, "no ___ yes\n___ yes no\n", "--top", 2, "--format", "json").succeeded().out()
                .lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
        assertEquals(4, rows.size());
        assertEquals("yes", rows.get(0).get("filling").getAsString());
        assertEquals("yes yes no", rows.get(2).get("text").getAsString());
        try (GapModel model = GapModel.load(file, UnaryOperator.identity())) {
            TokenScore best = model.fill("no ___ yes", 1).getFirst();
            assertEquals(-best.nats(), rows.getFirst().get("log_probability").getAsDouble(), 1e-9);
        }
        assertTrue(fill(file, "no ___ yes").succeeded().out().contains("  \"yes\""));
        fill(file, "yes").failed(1, "standard input, line 1: expected one gap, ___, got none");
        fill(file, "___", "--candidate", "no").failed(1, "no candidates with it");
        Outcome.with("yes", "score", "--model", file).failed(1, "gaps.rondo");
    }

    @Test
    void oneSeedLearnsOneModel() throws IOException {
        Path first = directory.resolve("first.rondo");
        Path second = directory.resolve("second.rondo");
        Path other = directory.resolve("other.rondo");
        gaps(first, LINES, "--epochs", 1).succeeded();
        gaps(second, LINES, "--epochs", 1).succeeded();
        gaps(other, LINES, "--epochs", 1, "--seed", 2).succeeded();
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
        assertFalse(Arrays.equals(Files.readAllBytes(first), Files.readAllBytes(other)));
    }

    @Test
    void whatCannotBeLearnedIsRefused() throws IOException {
        Path out = directory.resolve("gaps.rondo");
        gaps(out, "no yes\n\n").failed(1, "--text: expected at least two lines that are not empty, got 1");
        gaps(out, LINES, "--epochs", 0).failed(2, "--epochs: expected at least 1, got 0");
        gaps(out, LINES, "--threads", 0).failed(2, "--threads: expected 1 to 1024, got 0");
        gaps(directory, LINES).failed(2, "--out: expected a file, got the directory");
        gaps(directory.resolve("absent/gaps.rondo"), LINES, "--epochs", 1).failed(1, "absent");
        assertFalse(Files.exists(out));
    }
}
