package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Cells;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every body of every cell gives what other systems give: outputs, last states and all gradients of libtorch, outputs
 * and last states of ONNX Runtime. Both sides round, so the tolerance is the sum of what {@link Tolerance} derives for
 * the body and for the other system in its own precision: float64 for libtorch, float32 for ONNX Runtime. Some cells
 * ONNX Runtime does not have.
 */
class GoldenTest {
    private static final String GRADIENT = "gradient:";
    private static final Set<String> LIBTORCH_ALONE = Set.of("mingru", "minlstm", "indrnn", "reservoir", "jordan");
    private static final List<String> NOT_IN_ONNX = List.of("cellClip", "projection", "layerNorm");

    static List<Arguments> bodiesAndCases() {
        var arguments = new ArrayList<Arguments>();
        for (GoldenFile given : GoldenFile.cells()) {
            CellBody.present(units -> Cells.parse(given.text("cell"), units))
                    .forEach(body -> arguments.add(Arguments.of(body, given)));
        }
        return arguments;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("bodiesAndCases")
    void agreesWithOtherSystems(CellBody body, GoldenFile given) {
        CellData data = data(body, given);
        try (var trial = new CellTrial(body, data, PassVariant.PLAIN)) {
            Map<String, double[]> results = trial.forward();
            results.putAll(trial.backward());
            results.remove("gradient of preActivations"); // inside of the other systems
            assertEquals(results.size(), given.results("libtorch").tensors().size(), "all results are compared");
            agree(body, data, results, given.results("libtorch"), Precision.FLOAT64);
            // ONNX Runtime ends an empty sequence in zero, Rondo in its initial state.
            boolean allHaveSteps = Arrays.stream(data.lengths).noneMatch(length -> length == 0);
            boolean inOnnx = !LIBTORCH_ALONE.contains(data.cell.name())
                    && NOT_IN_ONNX.stream().noneMatch(given.text("cell")::contains);
            if (allHaveSteps && inOnnx) {
                agree(body, data, results, given.results("onnxruntime"), Precision.FLOAT32);
            }
            assertEquals(List.of(), trial.faults());
        }
    }

    /** Cells that no other system has; their equations are written out in a test of their own. */
    private static final Set<String> ALONE = Set.of("clockwork");

    /** Without golden data a cell would be left out above without a word. */
    @Test
    void everyCellHasGoldenData() {
        List<GoldenFile> cases = GoldenFile.cells();
        for (Cell cell : Cells.all(1)) {
            if (ALONE.contains(cell.name())) {
                continue;
            }
            var directions = new HashSet<String>();
            cases.stream().filter(given -> Cells.parse(given.text("cell"), 1).equals(cell))
                    .forEach(given -> directions.add(given.text("direction")));
            assertEquals(2, directions.size(), "directions of " + Cells.text(cell));
        }
    }

    private static void agree(CellBody body, CellData data, Map<String, double[]> results, GoldenFile expected,
            Precision theirs) {
        assertFalse(expected.tensors().isEmpty(), expected::toString);
        for (String name : expected.tensors()) {
            String result = name.replace(GRADIENT, "gradient of ");
            assertTrue(results.containsKey(result), expected + ": no result " + result);
            Tolerance tolerance = tolerance(data, body.precision(), theirs, name.startsWith(GRADIENT));
            var deviation = new Deviation(body + " " + expected + " " + result,
                    tolerance.error(expected.doubles(name), results.get(result)), tolerance.bound());
            assertTrue(deviation.passes(), deviation::toString);
        }
    }

    private static Tolerance tolerance(CellData data, Precision ours, Precision theirs, boolean backward) {
        var both = Stream.of(ours, theirs).map(precision -> backward
                ? Tolerance.backward(data.cell, data.shape, precision)
                : Tolerance.forward(data.cell, data.shape, precision)).toList();
        return new Tolerance(both.getFirst().bound() + both.getLast().bound(), both.getFirst().elementwise());
    }

    private static CellData data(CellBody body, GoldenFile given) {
        int[] sizes = given.integers("sizes");
        var shape = new CellShape(sizes[0], sizes[1], sizes[2], sizes[3]);
        var data = new CellData(body.cell(shape.hiddenSize()), shape);
        data.reversed = given.text("direction").equals("reversed");
        data.lengths = given.integers("lengths");
        for (TensorLayout.Tensor tensor : data.cell.layout(shape.inputSize(), InputKind.DENSE).tensors()) {
            double[] values = given.doubles(tensor.name());
            assertEquals(tensor.count(), values.length, tensor.name());
            System.arraycopy(values, 0, data.params, Math.toIntExact(tensor.offset()), values.length);
        }
        System.arraycopy(given.doubles("input"), 0, data.input, 0, data.input.length);
        data.outputGradient = given.doubles(GRADIENT + "output");
        for (int plane = 0; plane < data.planes(); plane++) {
            data.initial[plane] = given.doubles("initial[" + plane + "]");
            data.lastGradient[plane] = given.doubles(GRADIENT + "last[" + plane + "]");
        }
        data.spoilPadding(PassVariant.PLAIN);
        return data;
    }
}
