package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.jordan.Jordan;
import dev.rondo.cell.jordan.Jordan.Output;
import dev.rondo.memory.TensorLayout;
import dev.rondo.network.Cells;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Jordan networks: the loop written out, where they are Elman cells, what passes through the feedback, errors. */
class JordanTest {
    private static final int T = 7;
    private static final int B = 3;
    private static final int I = 4;
    private static final int H = 9;
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL, PassOption.RAGGED);

    static Stream<CellBody> bodies() {
        return Stream.<IntFunction<Jordan>>of(
                units -> Jordan.of(units, units),
                units -> Jordan.of(units, 1).activation(Activation.SIGMOID).outputActivation(Output.TANH),
                units -> Jordan.of(units, units + 8).decay(0.75),
                units -> Jordan.of(units, 3).withElman().activation(Activation.RELU)
                        .outputActivation(Output.SIGMOID),
                units -> Jordan.of(units, 2).withElman().decay(0.25).outputActivation(Output.SIGMOID),
                units -> Jordan.of(units, 5).withElman())
                .flatMap(jordan -> CellBody.present(jordan).stream());
    }

    static Stream<CellBody> plain() {
        return CellBody.present(units -> Jordan.of(units, units)).stream();
    }

    private static Map<String, double[]> run(CellBody body, CellData data) {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new LinkedHashMap<>(trial.forward());
            results.putAll(trial.backward());
            assertEquals(List.of(), trial.faults());
            return results;
        }
    }

    private static CellData data(CellBody body, int batchSize, PassVariant variant) {
        return CellData.random(body.cell(H), body.cell(H).shape(T, batchSize, I), variant, body.precision(), 37);
    }

    private static double[] tensor(CellData data, double[] params, String name) {
        TensorLayout.Tensor tensor = data.cell.layout(I, InputKind.DENSE).get(name);
        int from = Math.toIntExact(tensor.offset());
        return Arrays.copyOfRange(params, from, from + Math.toIntExact(tensor.count()));
    }

    private static void put(CellData data, String name, double[] values) {
        TensorLayout.Tensor tensor = data.cell.layout(I, InputKind.DENSE).get(name);
        System.arraycopy(values, 0, data.params, Math.toIntExact(tensor.offset()), values.length);
    }

    private static void assertEqual(CellBody body, CellData data, Map<String, double[]> expected,
            Map<String, double[]> actual) {
        Tolerance tolerance = Tolerance.backward(data.cell, data.shape, body.precision());
        for (Deviation deviation : CellParity.compare(
                body + ": ", expected, Sequences.only(actual, expected.keySet()), tolerance)) {
            assertTrue(deviation.passes(), deviation::toString);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void runningFreelyIsTheExplicitLoop(CellBody body) {
        CellData data = data(body, B, FULL);
        assertEqual(body, data, new Loop(data).run(), run(body, data));
    }

    /** The equations of {@link Jordan}, sequence by sequence. */
    private static final class Loop {
        private final CellData data;
        private final Jordan cell;
        private final int O;
        private final double[] weightIh;
        private final double[] weightHh;
        private final double[] bias;
        private final double[] weightHy;

        Loop(CellData data) {
            this.data = data;
            this.cell = (Jordan) data.cell;
            this.O = cell.outputs();
            this.weightIh = tensor(data, data.params, "weightIh");
            this.weightHh = tensor(data, data.params, "weightHh");
            this.bias = tensor(data, data.params, "bias");
            this.weightHy = tensor(data, data.params, "weightHy");
        }

        Map<String, double[]> run() {
            var results = new LinkedHashMap<String, double[]>();
            results.put("output", new double[T * B * O]);
            for (int p = 0; p < data.initial.length; p++) {
                results.put("last[" + p + "]", data.initial[p].clone());
            }
            for (int b = 0; b < B; b++) {
                var state = new double[data.initial.length][];
                for (int p = 0; p < state.length; p++) {
                    state[p] = Sequences.row(data.initial[p], b, B);
                }
                for (int t = 0; t < data.length(b); t++) {
                    state = step(Sequences.row(data.input, t * B + b, T * B), state);
                    System.arraycopy(state[0], 0, results.get("output"), (t * B + b) * O, O);
                }
                for (int p = 0; p < state.length; p++) {
                    System.arraycopy(state[p], 0, results.get("last[" + p + "]"), b * state[p].length, state[p].length);
                }
            }
            return results;
        }

        private double[][] step(double[] x, double[][] state) {
            double[] s = state[cell.decay() > 0 ? 1 : 0];
            var h = new double[H];
            for (int k = 0; k < H; k++) {
                double sum = bias[k];
                for (int i = 0; i < I; i++) {
                    sum += weightIh[k * I + i] * x[i];
                }
                int columns = cell.elman() ? O + H : O;
                for (int o = 0; o < O; o++) {
                    sum += weightHh[k * columns + o] * s[o];
                }
                for (int j = 0; cell.elman() && j < H; j++) {
                    sum += weightHh[k * columns + O + j] * state[state.length - 1][j];
                }
                h[k] = of(cell.activation().name(), sum);
            }
            var after = new double[state.length][];
            after[state.length - 1] = h; // with Elman's feedback it stays there
            after[0] = new double[O];
            for (int o = 0; o < O; o++) {
                double sum = bias[H + o];
                for (int k = 0; k < H; k++) {
                    sum += weightHy[o * H + k] * h[k];
                }
                after[0][o] = of(cell.outputActivation().name(), sum);
            }
            if (cell.decay() > 0) {
                after[1] = new double[O];
                Arrays.setAll(after[1], o -> after[0][o] + cell.decay() * s[o]);
            }
            return after;
        }

        private static double of(String activation, double a) {
            return switch (activation) {
                case "IDENTITY" -> a;
                case "TANH" -> Math.tanh(a);
                case "RELU" -> Math.max(a, 0);
                case "SIGMOID" -> 1 / (1 + Math.exp(-a));
                default -> throw new AssertionError(activation);
            };
        }
    }

    /** V = I, c = 0 and a linear output: y is h, and U is R. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("plain")
    void withAnOutputThatIsTheHiddenUnitsItIsElman(CellBody body) {
        CellBody elman = new CellBody(Elman::of, body.backend(), body.tier(), body.precision());
        CellData expected = data(elman, B, FULL);
        var data = new CellData(body.cell(H), body.cell(H).shape(T, B, I));
        for (String name : List.of("weightIh", "weightHh", "bias")) {
            put(data, name, tensor(expected, expected.params, name));
        }
        var identity = new double[H * H];
        for (int k = 0; k < H; k++) {
            identity[k * H + k] = 1;
        }
        put(data, "weightHy", identity);
        System.arraycopy(expected.input, 0, data.input, 0, data.input.length);
        data.initial = expected.initial;
        data.lengths = expected.lengths;
        data.outputGradient = expected.outputGradient;
        data.lastGradient = expected.lastGradient;
        Arrays.fill(expected.paramsBefore, 0);
        Map<String, double[]> ofElman = run(elman, expected);
        ofElman.remove("gradient of preActivations");
        Map<String, double[]> ofJordan = run(body, data);
        ofJordan.computeIfPresent("gradient of bias", (name, bias) -> Arrays.copyOf(bias, H));
        assertEqual(body, expected, ofElman, ofJordan);
    }

    /**
     * With the same outputs forced upon it, step by step, the network has another gradient: that which does not pass
     * through old outputs. It is the whole one where nothing is fed back.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("plain")
    void teacherForcingCutsWhatPassesThroughOldOutputs(CellBody body) {
        CellData free = data(body, 1, PassVariant.PLAIN.with(PassOption.INITIAL));
        Arrays.fill(free.paramsBefore, 0);
        free.lastGradient[0] = null;
        Map<String, double[]> whole = run(body, free);
        double[] forced = forcedRows(body, free, whole.get("output"));
        double[] rows = whole.get("gradient of preActivations");
        int R = free.cell.rows();
        double eps = 64 * body.precision().epsilon();
        assertArrayEquals(Sequences.row(rows, T - 1, T), Sequences.row(forced, T - 1, T), eps);
        for (int t = 0; t < T - 1; t++) {
            int at = t * R;
            assertTrue(Math.abs(rows[at] - forced[at]) > 1e-3, "step " + t);
        }
        put(free, "weightHh", new double[H * H]);
        Map<String, double[]> alone = run(body, free);
        assertArrayEquals(alone.get("gradient of preActivations"), forcedRows(body, free, alone.get("output")), eps);
    }

    /** The gradients of the pre-activations [T, R] of single steps, each of which begins with an output given. */
    private static double[] forcedRows(CellBody body, CellData free, double[] outputs) {
        int R = free.cell.rows();
        var rows = new double[T * R];
        for (int t = 0; t < T; t++) {
            var step = new CellData(free.cell, free.cell.shape(1, 1, I));
            System.arraycopy(free.params, 0, step.params, 0, step.params.length);
            System.arraycopy(free.input, t * I, step.input, 0, I);
            step.initial[0] = t == 0 ? free.initial[0] : Sequences.row(outputs, t - 1, T);
            step.outputGradient = Sequences.row(free.outputGradient, t, T);
            System.arraycopy(run(body, step).get("gradient of preActivations"), 0, rows, t * R, R);
        }
        return rows;
    }

    @Test
    void textNamesEveryOption() {
        Jordan cell = Jordan.of(8, 3).activation(Activation.SIGMOID).outputActivation(Output.TANH).decay(0.5)
                .withElman();
        String text = "jordan:activation=sigmoid,decay=0.5,elman=true,outputActivation=tanh,outputs=3";
        assertEquals(text, Cells.text(cell));
        assertEquals(cell, Cells.parse(text, 8));
        assertEquals(cell, Cells.of("jordan", 8, cell.options()));
        assertEquals(Jordan.of(8, 8), Cells.parse("jordan", 8));
        assertEquals("jordan", Cells.text(Jordan.of(8, 8)));
        assertEquals(Jordan.of(8, 8), Jordan.of(8, 8).decay(-0.0));
    }

    @Test
    void sizesFollowTheOptions() {
        assertArrayEquals(new int[] {3}, Jordan.of(8, 3).planeWidths());
        assertArrayEquals(new int[] {3, 3}, Jordan.of(8, 3).decay(0.5).planeWidths());
        assertArrayEquals(new int[] {3, 8}, Jordan.of(8, 3).withElman().planeWidths());
        assertArrayEquals(new int[] {3, 3, 8}, Jordan.of(8, 3).decay(0.5).withElman().planeWidths());
        assertEquals(11, Jordan.of(8, 3).rows());
        assertEquals(List.of(8, 3), Jordan.of(8, 3).layout(2, InputKind.DENSE).get("weightHh").shape());
        assertEquals(List.of(8, 11), Jordan.of(8, 3).withElman().layout(2, InputKind.DENSE).get("weightHh").shape());
    }

    @Test
    void refusesWhatIsNoJordanNetwork() {
        assertSays("hiddenSize: expected at least 1, got 0", () -> Jordan.of(0, 3));
        assertSays("outputs: expected at least 1, got 0", () -> Jordan.of(3, 0));
        assertSays("outputs: expected at most 2147483644, got 2147483647", () -> Jordan.of(3, Integer.MAX_VALUE));
        assertSays("decay: expected 0 to below 1, got 1.0", () -> Jordan.of(3, 3).decay(1));
        assertSays("decay: expected 0 to below 1, got -0.5", () -> Jordan.of(3, 3).decay(-0.5));
        assertSays("decay: expected 0 to below 1, got NaN", () -> Jordan.of(3, 3).decay(Double.NaN));
        assertSays("outputs: expected a whole number of at least 1, got 2.5",
                () -> Cells.parse("jordan:outputs=2.5", 3));
        assertSays("elman: expected true or false, got yes", () -> Cells.parse("jordan:elman=yes", 3));
        assertSays("outputActivation: expected one of [identity, tanh, sigmoid], got linear",
                () -> Cells.parse("jordan:outputActivation=linear", 3));
    }

    private static void assertSays(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
