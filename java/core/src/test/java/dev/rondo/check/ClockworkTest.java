package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.Backend;
import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Clockwork RNN beside the words of its paper, and beside Elman, which it is where no clock is slower than time. */
class ClockworkTest {
    private static final int[] SIZES = {3, 1, 9, 2};
    private static final int[] PERIODS = {1, 2, 3, 5};
    private static final int T = 31; // the time of the last step is a multiple of all periods
    private static final int B = 4;
    private static final int I = 3;
    private static final int H = 15;
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);

    static Stream<CellBody> bodies() {
        return CellBody.present(units -> Clockwork.of(SIZES, PERIODS)).stream();
    }

    private static Map<String, double[]> run(CellBody body, CellData data) {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new LinkedHashMap<>(trial.forward());
            results.putAll(trial.backward());
            assertEquals(List.of(), trial.faults());
            return results;
        }
    }

    private static CellData data(CellBody body, Cell cell, PassVariant variant) {
        CellData data = CellData.random(cell, cell.shape(T, B, I), variant, body.precision(), 3);
        Arrays.fill(data.paramsBefore, 0);
        return data;
    }

    /** Element (row, column) of a tensor. */
    private static double weight(CellData data, String tensor, int row, int column) {
        var place = data.cell.layout(I, InputKind.DENSE).get(tensor);
        int width = place.shape().size() == 1 ? 1 : place.shape().get(1);
        return data.params[Math.toIntExact(place.offset()) + row * width + column];
    }

    /** Group by group and unit by unit: h_i(t) = f(sum over j >= i of R_ij h_j(t-1) + W_i x(t) + b_i), or h_i(t-1). */
    private static double[] outputs(CellData data) {
        var outputs = new double[T * B * H];
        double[][] h = new double[B][H];
        for (int step = 0; step < T; step++) {
            int t = data.reversed ? T - 1 - step : step;
            for (int b = 0; b < B; b++) {
                double[] old = step == 0 ? Arrays.copyOfRange(data.initial[0], b * H, (b + 1) * H) : h[b];
                h[b] = step(data, t, b, old);
                System.arraycopy(h[b], 0, outputs, (t * B + b) * H, H);
            }
        }
        return outputs;
    }

    private static double[] step(CellData data, int t, int b, double[] old) {
        double[] now = old.clone();
        int first = 0;
        for (int group = 0; group < SIZES.length; group++) {
            for (int r = 0; r < SIZES[group] && Math.floorMod(data.timeOrigin + t, PERIODS[group]) == 0; r++) {
                double sum = weight(data, "bias", first + r, 0);
                for (int i = 0; i < I; i++) {
                    sum += weight(data, "weightIh", first + r, i) * data.input[(t * B + b) * I + i];
                }
                for (int unit = first; unit < H; unit++) {
                    sum += weight(data, "weightHh" + group, r, unit - first) * old[unit];
                }
                now[first + r] = Math.tanh(sum);
            }
            first += SIZES[group];
        }
        return now;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void agreesWithThePaper(CellBody body) {
        for (long origin : new long[] {0, 4, -7, 1L << 40}) {
            for (boolean reversed : new boolean[] {false, true}) {
                CellData data = data(body, body.cell(H), FULL);
                data.timeOrigin = origin;
                data.reversed = reversed;
                Tolerance tolerance = Tolerance.forward(data.cell, data.shape, body.precision());
                double error = tolerance.error(outputs(data), run(body, data).get("output"));
                assertTrue(error <= tolerance.bound(), "from " + origin + ": error " + error);
            }
        }
    }

    /** The gradient of a state that nothing moves comes out as it went in. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void whatRestsHandsItsGradientOn(CellBody body) {
        CellData data = CellData.random(body.cell(H), body.cell(H).shape(1, B, I), FULL, body.precision(), 4);
        data.timeOrigin = 1; // the first group moves
        Arrays.fill(data.params, 0);
        Arrays.fill(data.paramsBefore, 0);
        Map<String, double[]> results = run(body, data);
        for (int b = 0; b < B; b++) {
            for (int unit = 0; unit < H; unit++) {
                int at = b * H + unit;
                double last = data.lastGradient[0] == null ? 0 : data.lastGradient[0][at];
                double whole = last + data.outputGradient[at];
                double passes = results.get("gradient of initial[0]")[at];
                assertEquals(unit < SIZES[0] ? 0 : whole, passes, 2 * body.precision().epsilon() * Math.abs(whole));
                assertEquals(unit < SIZES[0], results.get("gradient of preActivations")[at] != 0);
            }
        }
        for (String tensor : List.of("weightHh1", "weightHh2", "weightHh3")) {
            double[] gradient = results.get("gradient of " + tensor);
            assertArrayEquals(new double[gradient.length], gradient, tensor);
        }
    }

    /**
     * In REFERENCE all bits are Elman's. The other bodies sum in another order: VECTOR and NATIVE make a product with
     * the input for each step, Elman one for a chunk of them, and NATIVE may sum both products of a step together.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneGroupThatAlwaysMovesIsElman(CellBody body) {
        for (var activation : Activation.values()) {
            var elman = new Elman(H, activation);
            Clockwork clockwork = Clockwork.of(H, 1).activation(activation);
            CellData ours = data(body, clockwork, FULL.with(PassOption.RAGGED, PassOption.MASK_PER_STEP));
            CellData theirs = data(body, elman, FULL.with(PassOption.RAGGED, PassOption.MASK_PER_STEP));
            assertArrayEquals(theirs.params, ours.params);
            Map<String, double[]> expected = run(with(body, elman), theirs);
            expected.put("gradient of weightHh0", expected.remove("gradient of weightHh"));
            assertAgree(body, theirs, expected, run(with(body, clockwork), ours));
        }
    }

    /** More groups of period 1 are Elman without the weights by which a group would see those before it. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void groupsThatAlwaysMoveAreElmanWithoutTheLowerBlocks(CellBody body) {
        Clockwork clockwork = Clockwork.of(SIZES, new int[] {1, 1, 1, 1});
        CellData ours = data(body, clockwork, FULL);
        var theirs = new CellData(Elman.of(H), new CellShape(T, B, I, H));
        int weightHh = Math.toIntExact(theirs.cell.layout(I, InputKind.DENSE).get("weightHh").offset());
        System.arraycopy(ours.params, 0, theirs.params, 0, H * I);
        System.arraycopy(ours.params, ours.params.length - H, theirs.params, theirs.params.length - H, H);
        int first = 0;
        for (int group = 0; group < SIZES.length; first += SIZES[group++]) {
            for (int r = 0; r < SIZES[group]; r++) {
                for (int unit = first; unit < H; unit++) {
                    theirs.params[weightHh + (first + r) * H + unit] =
                            weight(ours, "weightHh" + group, r, unit - first);
                }
            }
        }
        System.arraycopy(ours.input, 0, theirs.input, 0, ours.input.length);
        theirs.initial = ours.initial;
        theirs.outputGradient = ours.outputGradient;
        theirs.lastGradient = ours.lastGradient;
        Map<String, double[]> expected = run(with(body, theirs.cell), theirs);
        expected.remove("gradient of weightHh");
        Map<String, double[]> actual = run(with(body, clockwork), ours);
        actual.keySet().removeIf(name -> name.startsWith("gradient of weightHh"));
        assertAgree(body, theirs, expected, actual);
    }

    private static CellBody with(CellBody body, Cell cell) {
        return new CellBody(units -> cell, body.backend(), body.tier(), body.precision());
    }

    private static void assertAgree(
            CellBody body, CellData data, Map<String, double[]> expected, Map<String, double[]> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        Tolerance tolerance = Tolerance.backward(data.cell, data.shape, body.precision());
        List<Deviation> deviations = body.backend() == Backend.REFERENCE
                ? CellParity.equal("", expected, actual)
                : CellParity.compare("", expected, actual, tolerance);
        deviations.forEach(deviation -> assertTrue(deviation.passes(), deviation::toString));
    }

    /**
     * A reversed pass has the same times at the same steps. Where the first and the last step are multiples of all
     * periods, that is what a forward pass on the reversed sequence has.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void reversedHasTheTimesOfItsSteps(CellBody body) {
        CellData reversed = data(body, body.cell(H),
                FULL.with(PassOption.REVERSED, PassOption.HOLD_ROWS, PassOption.MASK_PER_STEP));
        CellData turned = Sequences.turned(reversed);
        Map<String, double[]> expected = Sequences.turned(turned, run(body, turned));
        Tolerance tolerance = Tolerance.backward(reversed.cell, reversed.shape, body.precision());
        CellParity.compare("", expected, run(body, reversed), tolerance)
                .forEach(deviation -> assertTrue(deviation.passes(), deviation::toString));
    }
}
