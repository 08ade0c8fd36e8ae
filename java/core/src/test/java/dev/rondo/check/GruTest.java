package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.InputKind;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.gru.Gru.Reset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gated recurrent units computed by hand, and where their two forms agree and differ. */
class GruTest {
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);
    private static final double TANH_HALF = 0.46211715726000975;
    private static final double TANH_SLOPE_HALF = 0.7864477329659274;

    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> body.cell(1) instanceof Gru);
    }

    static Stream<CellBody> after() {
        return bodies().filter(body -> reset(body) == Reset.AFTER);
    }

    private static Reset reset(CellBody body) {
        return ((Gru) body.cell(1)).reset();
    }

    /** One step of one sequence with input 1; all parameters 0. */
    private static CellData zeros(CellBody body, double... initial) {
        int units = initial.length;
        var data = new CellData(body.cell(units), body.cell(units).shape(1, 1, 1));
        data.input[0] = 1;
        data.initial[0] = initial;
        data.outputGradient = new double[units];
        Arrays.fill(data.outputGradient, 1);
        return data;
    }

    private static void set(CellData data, String tensor, int index, double value) {
        var place = data.cell.layout(data.shape.inputSize(), InputKind.DENSE).get(tensor);
        data.params[Math.toIntExact(place.offset() + index)] = value;
    }

    private static Map<String, double[]> run(CellBody body, CellData data) {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new HashMap<>(trial.forward());
            results.putAll(trial.backward());
            return results;
        }
    }

    /** A few roundings of numbers of order one. */
    private static double eps(CellBody body) {
        return 16 * body.precision().epsilon();
    }

    /**
     * One unit with h = 1: r = z = 1/2, n = tanh(1/4 + 1/2 * 1/2), in both forms, for one number may be reset before or
     * after it is multiplied.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneUnitByHand(CellBody body) {
        CellData data = zeros(body, 1);
        set(data, "weightIh", 2, 0.25);
        set(data, "weightHh", 2, 0.5);
        Map<String, double[]> results = run(body, data);
        double eps = eps(body);
        assertEquals(0.5 * TANH_HALF + 0.5, results.get("output")[0], eps);
        double da = 0.5 * TANH_SLOPE_HALF;
        double dz = 0.25 * (1 - TANH_HALF);
        double dr = 0.25 * 0.5 * da;
        assertArrayEquals(new double[] {dr, dz, da}, results.get("gradient of weightIh"), eps);
        assertArrayEquals(new double[] {dr, dz, 0.5 * da}, results.get("gradient of weightHh"), eps);
        assertArrayEquals(new double[] {dr, dz, da}, results.get("gradient of bias"), eps);
        assertEquals(0.25 * da, results.get("gradient of input")[0], eps);
        assertEquals(0.5 + 0.25 * da, results.get("gradient of initial[0]")[0], eps);
    }

    /** The second bias of n is reset with the product: n = tanh(0.25 + 0.5 * 0.5). */
    @ParameterizedTest(name = "{0}")
    @MethodSource("after")
    void theRecurrentBiasIsReset(CellBody body) {
        CellData data = zeros(body, 0);
        set(data, "bias", 2, 0.25);
        set(data, "biasHn", 0, 0.5);
        Map<String, double[]> results = run(body, data);
        assertEquals(0.5 * TANH_HALF, results.get("output")[0], eps(body));
        assertEquals(0.25 * TANH_SLOPE_HALF, results.get("gradient of biasHn")[0], eps(body));
        assertEquals(0.5 * TANH_SLOPE_HALF, results.get("gradient of bias")[2], eps(body));
    }

    /**
     * Unit 0 looks at unit 1, which is 1; r = 1/2 in unit 0 and 3/4 in unit 1. After the product that of unit 0 counts,
     * before it that of unit 1.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void whoseResetGateCounts(CellBody body) {
        CellData data = zeros(body, 0, 1);
        set(data, "bias", 1, Math.log(3));
        set(data, "weightHh", 4 * 2 + 1, 1); // row 4 is n of unit 0
        double n = reset(body) == Reset.AFTER ? TANH_HALF : 0.6351489523872873; // tanh(3/4)
        assertEquals(0.5 * n, run(body, data).get("output")[0], eps(body));
    }

    /** The mask is on the operand of the products; the update gate keeps the state itself. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void theMaskIsNotOnTheStateThatIsKept(CellBody body) {
        CellData data = zeros(body, 1);
        set(data, "weightIh", 2, 0.5);
        for (int gate = 0; gate < 3; gate++) {
            set(data, "weightHh", gate, 4);
        }
        data.mask = new double[] {0};
        Map<String, double[]> results = run(body, data);
        assertEquals(0.5 * TANH_HALF + 0.5, results.get("output")[0], eps(body));
        assertEquals(0.5, results.get("gradient of initial[0]")[0], eps(body));
        assertArrayEquals(new double[3], results.get("gradient of weightHh"));
    }

    /** An update gate that is 1 keeps the state and its gradient, whatever comes in. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void anOpenUpdateGateKeepsTheState(CellBody body) {
        CellData data = zeros(body, 0.75);
        set(data, "weightIh", 2, 3);
        set(data, "bias", 1, 60);
        Map<String, double[]> results = run(body, data);
        assertEquals(0.75, results.get("output")[0], eps(body));
        assertEquals(1, results.get("gradient of initial[0]")[0], eps(body));
    }

    /** Without a recurrent part of n there is nothing to reset, and the forms are the same. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("after")
    void withoutARecurrentPartOfNBothFormsAreTheSame(CellBody body) {
        int units = 19;
        var other = new CellBody(
                hiddenSize -> Gru.of(hiddenSize).resetBefore(), body.backend(), body.tier(), body.precision());
        CellData data = CellData.random(
                body.cell(units), body.cell(units).shape(5, 3, 4), FULL, body.precision(), 31);
        CellData before = CellData.random(
                other.cell(units), other.cell(units).shape(5, 3, 4), FULL, body.precision(), 31);
        for (int i = 2 * units * units; i < 3 * units * units; i++) {
            set(data, "weightHh", i, 0);
        }
        for (int k = 0; k < units; k++) {
            set(data, "biasHn", k, 0);
        }
        System.arraycopy(data.params, 0, before.params, 0, before.params.length);
        System.arraycopy(data.input, 0, before.input, 0, data.input.length);
        System.arraycopy(data.initial[0], 0, before.initial[0], 0, data.initial[0].length);
        before.outputGradient = data.outputGradient;
        before.lastGradient = data.lastGradient;
        Arrays.fill(data.paramsBefore, 0);
        Arrays.fill(before.paramsBefore, 0);
        Map<String, double[]> one = run(body, data);
        Map<String, double[]> two = run(other, before);
        Tolerance tolerance = Tolerance.backward(data.cell, data.shape, body.precision());
        for (String name : List.of("output", "last[0]", "gradient of weightIh", "gradient of bias", "gradient of input",
                "gradient of initial[0]")) {
            double error = tolerance.error(one.get(name), two.get(name));
            assertEquals(0, error, tolerance.bound(), name);
        }
    }
}
