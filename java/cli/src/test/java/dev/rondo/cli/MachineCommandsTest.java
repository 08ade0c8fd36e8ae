package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.reservoir.Reservoir;
import dev.rondo.check.Deviation;
import dev.rondo.check.EchoState;
import dev.rondo.check.SelfCheck.Row;
import dev.rondo.check.SelfCheck.Verdict;
import dev.rondo.kernel.Backends;
import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import dev.rondo.network.Network;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code rondo info} and {@code rondo check}. */
class MachineCommandsTest {
    private static final Row PASSED = row(Backend.REFERENCE, 1e-10, Verdict.PASSED, "");
    private static final Row WRONG = row(Backend.NATIVE, 0.25, Verdict.FAILED, "weightHh[3, 1]: error 0.25");
    private static final Row ABSENT = new Row("lstm", Backend.VECTOR, Optional.empty(), Optional.empty(),
            Optional.empty(), Optional.empty(), Verdict.MISSING, "no module");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void infoNamesEveryBackendAndWhyOneIsMissing() {
        String info = Outcome.of("info").succeeded().out();
        for (Backend backend : Backend.values()) {
            String line = info.lines().filter(l -> l.startsWith(backend.name())).findFirst().orElseThrow();
            assertEquals(Backends.missing(backend).isPresent(), line.contains("not available: "), line);
        }
        assertTrue(info.contains(System.getProperty("java.runtime.version")), info);
    }

    /** Of a model's reservoir, the radius under its leak, which is that of 0.5 I + 0.5 W: no file says it. */
    @Test
    void infoOfAModelNamesTheEffectiveRadius(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("model.rondo");
        var vocabulary = Vocabulary.characters("ab");
        var network = Network.oneHot(2).layer(Reservoir.of(40).leak(0.5)).classes(2).seed(1).quiet().build();
        double expected = EchoState.effectiveRadius(network, 0);
        try (var model = new LanguageModel(vocabulary, network)) {
            model.save(file);
        }
        String info = Outcome.of("info", "--model", file).succeeded().out();
        assertTrue(expected < 1 && info.contains(Figures.format(", 40 units, effective radius %.4f", expected)), info);
    }

    @Test
    void checkShowsARowForEachBody() {
        assertEquals(0, check(PASSED, ABSENT).call());
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals("lstm REFERENCE BASELINE FLOAT64 1.0e-10 1.0e-08 - - passed", lines.get(1).replaceAll(" +", " "));
        assertTrue(lines.get(2).endsWith("missing: no module"), lines.get(2));
        assertEquals("all 1 body passed", lines.getLast());
    }

    @Test
    void checkFailsIfABodyDoes() {
        CheckCommand check = check(PASSED, WRONG, ABSENT);
        Failure failure = assertThrows(Failure.class, check::call);
        assertEquals("1 of 2 bodies failed", failure.getMessage());
        String table = out.toString(StandardCharsets.UTF_8);
        assertTrue(table.contains("FAILED") && table.contains(WRONG.note()), table);
    }

    @Test
    void checkSaysWhyThereIsNothingToCheck() {
        Failure failure = assertThrows(Failure.class, check(ABSENT, ABSENT)::call);
        assertEquals("nothing to check: none of these runs here: no module", failure.getMessage());
    }

    @Test
    void checkTakesWhatToCheck() {
        String table = Outcome.of("check", "--cell", "gru:reset=before", "--cell", "elman", "--backend", "reference",
                "--isa", "baseline").succeeded().out();
        List<String> rows = table.lines().toList();
        assertEquals(2 + 2 * 4, rows.size(), table);
        assertTrue(rows.get(1).startsWith("gru:reset=before ") && rows.get(1).endsWith(" passed"), table);
        assertTrue(rows.get(8).startsWith("elman:activation=sigmoid "), table);
        assertEquals("all 8 bodies passed", rows.getLast());
        Outcome.of("check", "--backend", "REFERENCE", "--isa", "AVX512").failed(1, "nothing to check: ");
        Outcome.of("check", "--cell", "gnu").failed(2, "--cell: expected one of " + Cells.names() + ", got gnu");
    }

    private CheckCommand check(Row... rows) {
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new CheckCommand(new Streams(InputStream.nullInputStream(), print, print, false),
                (chosen, consumer) -> List.of(rows).forEach(consumer));
    }

    private static Row row(Backend backend, double error, Verdict verdict, String note) {
        return new Row("lstm", backend, Optional.of(IsaTier.BASELINE), Optional.of(Precision.FLOAT64),
                Optional.of(new Deviation("gradient", error, 1e-8)), Optional.empty(), verdict, note);
    }
}
