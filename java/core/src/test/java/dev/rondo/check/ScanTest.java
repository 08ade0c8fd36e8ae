package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.cell.minlstm.MinLstm;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cells whose native body scans over time give what the loop of single steps gives, over several chunks of time. */
class ScanTest {
    private static final int T = 300;
    private static final int B = 2;
    private static final int I = 3;
    private static final int H = 97;

    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> switch (body.cell(1)) {
            case MinGru _, MinLstm _, IndRnn _ -> true;
            default -> false;
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void theScanIsTheLoopOfSteps(CellBody body) {
        PassVariant variant = PassVariant.PLAIN.with(
                PassOption.INITIAL, PassOption.HOLD_ROWS, PassOption.MASK_PER_STEP);
        Cell cell = body.cell(H);
        CellData data = CellData.random(cell, cell.shape(T, B, I), variant, body.precision(), 31);
        Map<String, double[]> whole;
        Map<String, double[]> gradients;
        try (var trial = new CellTrial(body, data, variant)) {
            whole = trial.forward();
            gradients = trial.backward();
        }
        List<Map<String, double[]>> steps = Sequences.steps(body, data);
        Tolerance tolerance = Tolerance.forward(cell, data.shape, body.precision());
        assertClose(tolerance, rows(steps, "output"), whole.get("output"));
        assertClose(tolerance, steps.getLast().get("last[0]"), whole.get("last[0]"));

        List<Map<String, double[]>> back = Sequences.stepsBack(body, data, steps);
        Tolerance backward = Tolerance.backward(cell, data.shape, body.precision());
        for (String name : List.of("gradient of input", "gradient of preActivations")) {
            assertClose(backward, rows(back, name), gradients.get(name));
        }
        Map<String, double[]> first = back.getFirst(); // also holds the sums over all steps
        for (String name : first.keySet()) {
            if (first.get(name).length == gradients.get(name).length) {
                assertClose(backward, first.get(name), gradients.get(name));
            }
        }
    }

    private static double[] rows(List<Map<String, double[]>> steps, String name) {
        return Sequences.join(steps.stream().map(step -> step.get(name)).toList());
    }

    private static void assertClose(Tolerance tolerance, double[] expected, double[] actual) {
        double error = tolerance.error(expected, actual);
        assertTrue(error <= tolerance.bound(), () -> "error " + error + ", bound " + tolerance.bound());
    }
}
