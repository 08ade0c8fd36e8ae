package dev.rondo.check;

import dev.rondo.memory.Precision;
import dev.rondo.network.Cells;
import java.util.Map;
import java.util.stream.Stream;

/** The bodies that tests run over: all cells, backends, tiers and precisions that are present. */
final class Bodies {
    private Bodies() {}

    static Stream<CellBody> all() {
        return Cells.names().stream()
                .flatMap(name -> CellBody.present(units -> Cells.of(name, units, Map.of())).stream());
    }

    static Stream<CellBody> float64() {
        return all().filter(body -> body.precision() == Precision.FLOAT64);
    }
}
