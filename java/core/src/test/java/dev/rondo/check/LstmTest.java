package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.InputKind;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.lstm.Lstm.Gate;
import dev.rondo.memory.Precision;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Cells;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The options of the LSTM: where they make no difference, how they go together, and what is refused. */
class LstmTest {
    private static final int T = 6;
    private static final int B = 3;
    private static final int I = 5;
    private static final int H = 19;
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL, PassOption.RAGGED);

    private static Stream<CellBody> bodies(IntFunction<Lstm> lstm) {
        return CellBody.present(lstm::apply).stream();
    }

    private static Map<String, double[]> run(CellBody body, CellData data) {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new LinkedHashMap<>(trial.forward());
            results.putAll(trial.backward());
            assertEquals(List.of(), trial.faults());
            return results;
        }
    }

    private static CellData data(CellBody body) {
        return CellData.random(body.cell(H), body.cell(H).shape(T, B, I), FULL, body.precision(), 31);
    }

    /** The numbers of a plain LSTM for one with options, whose own parameters are left zero. */
    private static CellData withOptions(CellBody body, CellData plain) {
        var data = new CellData(body.cell(H), plain.shape);
        for (TensorLayout.Tensor tensor : plain.cell.layout(I, InputKind.DENSE).tensors()) {
            copy(plain.params, tensor, data.params, tensor(data, tensor.name()));
            copy(plain.paramsBefore, tensor, data.paramsBefore, tensor(data, tensor.name()));
        }
        System.arraycopy(plain.input, 0, data.input, 0, plain.input.length);
        data.initial = plain.initial;
        data.lengths = plain.lengths;
        data.outputGradient = plain.outputGradient;
        data.lastGradient = plain.lastGradient;
        return data;
    }

    private static TensorLayout.Tensor tensor(CellData data, String name) {
        return data.cell.layout(I, InputKind.DENSE).get(name);
    }

    private static void copy(double[] from, TensorLayout.Tensor source, double[] to, TensorLayout.Tensor target) {
        System.arraycopy(from, (int) source.offset(), to, (int) target.offset(), (int) source.count());
    }

    private static void assertEqual(CellBody body, CellData data, Map<String, double[]> expected,
            Map<String, double[]> actual) {
        Tolerance tolerance = Tolerance.backward(data.cell, data.shape, body.precision());
        assertAll(CellParity.compare(body + ": ", expected, Sequences.only(actual, expected.keySet()), tolerance)
                .stream().map(deviation -> () -> assertTrue(deviation.passes(), deviation::toString)));
    }

    /** Each body with an option, beside the plain one on the same numbers. */
    private static void assertPlain(IntFunction<Lstm> lstm, Set<Integer> ones) {
        List<CellBody> plain = bodies(Lstm::of).toList();
        List<CellBody> optioned = bodies(lstm).toList();
        assertEquals(plain.size(), optioned.size());
        for (int i = 0; i < plain.size(); i++) {
            CellData expected = data(plain.get(i));
            CellData actual = withOptions(optioned.get(i), expected);
            ones.forEach(index -> actual.params[(int) tensor(actual, "weightHr").offset() + index] = 1);
            assertEqual(optioned.get(i), expected, run(plain.get(i), expected), run(optioned.get(i), actual));
        }
    }

    @Test
    void peepholesOfZeroAreNone() {
        assertPlain(units -> Lstm.of(units).peepholes(Gate.INPUT, Gate.FORGET, Gate.OUTPUT), Set.of());
    }

    @Test
    void aProjectionByIdentityIsNone() {
        Set<Integer> diagonal = Set.copyOf(IntStream.range(0, H).map(k -> k * H + k).boxed().toList());
        assertPlain(units -> Lstm.of(units).projection(units), diagonal);
    }

    @Test
    void boundsThatNothingReachesAreNone() {
        assertPlain(units -> Lstm.of(units).clip(100).cellClip(100), Set.of());
    }

    /** sigmoid(-a) is 1 - sigmoid(a): with its rows negated, the forget gate is forced to 1 - i. */
    @Test
    void coupledGatesAreAForgetGateForcedTo1MinusI() {
        List<CellBody> plain = bodies(Lstm::of).toList();
        List<CellBody> coupled = bodies(units -> Lstm.of(units).coupled()).toList();
        for (int i = 0; i < plain.size(); i++) {
            CellData actual = data(coupled.get(i));
            CellData forced = data(plain.get(i));
            forced.lengths = actual.lengths;
            forced.initial = actual.initial;
            forced.outputGradient = actual.outputGradient;
            forced.lastGradient = actual.lastGradient;
            System.arraycopy(actual.input, 0, forced.input, 0, actual.input.length);
            Arrays.fill(actual.paramsBefore, 0);
            Arrays.fill(forced.paramsBefore, 0);
            for (String name : List.of("weightIh", "weightHh", "bias")) {
                force(actual.params, tensor(actual, name), forced.params, tensor(forced, name));
            }
            Map<String, double[]> four = run(plain.get(i), forced);
            Map<String, double[]> expected = new LinkedHashMap<>(four);
            expected.remove("gradient of preActivations");
            for (String name : List.of("weightIh", "weightHh", "bias")) {
                expected.put("gradient of " + name, joined(four.get("gradient of " + name)));
            }
            assertEqual(coupled.get(i), forced, expected, run(coupled.get(i), actual));
        }
    }

    /** Rows i g o become i -i g o. */
    private static void force(double[] three, TensorLayout.Tensor source, double[] four, TensorLayout.Tensor target) {
        int gate = (int) source.count() / 3;
        int from = (int) source.offset();
        int to = (int) target.offset();
        System.arraycopy(three, from, four, to, gate);
        for (int k = 0; k < gate; k++) {
            four[to + gate + k] = -three[from + k];
        }
        System.arraycopy(three, from + gate, four, to + 2 * gate, 2 * gate);
    }

    /** Gradients of rows i f g o become those of i g o, where f's are those of -i. */
    private static double[] joined(double[] four) {
        int gate = four.length / 4;
        var three = new double[3 * gate];
        for (int k = 0; k < gate; k++) {
            three[k] = four[k] - four[gate + k];
        }
        System.arraycopy(four, 2 * gate, three, gate, 2 * gate);
        return three;
    }

    /** Combinations in which every pair of options occurs, besides those that all tests run over. */
    static Stream<String> combinations() {
        return Stream.of(
                "peepholes=forget,projection=3,clip=1.5",
                "peepholes=input+forget+output,layerNorm=1,cellClip=0.7",
                "coupled=true,projection=7,layerNorm=1",
                "coupled=true,clip=1.5,layerNorm=1",
                "peepholes=output,coupled=true,projection=3",
                "projection=6,clip=1.5,cellClip=0.7",
                "peepholes=forget+output,clip=1.5,projection=18,cellClip=0.7,layerNorm=1");
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void combinationsHaveTheirGradients(String options) {
        CellGradientCheck.of(CellBody.reference(units -> Cells.parse("lstm:" + options, units)))
                .run(NamedShape.of("layers:tiny")).assertPasses();
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void combinationsAgreeWithTheReference(String options) {
        for (CellBody body : CellBody.present(units -> Cells.parse("lstm:" + options, units))) {
            for (String shape : List.of("layers:tiny", "units:lane+1", "time:one-wide", "batch:thirteen")) {
                Deviation worst = Deviation.worst(CellParity.of(body).run(NamedShape.of(shape)));
                assertTrue(worst.passes(), worst::toString);
            }
        }
    }

    /** With the epsilon that is the default a norm is steep near 0, and rounding grows by it; in float64 less. */
    @Test
    void layerNormOfTheDefaultEpsilonAgreesWithTheReference() {
        for (CellBody body : bodies(units -> Lstm.of(units).layerNorm()).toList()) {
            if (body.precision() == Precision.FLOAT64) {
                CellData data = data(body);
                Map<String, double[]> expected = run(CellBody.reference(body.cells()), data);
                Map<String, double[]> actual = run(body, data);
                expected.forEach((name, numbers) -> {
                    double error = new Tolerance(1e-11, false).error(numbers, actual.get(name));
                    assertTrue(error < 1e-11, body + " " + name + ": " + error);
                });
            }
        }
    }

    /** One unit, i takes 2 x + 0.25: beyond the bound in the first step, within it in the second. */
    @Test
    void whatIsClippedHasNoGradient() {
        for (CellBody body : bodies(units -> Lstm.of(units).clip(1)).toList()) {
            var data = new CellData(body.cell(1), body.cell(1).shape(2, 1, 1));
            data.params[0] = 2; // of i; weights of the others are 0
            data.params[8] = 0.25; // bias of i
            data.params[10] = 0.5; // bias of g, so that i matters
            data.input[0] = 3;
            data.input[1] = 0.25;
            data.outputGradient = new double[] {1, 1};
            try (var trial = new CellTrial(body, data, PassVariant.PLAIN)) {
                trial.forward();
                double[] rows = trial.backward().get("gradient of preActivations");
                assertEquals(0, rows[0], "clipped");
                assertTrue(rows[4] > 0.01, "not clipped");
            }
        }
    }

    /** The old cell is 4, kept almost whole and clipped to 1: nothing of the gradient gets through to it. */
    @Test
    void aClippedCellHasNoGradient() {
        for (CellBody body : bodies(units -> Lstm.of(units).cellClip(1)).toList()) {
            var data = new CellData(body.cell(1), body.cell(1).shape(1, 1, 1));
            data.params[9] = 3; // bias of f
            data.initial[1] = new double[] {4};
            data.outputGradient = new double[] {1};
            data.lastGradient[1] = new double[] {1};
            try (var trial = new CellTrial(body, data, PassVariant.PLAIN)) {
                assertEquals(1, trial.forward().get("last[1]")[0]);
                Map<String, double[]> gradients = trial.backward();
                assertEquals(0, gradients.get("gradient of initial[1]")[0]);
                double[] rows = gradients.get("gradient of preActivations");
                assertEquals(0, rows[1], "f");
                assertTrue(rows[3] > 0.1, "o sees the clipped cell");
            }
        }
    }

    @Test
    void optionsAreText() {
        Lstm all = Lstm.of(7).peepholes(Gate.OUTPUT, Gate.INPUT).coupled().clip(3).cellClip(10).projection(4)
                .layerNorm(1e-3);
        String text = "lstm:cellClip=10.0,clip=3.0,coupled=true,layerNorm=0.001,peepholes=input+output,projection=4";
        assertEquals(text, Cells.text(all));
        assertEquals(all, Cells.parse(text, 7));
        assertEquals(EnumSet.of(Gate.INPUT, Gate.OUTPUT), all.peepholes());
        assertEquals("lstm", Cells.text(Lstm.of(7)));
        assertEquals(Lstm.of(7), new Lstm(7, 1));
    }

    private static void refused(String message, Executable made) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, made).getMessage());
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        Lstm lstm = Lstm.of(3);
        refused("peepholes: expected none of the forget gate, which coupled is 1 - i, got forget+output",
                () -> lstm.peepholes(Gate.FORGET, Gate.OUTPUT).coupled());
        refused("peepholes: expected none of the forget gate, which coupled is 1 - i, got forget",
                () -> lstm.coupled().peepholes(Gate.FORGET));
        refused("projection: expected at least 1, got 0", () -> lstm.projection(0));
        refused("projection: expected at least 1, got -2", () -> lstm.projection(-2));
        refused("clip: expected a number above 0, got 0.0", () -> lstm.clip(0));
        refused("clip: expected a number above 0, got NaN", () -> lstm.clip(Double.NaN));
        refused("cellClip: expected a number above 0, got -1.0", () -> lstm.cellClip(-1));
        refused("layerNorm: expected a finite epsilon above 0, got 0.0", () -> lstm.layerNorm(0));
        refused("layerNorm: expected a finite epsilon above 0, got NaN", () -> lstm.layerNorm(Double.NaN));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "projection=0 | projection: expected a whole number of at least 1, got 0",
        "projection=1.5 | projection: expected a whole number of at least 1, got 1.5",
        "clip=0 | clip: expected a number above 0, got 0.0",
        "coupled=yes | coupled: expected true or false, got yes",
        "peepholes=input+candidate | peepholes: expected one of [input, forget, output], got candidate",
        "peepholes= | peepholes: expected one of [input, forget, output], got ",
    })
    void textThatIsNoOptionIsRefused(String given) {
        String[] parts = given.split(" \\| ", 2);
        refused(parts[1], () -> Cells.parse("lstm:" + parts[0], 3));
    }

    @Test
    void theForgetGateStartsOpen() {
        assertEquals(List.of(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0), biases(Lstm.of(2), 8));
        assertEquals(List.of(-1.0, -1.0, 0.0, 0.0, 0.0, 0.0), biases(Lstm.of(2).coupled(), 6));
        List<Double> normalized = biases(Lstm.of(1).layerNorm(), 13);
        assertEquals(List.of(0.0, 1.0, 0.0, 0.0, 0.0), normalized.subList(8, 13));
    }

    private static List<Double> biases(Lstm lstm, int rows) {
        assertEquals(rows, lstm.rows());
        return IntStream.range(0, rows).mapToObj(lstm::initialBias).toList();
    }
}
