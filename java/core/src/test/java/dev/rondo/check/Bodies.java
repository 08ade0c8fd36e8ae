package dev.rondo.check;

import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.stream.Stream;

/** The bodies that tests run over: all cells with all options, backends, tiers and precisions that are present. */
final class Bodies {
    private Bodies() {}

    static Stream<CellBody> all() {
        return Cells.variants().stream()
                .flatMap(text -> CellBody.present(units -> Cells.parse(text, units)).stream());
    }

    static Stream<CellBody> float64() {
        return all().filter(body -> body.precision() == Precision.FLOAT64);
    }
}
