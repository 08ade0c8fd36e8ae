package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.elman.Elman;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Elman cells of one unit, computed by hand. */
class ElmanTest {
    private static final PassVariant FULL = PassVariant.PLAIN.with(PassOption.INITIAL);

    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> body.cell(1) instanceof Elman);
    }

    static Stream<CellBody> rectified() {
        return bodies().filter(body -> body.cell(1).hasKinks());
    }

    /** Weights and bias, {@code inputs} of one sequence, the state before it; the gradient of each output is 1. */
    private static CellData data(CellBody body, double[] params, double initial, double... inputs) {
        var data = new CellData(body.cell(1), body.cell(1).shape(inputs.length, 1, 1));
        System.arraycopy(params, 0, data.params, 0, params.length);
        System.arraycopy(inputs, 0, data.input, 0, inputs.length);
        data.initial[0] = new double[] {initial};
        data.outputGradient = new double[inputs.length];
        Arrays.fill(data.outputGradient, 1);
        return data;
    }

    private static Map<String, double[]> run(CellBody body, CellData data) {
        try (var trial = new CellTrial(body, data, FULL)) {
            var results = new HashMap<>(trial.forward());
            results.putAll(trial.backward());
            return results;
        }
    }

    /** Pre-activation 0.5 * 1 + 0.25 * 0.5 - 0.125 = 0.5. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneStepByHand(CellBody body) {
        Activation activation = ((Elman) body.cell(1)).activation();
        double h = switch (activation) {
            case TANH -> 0.46211715726000975;
            case RELU -> 0.5;
            case SIGMOID -> 0.6224593312018546;
        };
        double slope = switch (activation) {
            case TANH -> 0.7864477329659274;
            case RELU -> 1;
            case SIGMOID -> 0.2350037122015945;
        };
        double eps = 16 * body.precision().epsilon(); // a few roundings of numbers below 1
        Map<String, double[]> results = run(body, data(body, new double[] {0.5, 0.25, -0.125}, 0.5, 1));
        assertEquals(h, results.get("output")[0], eps);
        assertEquals(h, results.get("last[0]")[0], eps);
        assertEquals(slope, results.get("gradient of preActivations")[0], eps);
        assertEquals(slope, results.get("gradient of weightIh")[0], eps);
        assertEquals(0.5 * slope, results.get("gradient of weightHh")[0], eps);
        assertEquals(slope, results.get("gradient of bias")[0], eps);
        assertEquals(0.5 * slope, results.get("gradient of input")[0], eps);
        assertEquals(0.25 * slope, results.get("gradient of initial[0]")[0], eps);
    }

    /**
     * Pre-activations 1, -1.5, 0.5: the second step is cut off, so nothing of the third reaches the first. All numbers
     * are exact in binary.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void aRectifiedUnitBelowZeroHasNoSlope(CellBody body) {
        Map<String, double[]> results = run(body, data(body, new double[] {1, 0.5, 0}, 2, 0, -2, 0.5));
        assertArrayEquals(new double[] {1, 0, 0.5}, results.get("output"));
        assertArrayEquals(new double[] {1, 0, 1}, results.get("gradient of preActivations"));
        assertArrayEquals(new double[] {1, 0, 1}, results.get("gradient of input"));
        assertArrayEquals(new double[] {0.5}, results.get("gradient of weightIh"));
        assertArrayEquals(new double[] {2}, results.get("gradient of weightHh"));
        assertArrayEquals(new double[] {2}, results.get("gradient of bias"));
        assertArrayEquals(new double[] {0.5}, results.get("gradient of initial[0]"));
    }

    /** At 0 the slope is 0, as in PyTorch. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void aRectifiedUnitAtZeroHasNoSlope(CellBody body) {
        Map<String, double[]> results = run(body, data(body, new double[] {1, 0.5, 0}, 0, 0));
        assertEquals(0, results.get("output")[0]);
        assertEquals(0, results.get("gradient of bias")[0]);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void aRectifiedUnitDoesNotHideWhatIsNotANumber(CellBody body) {
        Map<String, double[]> results = run(body, data(body, new double[] {1, 0.5, 0}, 0, Double.NaN));
        assertTrue(Double.isNaN(results.get("output")[0]));
        assertTrue(Double.isNaN(results.get("gradient of bias")[0]));
    }
}
