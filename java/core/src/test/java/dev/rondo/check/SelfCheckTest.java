package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Backends;
import java.util.ArrayList;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SelfCheckTest {
    @Test
    void everyBodyAndEveryMissingBackendHasItsRow() {
        var rows = new ArrayList<SelfCheck.Row>();
        assertTrue(SelfCheck.run(rows::add), rows::toString);
        assertEquals(Bodies.all().map(CellBody::toString).toList(), rows.stream()
                .filter(row -> row.verdict() == SelfCheck.Verdict.PASSED)
                .map(row -> row.cell() + " " + row.backend() + " " + row.tier().get() + " " + row.precision().get())
                .toList());
        assertEquals(Arrays.stream(Backend.values()).filter(b -> Backends.missing(b).isPresent()).toList(),
                rows.stream().filter(row -> row.verdict() == SelfCheck.Verdict.MISSING).map(SelfCheck.Row::backend)
                        .distinct().toList());
    }
}
