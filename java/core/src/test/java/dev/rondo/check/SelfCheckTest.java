package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.OtherJvm;
import dev.rondo.cell.Backend;
import dev.rondo.cell.CellGradients;
import dev.rondo.cell.CellPass;
import dev.rondo.cell.IsaTier;
import dev.rondo.cell.DamagedPlan;
import dev.rondo.kernel.Backends;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SelfCheckTest {
    /** Run by a JVM that sees a lesser CPU than there may be. */
    static final class Avx512 {
        private Avx512() {}

        public static void main(String[] arguments) {
            new SelfCheck(List.of("elman:activation=tanh"), Set.of(Backend.VECTOR), Set.of(IsaTier.AVX512))
                    .run(System.out::println);
        }
    }

    @Test
    void everyBodyAndAllThatIsMissingHasItsRow() {
        var rows = new ArrayList<SelfCheck.Row>();
        // Of each way to compute one: what other cells and options come to, the contract and gradient tests see.
        List<String> cells = List.of("elman", "gru:reset=before", "lstm:coupled=true", "clockwork:periods=1/2/3/5",
                "minlstm", "indrnn");
        var check = new SelfCheck(cells, Set.of(Backend.values()), Set.of(IsaTier.values()));
        assertTrue(check.run(rows::add), rows::toString);
        assertEquals(Bodies.all().map(CellBody::toString)
                .filter(body -> check.cells().stream().anyMatch(cell -> body.startsWith(cell + " "))).sorted().toList(),
                rows.stream()
                .filter(row -> row.verdict() == SelfCheck.Verdict.PASSED)
                .map(row -> row.cell() + " " + row.backend() + " " + row.tier().get() + " " + row.precision().get())
                .sorted()
                .toList());
        assertEquals(Arrays.stream(Backend.values()).filter(b -> Backends.missing(b).isPresent()).toList(),
                missing(rows).filter(row -> row.tier().isEmpty()).map(SelfCheck.Row::backend).distinct().toList());
        Set<String> bodies = Bodies.all().map(body -> body.backend() + " " + body.tier()).collect(Collectors.toSet());
        assertEquals(Backends.available().stream().filter(backend -> backend != Backend.REFERENCE)
                .flatMap(backend -> Arrays.stream(IsaTier.values()).map(tier -> backend + " " + tier))
                .filter(body -> !bodies.contains(body)).toList(),
                missing(rows).filter(row -> row.tier().isPresent())
                        .map(row -> row.backend() + " " + row.tier().get()).distinct().toList());
    }

    private static Stream<SelfCheck.Row> missing(List<SelfCheck.Row> rows) {
        return rows.stream().filter(row -> row.verdict() == SelfCheck.Verdict.MISSING);
    }

    @Test
    void aTierThatTheCpuLacksIsMissing() throws Exception {
        String output = OtherJvm.output(List.of("--add-modules", "jdk.incubator.vector",
                "-XX:+IgnoreUnrecognizedVMOptions", "-XX:UseAVX=2"), Avx512.class);
        List<String> rows = output.lines().filter(line -> line.startsWith("elman VECTOR AVX512 - ")).toList();
        assertEquals(1, rows.size(), output);
        assertTrue(rows.getFirst().matches(".* MISSING: the CPU has (AVX2|BASELINE) at most"), output);
    }

    @Test
    void whatIsChosenIsChecked() {
        var rows = new ArrayList<SelfCheck.Row>();
        var reference = Set.of(Backend.REFERENCE);
        assertTrue(new SelfCheck(List.of("elman", "elman:activation=tanh"), reference, Set.of(IsaTier.BASELINE))
                .run(rows::add));
        assertEquals(List.of("elman", "elman", "elman:activation=relu", "elman:activation=relu",
                "elman:activation=sigmoid", "elman:activation=sigmoid"),
                rows.stream().map(SelfCheck.Row::cell).toList());
        rows.clear();
        assertTrue(new SelfCheck(List.of("gru:reset=before"), reference, Set.of(IsaTier.AVX512)).run(rows::add));
        assertEquals(List.of(), rows);
        assertThrows(IllegalArgumentException.class, () -> new SelfCheck(List.of("gnu"), reference, Set.of()));
    }

    @Test
    void aBodyThatIsWrongOrThrowsFails() {
        SelfCheck.Row wrong = SelfCheck.check("wrong", DamagedLstm.body(new DamagedPlan.Fault() {
            @Override
            public void afterBackward(CellGradients gradients) {
                if (gradients.preActivations() != null) {
                    gradients.preActivations().fill((byte) 0);
                }
            }
        }));
        assertEquals(SelfCheck.Verdict.FAILED, wrong.verdict());
        assertTrue(wrong.note().contains("gradient of preActivations: error"), wrong::toString);
        SelfCheck.Row throwing = SelfCheck.check("throwing", DamagedLstm.body(new DamagedPlan.Fault() {
            @Override
            public void afterForward(CellPass pass) {
                throw new IllegalStateException("out of order");
            }
        }));
        assertEquals(SelfCheck.Verdict.FAILED, throwing.verdict());
        assertEquals("java.lang.IllegalStateException: out of order", throwing.note());
    }
}
