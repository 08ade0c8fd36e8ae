package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.network.Cells;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What command lines are understood, and what is said of the others. */
class ChoicesTest {
    private static final List<String> KNOWN = List.of("cells", "shapes", "threads", "rounds", "modes", "bodies");

    @Test
    void optionsAreFoundAmongWords() {
        Choices choices = choices("forward", "--threads", "1,2", "-f", "3", "--shapes=S3,units:lane");
        assertEquals(List.of("forward", "-f", "3"), choices.words());
        assertEquals(List.of("1", "2"), choices.threads());
        assertEquals(List.of("S3", "units:lane"), choices.shapes());
        assertEquals(List.of("lstm", "gru", "elman"), choices.cells());
        assertEquals(9, choices.number("rounds", 6, 9));
    }

    @Test
    void aGroupOfShapesMayBeLeftOut() {
        assertEquals(200, Choices.shape("S3").hiddenSize());
        assertEquals(Choices.shape("timed:S3"), Choices.shape("S3"));
    }

    @Test
    void whatIsWrongIsNamed() {
        refused("option: expected one of --cells, --shapes, --threads, --rounds, --modes, --bodies, got --shape",
                _ -> {}, "--shape", "S3");
        refused("--threads: expected a value, got none", _ -> {}, "--threads");
        refused("--threads: expected a value, got none", _ -> {}, "--threads", "--cells", "lstm");
        refused("--cells: expected once, got it twice", _ -> {}, "--cells", "lstm", "--cells", "gru");
        refused("--threads: expected numbers from 1 to 1024, got 0", Choices::threads, "--threads", "1,0");
        refused("--threads: expected numbers from 1 to 1024, got two", Choices::threads, "--threads", "two");
        refused("--rounds: expected a number from 6 on, got 5", c -> c.number("rounds", 6, 9), "--rounds", "5");
        refused("--modes: expected one of train, infer, got training",
                c -> c.oneOf("modes", List.of("train", "infer")), "--modes", "training");
        refused("cell: expected one of " + Cells.names() + ", got ltsm", Choices::cells, "--cells", "ltsm");
        assertThrows(IllegalArgumentException.class, () -> choices("--shapes", "S99").shapes());
    }

    @Test
    void bodiesAreThoseThatRunHere() {
        String best = Bench.bodies(List.of()).getLast();
        assertEquals(List.of(best), Bench.bodies(List.of(best.toLowerCase(Locale.ROOT))));
        assertEquals(List.of(best), Bench.bodies(List.of(best.substring(0, best.indexOf('/')))));
        assertEquals(List.of("REFERENCE/BASELINE"), Bench.bodies(List.of("reference")));
        assertThrows(IllegalArgumentException.class, () -> Bench.bodies(List.of("natives")));
    }

    private static void refused(String message, Consumer<Choices> use, String... arguments) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> use.accept(choices(arguments)));
        assertEquals(message, refusal.getMessage());
    }

    private static Choices choices(String... arguments) {
        return new Choices(arguments, KNOWN);
    }
}
