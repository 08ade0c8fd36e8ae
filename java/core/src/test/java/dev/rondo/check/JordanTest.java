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
    private static final int OUTPUTS = 3;
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

    /** Without Elman's feedback: what was put out is all that goes from step to step. */
    static Stream<CellBody> outputsAlone() {
        return Stream.concat(plain(), CellBody.present(units -> Jordan.of(units, OUTPUTS).decay(0.5)).stream());
    }

    /**
     * With the same outputs forced upon it, step by step, the network has another gradient: that which does not pass
     * through old outputs. It is the whole one where nothing is fed back.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("outputsAlone")
    void teacherForcingCutsWhatPassesThroughOldOutputs(CellBody body) {
        CellData free = unended(body);
        Map<String, double[]> whole = run(body, free);
        assertCut(body, free, whole.get("gradient of preActivations"), forcedRows(body, free, whole.get("output")));
        put(free, "weightHh", new double[tensor(free, free.params, "weightHh").length]);
        Map<String, double[]> alone = run(body, free);
        assertArrayEquals(alone.get("gradient of preActivations"), forcedRows(body, free, alone.get("output")),
                eps(body));
    }

    /** One sequence whose gradients come from its outputs alone. */
    private static CellData unended(CellBody body) {
        CellData free = data(body, 1, PassVariant.PLAIN.with(PassOption.INITIAL));
        Arrays.fill(free.paramsBefore, 0);
        Arrays.fill(free.lastGradient, null);
        return free;
    }

    /** Sums of some dozen numbers of order 1 in another order, over T steps. */
    private static double eps(CellBody body) {
        return 64 * T * body.precision().epsilon();
    }

    /** The last step is the same; those before get less. */
    private static void assertCut(CellBody body, CellData free, double[] whole, double[] forced) {
        assertArrayEquals(Sequences.row(whole, T - 1, T), Sequences.row(forced, T - 1, T), eps(body));
        int width = whole.length / T;
        for (int t = 0; t < T - 1; t++) {
            assertTrue(Math.abs(whole[t * width] - forced[t * width]) > 1e-4, "step " + t);
        }
    }

    /** The gradients of the pre-activations [T, R] of single steps, each of which begins with a context given. */
    private static double[] forcedRows(CellBody body, CellData free, double[] outputs) {
        int R = free.cell.rows();
        double decay = ((Jordan) free.cell).decay();
        var rows = new double[T * R];
        double[][] state = free.initial;
        for (int t = 0; t < T; t++) {
            var step = new CellData(free.cell, free.cell.shape(1, 1, I));
            System.arraycopy(free.params, 0, step.params, 0, step.params.length);
            System.arraycopy(free.input, t * I, step.input, 0, I);
            System.arraycopy(state, 0, step.initial, 0, state.length);
            step.outputGradient = Sequences.row(free.outputGradient, t, T);
            System.arraycopy(run(body, step).get("gradient of preActivations"), 0, rows, t * R, R);
            double[] y = Sequences.row(outputs, t, T);
            double[] before = state[state.length - 1];
            var context = new double[y.length];
            Arrays.setAll(context, o -> y[o] + decay * before[o]);
            state = decay > 0 ? new double[][] {y, context} : new double[][] {y};
        }
        return rows;
    }

    static Stream<CellBody> besideElman() {
        return CellBody.present(units -> Jordan.of(units, OUTPUTS).withElman()).stream();
    }

    /**
     * Teacher forcing beside Elman's feedback is an Elman layer that reads the old outputs: it computes the same, and
     * its gradient passes through R alone. Where U is 0 that is all there is.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("besideElman")
    void forcedBesideElmansFeedbackItIsAnElmanLayer(CellBody body) {
        CellData free = unended(body);
        Map<String, double[]> whole = run(body, free);
        assertCut(body, free, hiddenRows(free, whole), forcedLayer(body, free, whole.get("output")));
        double[] weightHh = tensor(free, free.params, "weightHh");
        for (int k = 0; k < H; k++) {
            Arrays.fill(weightHh, k * (OUTPUTS + H), k * (OUTPUTS + H) + OUTPUTS, 0);
        }
        put(free, "weightHh", weightHh);
        Map<String, double[]> alone = run(body, free);
        assertArrayEquals(hiddenRows(free, alone), forcedLayer(body, free, alone.get("output")), eps(body));
    }

    /** The gradients of the hidden units' pre-activations, [T, H]. */
    private static double[] hiddenRows(CellData free, Map<String, double[]> results) {
        double[] rows = results.get("gradient of preActivations");
        var hidden = new double[T * H];
        for (int t = 0; t < T; t++) {
            System.arraycopy(rows, t * free.cell.rows(), hidden, t * H, H);
        }
        return hidden;
    }

    /** The same by an Elman layer that reads [x, y of the step before], with V above it. */
    private static double[] forcedLayer(CellBody body, CellData free, double[] outputs) {
        var elman = new CellBody(Elman::of, body.backend(), body.tier(), body.precision());
        int inputs = I + OUTPUTS;
        var layer = new CellData(elman.cell(H), elman.cell(H).shape(T, 1, inputs));
        double[] weightIh = tensor(free, free.params, "weightIh");
        double[] weightHh = tensor(free, free.params, "weightHh");
        double[] weightHy = tensor(free, free.params, "weightHy");
        for (int k = 0; k < H; k++) {
            System.arraycopy(weightIh, k * I, layer.params, k * inputs, I);
            System.arraycopy(weightHh, k * (OUTPUTS + H), layer.params, k * inputs + I, OUTPUTS);
            System.arraycopy(weightHh, k * (OUTPUTS + H) + OUTPUTS, layer.params, H * inputs + k * H, H);
        }
        System.arraycopy(tensor(free, free.params, "bias"), 0, layer.params, H * (inputs + H), H);
        layer.initial[0] = free.initial[1];
        layer.outputGradient = new double[T * H];
        for (int t = 0; t < T; t++) {
            System.arraycopy(free.input, t * I, layer.input, t * inputs, I);
            double[] before = t == 0 ? free.initial[0] : Sequences.row(outputs, t - 1, T);
            System.arraycopy(before, 0, layer.input, t * inputs + I, OUTPUTS);
            for (int k = 0; k < H; k++) {
                for (int o = 0; o < OUTPUTS; o++) {
                    layer.outputGradient[t * H + k] += weightHy[o * H + k] * free.outputGradient[t * OUTPUTS + o];
                }
            }
        }
        Map<String, double[]> results = run(elman, layer);
        double[] bias = tensor(free, free.params, "bias");
        for (int t = 0; t < T; t++) {
            for (int o = 0; o < OUTPUTS; o++) {
                double y = bias[H + o];
                for (int k = 0; k < H; k++) {
                    y += weightHy[o * H + k] * results.get("output")[t * H + k];
                }
                assertEquals(outputs[t * OUTPUTS + o], y, eps(body));
            }
        }
        return results.get("gradient of preActivations");
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
