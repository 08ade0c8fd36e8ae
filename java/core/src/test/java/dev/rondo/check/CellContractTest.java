package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Available;
import dev.rondo.network.Cells;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every body of every cell, over every named shape, gives what the reference gives in float64; see {@link CellParity}.
 * Cases run side by side: each has memory and plans of its own, and together they are the longest of all tests.
 */
@Execution(ExecutionMode.CONCURRENT)
class CellContractTest {
    static Stream<Arguments> bodiesAndShapes() {
        List<NamedShape> shapes = NamedShape.small();
        return Bodies.all().flatMap(body -> shapes.stream().map(shape -> Arguments.of(body, shape)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("bodiesAndShapes")
    void agreesWithTheReference(CellBody body, NamedShape shape) {
        Deviation worst = Deviation.worst(CellParity.of(body).run(shape));
        assertTrue(worst.passes(), worst::toString);
    }

    /** A backend that is missing, and whose bodies the other test leaves out, is named here with the reason. */
    @ParameterizedTest(name = "{0}")
    @EnumSource(Backend.class)
    void hasABodyOfEveryCell(Backend backend) {
        Available.assume(backend);
        for (String text : Cells.variants()) {
            assertTrue(CellBody.present(units -> Cells.parse(text, units)).stream()
                    .anyMatch(body -> body.backend() == backend), text);
        }
    }
}
