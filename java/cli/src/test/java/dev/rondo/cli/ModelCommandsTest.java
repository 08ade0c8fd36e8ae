package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code rondo generate} and {@code rondo score} on one small model. */
class ModelCommandsTest {
    @TempDir
    private static Path directory;

    private static Path model;

    @BeforeAll
    static void train() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 60)).succeeded();
        model = directory.resolve("run");
    }

    @Test
    void theScoreOfTheValidationTextAsAStreamIsTheValidationLoss() throws IOException {
        double best = new EvaluationLog(model.resolve("evaluations.jsonl")).read().stream()
                .mapToDouble(Evaluation::validationLoss).min().orElseThrow();
        Path validation = model.resolve("validation.txt");
        Outcome outcome = Outcome.of("score", "--model", model, "--stream", validation).succeeded();
        assertEquals(2, outcome.out().lines().count(), outcome.out());
        assertEquals(best, column(outcome.out().lines().toList().get(1), 1), 1e-4);
    }

    @Test
    void scoresEachLineAndSumsUp() throws IOException {
        Path text = Files.writeString(directory.resolve("lines.txt"), SmallText.LINE + "\nrun again\n");
        List<String> rows = Outcome.of("score", "--model", model, text).succeeded().out().lines().toList();
        assertEquals(5, rows.size(), "header, three lines, total");
        int characters = SmallText.LINE.codePointCount(0, SmallText.LINE.length()) - 1;
        assertEquals(characters, column(rows.get(1), 4));
        assertEquals(0, column(rows.get(2), 0), "an empty line is certain");
        double sum = column(rows.get(1), 0) + column(rows.get(3), 0);
        assertEquals(sum, column(rows.get(4), 0), 2e-4, "figures have four decimals");
        double nats = -sum / (characters + "run again".length());
        assertEquals(nats, column(rows.get(4), 1), 1e-5);
        assertEquals(nats / Math.log(2), column(rows.get(4), 2), 1e-5);
        assertEquals(Math.exp(nats), column(rows.get(4), 3), 1e-3 * Math.exp(nats));
    }

    @Test
    void scoresStandardInput() {
        String text = "run again\n";
        String piped = Outcome.with(text, "score", "--model", model).succeeded().out();
        assertEquals(piped, Outcome.with(text, "score", "--model", model, "-").succeeded().out());
        assertTrue(piped.contains("  run again"), piped);
    }

    @Test
    void generatesThatManyCharacters() {
        String prompt = "🦊 run";
        String text = Outcome.of("generate", "--model", model, "--prompt", prompt, "--length", 300, "--temperature", 2)
                .succeeded().out();
        assertTrue(text.startsWith(prompt) && text.endsWith(System.lineSeparator()), text);
        String made = text.substring(prompt.length(), text.length() - System.lineSeparator().length());
        assertEquals(300, made.codePointCount(0, made.length()));
        assertEquals(0, made.chars().filter(c -> c == '\uFFFD').count(), "no broken characters");
    }

    @Test
    void theSeedDecidesWhatIsGenerated() {
        String seven = generate(7);
        assertEquals(seven, generate(7));
        assertNotEquals(seven, generate(8));
    }

    @Test
    void anEmptyLengthIsThePrompt() {
        assertEquals("run" + System.lineSeparator(),
                Outcome.of("generate", "--model", model, "--prompt", "run", "--length", 0).succeeded().out());
    }

    @Test
    void charactersTheModelNeverSaw() throws IOException {
        Outcome.of("generate", "--model", model, "--prompt", "Ω").failed(1, "'Ω' (U+03A9)");
        Outcome.with("run\nΩ\n", "score", "--model", model).failed(1, "standard input, line 2: character 'Ω' (U+03A9)");
        Path text = Files.writeString(directory.resolve("omega.txt"), "run Ω");
        Outcome.of("score", "--model", model, "--stream", text).failed(1, text + ": character 'Ω' (U+03A9)");
    }

    private static String generate(int seed) {
        Object[] options = {"--seed", seed, "--length", 60, "--temperature", 1.5, "--top-p", 0.95};
        return Outcome.of(SmallText.with(new Object[] {"generate", "--model", model}, options)).succeeded().out();
    }

    private static double column(String row, int index) {
        return Double.parseDouble(row.strip().split("\\s+")[index]);
    }
}
