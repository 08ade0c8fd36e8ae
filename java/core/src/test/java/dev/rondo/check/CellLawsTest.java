package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.cell.Cell;
import dev.rondo.cell.InputKind;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds of every body by the contract alone, whatever the equations of its cell: no reference is asked. This is
 * what the reference itself is tested with, beside finite differences.
 */
class CellLawsTest {
    private static final int T = 6;
    private static final int B = 4;
    private static final int I = 5;
    private static final int H = 19;
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);
    private static final PassVariant RAGGED = FULL.with(PassOption.RAGGED);

    static Stream<CellBody> bodies() {
        return Bodies.all();
    }

    /** What comes out of one pass in both directions, by name. */
    private static Map<String, double[]> run(CellBody body, CellData data, PassVariant variant) {
        try (var trial = new CellTrial(body, data, variant)) {
            return run(trial);
        }
    }

    private static Map<String, double[]> run(CellTrial trial) {
        var results = new LinkedHashMap<>(trial.forward());
        results.putAll(trial.backward());
        assertEquals(List.of(), trial.faults());
        return results;
    }

    private static CellData data(CellBody body, PassVariant variant) {
        Cell cell = body.cell(H);
        return CellData.random(cell, cell.shape(T, B, I), variant, body.precision(), 11);
    }

    private static void assertClose(
            CellBody body, CellData data, Map<String, double[]> expected, Map<String, double[]> actual) {
        Tolerance tolerance = Tolerance.backward(data.cell, data.shape, body.precision());
        assertAll(CellParity.compare("", expected, actual, tolerance).stream()
                .map(deviation -> () -> assertTrue(deviation.passes(), deviation::toString)));
    }

    private static void assertSame(Map<String, double[]> expected, Map<String, double[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        actual.forEach((name, numbers) -> assertArrayEquals(expected.get(name), numbers, name));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void singleStepsEqualOnePass(CellBody body) {
        CellData whole = data(body, FULL.with(PassOption.HOLD_ROWS, PassOption.MASK_PER_STEP));
        whole.timeOrigin = 3;
        Map<String, double[]> expected = run(body, whole, FULL);
        var actual = new LinkedHashMap<String, double[]>();
        var steps = Sequences.steps(body, whole);
        actual.put("output", Sequences.join(steps.stream().map(step -> step.get("output")).toList()));
        for (int p = 0; p < whole.planes(); p++) {
            actual.put("last[" + p + "]", steps.getLast().get("last[" + p + "]"));
        }
        assertClose(body, whole, expected, actual);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aRaggedBatchIsEachSequenceAlone(CellBody body) {
        CellData batch = data(body, RAGGED);
        Arrays.fill(batch.paramsBefore, 0);
        Map<String, double[]> together = run(body, batch, RAGGED);
        var params = new LinkedHashMap<String, double[]>();
        for (int b = 0; b < B; b++) {
            if (batch.lengths[b] == 0) {
                for (int p = 0; p < batch.planes(); p++) {
                    assertArrayEquals(Sequences.row(batch.initial[p], b, B),
                            Sequences.row(together.get("last[" + p + "]"), b, B), "last state of an empty sequence");
                }
                continue;
            }
            CellData alone = Sequences.alone(batch, b);
            Map<String, double[]> expected = run(body, alone, FULL);
            for (var tensor : batch.cell.layout(I, InputKind.DENSE).tensors()) {
                String name = "gradient of " + tensor.name();
                params.merge(name, expected.remove(name), Sequences::sum);
            }
            assertClose(body, alone, expected, Sequences.alone(batch, b, together));
        }
        assertClose(body, batch, params, Sequences.only(together, params.keySet()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void gradientsAreAdded(CellBody body) {
        PassVariant variant = FULL.with(PassOption.ADDED_INPUT_GRADIENT);
        CellData data = data(body, variant);
        Map<String, double[]> added = run(body, data, variant);
        var before = new LinkedHashMap<String, double[]>();
        before.put("gradient of input", data.inputBefore);
        for (var tensor : data.cell.layout(I, InputKind.DENSE).tensors()) {
            int from = Math.toIntExact(tensor.offset());
            int to = Math.toIntExact(from + tensor.count());
            before.put("gradient of " + tensor.name(), Arrays.copyOfRange(data.paramsBefore, from, to));
        }
        data.inputBefore = null;
        data.paramsBefore = new double[data.params.length];
        Map<String, double[]> alone = run(body, data, FULL);
        before.replaceAll((name, numbers) -> Sequences.sum(numbers, alone.get(name)));
        assertClose(body, data, before, Sequences.only(added, before.keySet()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void reversedIsForwardOnTheReversedSequence(CellBody body) {
        assumeTrue(body.cell(H).unitGroups().isEmpty(), "a clock does not run backwards: see ClockworkTest");
        CellData reversed =
                data(body, RAGGED.with(PassOption.REVERSED, PassOption.HOLD_ROWS, PassOption.MASK_PER_STEP));
        CellData turned = Sequences.turned(reversed);
        Map<String, double[]> expected = run(body, turned, RAGGED);
        assertClose(body, reversed, Sequences.turned(turned, expected), run(body, reversed, RAGGED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void heldEverywhereTheStateStays(CellBody body) {
        for (PassOption width : List.of(PassOption.HOLD_ROWS, PassOption.HOLD_UNITS)) {
            CellData data = data(body, RAGGED);
            data.holdWidth = width == PassOption.HOLD_UNITS && data.cell.holdsUnits() ? H : 1;
            data.hold = new byte[T * B * data.holdWidth];
            Arrays.fill(data.hold, (byte) 1);
            Map<String, double[]> results = run(body, data, RAGGED);
            for (int p = 0; p < data.planes(); p++) {
                assertArrayEquals(data.initial[p], results.get("last[" + p + "]"), "last[" + p + "]");
            }
            for (int row = 0; row < T * B; row++) {
                double[] expected = row / B < data.length(row % B)
                        ? Sequences.row(data.initial[0], row % B, B) : new double[data.cell.outputSize()];
                assertArrayEquals(expected, Sequences.row(results.get("output"), row, T * B), "output of row " + row);
            }
            for (String name : List.of("gradient of preActivations", "gradient of input")) {
                assertTrue(Arrays.stream(results.get(name)).allMatch(gradient -> gradient == 0), name);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void maskOfOnesIsNoMask(CellBody body) {
        CellData data = data(body, FULL);
        Map<String, double[]> expected = run(body, data, FULL);
        data.mask = new double[data.planeCount(0)];
        Arrays.fill(data.mask, 1);
        assertClose(body, data, expected, run(body, data, FULL));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aPassWithoutCacheGivesTheSame(CellBody body) {
        CellData data = data(body, FULL);
        try (var training = new CellTrial(body, data, FULL); var inference = CellTrial.inference(body, data, FULL)) {
            assertClose(body, data, training.forward(), inference.forward());
        }
    }

    /** The cache is the pass's and the scratch the plan's: passes may take turns on one plan. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void passesTakeTurnsOnOnePlan(CellBody body) {
        PassVariant tokens = RAGGED.with(PassOption.TOKENS, PassOption.NO_INPUT_GRADIENT);
        CellData first = data(body, FULL);
        Cell cell = first.cell;
        CellData second = CellData.random(cell, cell.shape(T - 1, B - 1, I), tokens, body.precision(), 12);
        try (var plan = body.plan(first.shape, 2);
                var a = new CellTrial(plan, first, FULL);
                var b = new CellTrial(plan, second, tokens)) {
            Map<String, double[]> expectedA = run(a);
            Map<String, double[]> expectedB = run(b);
            a.reset();
            b.reset();
            var actualA = new LinkedHashMap<>(a.forward());
            var actualB = new LinkedHashMap<>(b.forward());
            actualA.putAll(a.backward());
            actualB.putAll(b.backward());
            assertSame(expectedA, actualA);
            assertSame(expectedB, actualB);
        }
    }

    /** Packed weights follow the slab: another slab with the same version, and the same slab after an update. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void weightsAreThoseOfThePass(CellBody body) {
        CellData first = data(body, FULL);
        CellData second = CellData.random(first.cell, first.shape, FULL, body.precision(), 13);
        Map<String, double[]> expectedFirst = run(body, first, FULL);
        Map<String, double[]> expectedSecond = run(body, second, FULL);
        try (var plan = body.plan(first.shape, 1);
                var a = new CellTrial(plan, first, FULL);
                var b = new CellTrial(plan, second, FULL)) {
            assertSame(expectedFirst, run(a));
            assertSame(expectedSecond, run(b));
            a.reset();
            assertSame(expectedFirst, run(a));
            System.arraycopy(second.params, 0, first.params, 0, first.params.length);
            Map<String, double[]> expectedUpdated = run(body, first, FULL);
            a.reset();
            assertSame(expectedUpdated, run(a));
        }
    }

    /** What is computed depends on the number of threads a plan was made for, never on who else is at work. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void plansOfSeveralThreadsDoNotDisturbEachOther(CellBody body) throws Exception {
        PassVariant variant = FULL.with(PassOption.TWO_THREADS);
        NamedShape shape = NamedShape.of("layers:shared");
        Cell cell = body.cell(shape.hiddenSize());
        CellData data = CellData.random(cell, shape.of(cell), variant, body.precision(), 15);
        Map<String, double[]> expected = run(body, data, variant);
        Callable<Void> tenTimes = () -> {
            try (var trial = new CellTrial(body, data, variant)) {
                for (int i = 0; i < 10; i++) {
                    trial.reset();
                    assertSame(expected, run(trial));
                }
            }
            return null;
        };
        try (var executor = Executors.newFixedThreadPool(3)) {
            for (var finished : executor.invokeAll(Collections.nCopies(3, tenTimes))) {
                finished.get();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void whatIsNotANumberShows(CellBody body) {
        CellData data = data(body, FULL);
        data.timeOrigin = -2; // so that units with clocks all move at step 2
        Map<String, double[]> clean = run(body, data, FULL);
        data.input[(2 * B + 1) * I + 3] = Double.NaN; // step 2 of sequence 1
        Map<String, double[]> spoilt = run(body, data, FULL);
        for (int row = 0; row < T * B; row++) {
            double[] expected = Sequences.row(clean.get("output"), row, T * B);
            if (row % B == 1 && row / B >= 2) {
                Arrays.fill(expected, Double.NaN);
            }
            assertArrayEquals(expected, Sequences.row(spoilt.get("output"), row, T * B), "output of row " + row);
        }
        for (var tensor : data.cell.layout(I, InputKind.DENSE).tensors()) {
            double[] gradient = spoilt.get("gradient of " + tensor.name());
            assertTrue(Arrays.stream(gradient).anyMatch(Double::isNaN), tensor.name());
        }
    }

    /**
     * Far out on both sides the activations are flat, or straight, and nothing overflows. With one input there is no
     * cancellation, so that large pre-activations are saturated in every body.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void hugeInputsSaturate(CellBody body) {
        Cell cell = body.cell(H);
        for (double size : new double[] {30, 100, 1e4, 1e30}) {
            CellData data = CellData.random(cell, cell.shape(2, B, 1), FULL, body.precision(), 14);
            Arrays.setAll(data.input, i -> CellData.round(body.precision(), size * data.input[i]));
            Map<String, double[]> expected = run(CellBody.reference(body.cells()), data, FULL);
            Map<String, double[]> actual = run(body, data, FULL);
            for (String name : List.of("output", "last[0]")) {
                double most = Arrays.stream(expected.get(name)).map(Math::abs).max().orElseThrow();
                assertArrayEquals(expected.get(name), actual.get(name), 1e-5 * Math.max(1, most), name + " at " + size);
            }
            actual.forEach((name, numbers) -> assertTrue(Arrays.stream(numbers).allMatch(Double::isFinite), name));
        }
    }
}
