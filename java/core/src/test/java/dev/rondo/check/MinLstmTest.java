package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.minlstm.MinLstm;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The minimal LSTM computed by hand, also where its gates underflow. */
class MinLstmTest {
    private static final double SIGMOID_OF_ONE = 0.7310585786300049;

    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> body.cell(1) instanceof MinLstm);
    }

    /** With h = 1 and g = 3/4, which is half of the input. */
    private static OneStep step(CellBody body, double a, double b) {
        return new OneStep(body, 1).set("weightIh", 0, 0, 0.5).set("bias", a, b, 0.25);
    }

    /** With i = 1/2 and f = 3/4: h' = 3/5 h + 2/5 g. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneUnitByHand(CellBody body) {
        Map<String, double[]> results = step(body, 0, Math.log(3)).run();
        double eps = OneStep.eps(body);
        double[] rows = {-0.25 * 0.12, 0.25 * 0.06, 0.4};
        assertEquals(0.9, results.get("output")[0], eps);
        assertArrayEquals(rows, results.get("gradient of preActivations"), eps);
        assertArrayEquals(rows, results.get("gradient of weightIh"), eps);
        assertArrayEquals(rows, results.get("gradient of bias"), eps);
        assertEquals(0.5 * 0.4, results.get("gradient of input")[0], eps);
        assertEquals(0.6, results.get("gradient of initial[0]")[0], eps);
    }

    /** Where i = e^-2000 and f = e^-2001 are 0 in either precision, i / (f + i) is 1 / (1 + 1 / e). */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void gatesThatUnderflowKeepTheirQuotient(CellBody body) {
        Map<String, double[]> results = step(body, -2000, -2001).run();
        double eps = OneStep.eps(body);
        double q = SIGMOID_OF_ONE;
        double slope = q * (1 - q);
        assertEquals(1 - 0.25 * q, results.get("output")[0], eps);
        assertArrayEquals(
                new double[] {-0.25 * slope, 0.25 * slope, q}, results.get("gradient of preActivations"), eps);
        assertEquals(1 - q, results.get("gradient of initial[0]")[0], eps);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aGateThatUnderflowsAloneLeavesTheOther(CellBody body) {
        Map<String, double[]> takes = step(body, 2000, -2000).run();
        assertEquals(0.75, takes.get("output")[0], OneStep.eps(body));
        assertArrayEquals(new double[] {0, 0, 1}, takes.get("gradient of bias"), OneStep.eps(body));
        Map<String, double[]> keeps = step(body, -2000, 2000).run();
        assertEquals(1, keeps.get("output")[0], OneStep.eps(body));
        assertArrayEquals(new double[] {0, 0, 0}, keeps.get("gradient of bias"), OneStep.eps(body));
    }

    /** There is no product of h that it could be on. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aMaskChangesNothing(CellBody body) {
        Map<String, double[]> results = step(body, 0, Math.log(3)).mask(0).run();
        assertEquals(0.9, results.get("output")[0], OneStep.eps(body));
        assertEquals(0.6, results.get("gradient of initial[0]")[0], OneStep.eps(body));
    }
}
