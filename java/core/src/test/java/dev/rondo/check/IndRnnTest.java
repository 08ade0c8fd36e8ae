package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Activation;
import dev.rondo.cell.indrnn.IndRnn;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Independently recurrent units computed by hand. */
class IndRnnTest {
    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> body.cell(1) instanceof IndRnn);
    }

    static Stream<CellBody> rectified() {
        return bodies().filter(body -> body.cell(1).hasKinks());
    }

    /** Pre-activation 0.5 * 1 + 0.25 * 0.5 - 0.125 = 0.5. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneUnitByHand(CellBody body) {
        Activation activation = ((IndRnn) body.cell(1)).activation();
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
        double eps = OneStep.eps(body);
        Map<String, double[]> results =
                new OneStep(body, 0.5).set("weightIh", 0.5).set("weightHh", 0.25).set("bias", -0.125).run();
        assertEquals(h, results.get("output")[0], eps);
        assertEquals(slope, results.get("gradient of preActivations")[0], eps);
        assertEquals(slope, results.get("gradient of weightIh")[0], eps);
        assertEquals(0.5 * slope, results.get("gradient of weightHh")[0], eps);
        assertEquals(slope, results.get("gradient of bias")[0], eps);
        assertEquals(0.5 * slope, results.get("gradient of input")[0], eps);
        assertEquals(0.25 * slope, results.get("gradient of initial[0]")[0], eps);
    }

    /** Each of three units sees its own state; the last one ends below 0. All numbers are exact in binary. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void unitsDoNotSeeEachOther(CellBody body) {
        Map<String, double[]> results = new OneStep(body, 1, 2, 4).set("weightHh", 0.5, 1, -1).run();
        assertArrayEquals(new double[] {0.5, 2, 0}, results.get("output"));
        assertArrayEquals(new double[] {1, 2, 0}, results.get("gradient of weightHh"));
        assertArrayEquals(new double[] {0.5, 1, 0}, results.get("gradient of initial[0]"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void aMaskIsOnTheStateWhereItsWeightIs(CellBody body) {
        Map<String, double[]> results = new OneStep(body, 2, 2).set("weightHh", 0.5, 0.5).mask(0.5, 0).run();
        assertArrayEquals(new double[] {0.5, 0}, results.get("output"));
        assertArrayEquals(new double[] {1, 0}, results.get("gradient of weightHh"));
        assertArrayEquals(new double[] {0.25, 0}, results.get("gradient of initial[0]"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rectified")
    void aRectifiedUnitDoesNotHideWhatIsNotANumber(CellBody body) {
        Map<String, double[]> results = new OneStep(body, 0).set("weightIh", 1).input(Double.NaN).run();
        assertTrue(Double.isNaN(results.get("output")[0]));
        assertTrue(Double.isNaN(results.get("gradient of bias")[0]));
    }
}
