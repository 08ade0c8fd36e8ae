package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.cell.InputKind;
import dev.rondo.cell.mingru.MinGru;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The minimal GRU computed by hand. */
class MinGruTest {
    static Stream<CellBody> bodies() {
        return Bodies.all().filter(body -> body.cell(1) instanceof MinGru);
    }

    /** With z = 3/4, g = 3/4 and h = 1: h' = 1/4 + 9/16. */
    private static OneStep step(CellBody body) {
        return new OneStep(body, 1).set("weightIh", 0, 0.5).set("bias", Math.log(3), 0.25);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void oneUnitByHand(CellBody body) {
        Map<String, double[]> results = step(body).run();
        double eps = OneStep.eps(body);
        double dz = (0.75 - 1) * 0.75 * 0.25;
        assertEquals(0.8125, results.get("output")[0], eps);
        assertArrayEquals(new double[] {dz, 0.75}, results.get("gradient of preActivations"), eps);
        assertArrayEquals(new double[] {dz, 0.75}, results.get("gradient of weightIh"), eps);
        assertArrayEquals(new double[] {dz, 0.75}, results.get("gradient of bias"), eps);
        assertEquals(0.5 * 0.75, results.get("gradient of input")[0], eps);
        assertEquals(0.25, results.get("gradient of initial[0]")[0], eps);
    }

    /** There is no product of h that it could be on. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void aMaskChangesNothing(CellBody body) {
        Map<String, double[]> results = step(body).mask(0).run();
        assertEquals(0.8125, results.get("output")[0], OneStep.eps(body));
        assertEquals(0.25, results.get("gradient of initial[0]")[0], OneStep.eps(body));
    }

    @Test
    void thereAreNoWeightsOfTheState() {
        var names = MinGru.of(3).layout(2, InputKind.DENSE).tensors().stream().map(tensor -> tensor.name()).toList();
        assertEquals(List.of("weightIh", "bias"), names);
        assertEquals(6 * 2 + 6, MinGru.of(3).layout(2, InputKind.DENSE).count());
    }
}
