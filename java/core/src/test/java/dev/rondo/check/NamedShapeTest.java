package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.cell.lstm.Lstm;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NamedShapeTest {
    @Test
    void shapesAreFoundByName() {
        NamedShape shape = NamedShape.of("units:lane+1");
        assertEquals(new NamedShape("units:lane+1", 3, 2, 5, 17), shape);
        assertEquals("units:lane+1", shape.toString());
        assertEquals(Lstm.of(17).shape(3, 2, 5), shape.of(Lstm.of(17)));
    }

    @Test
    void namesAreUnique() {
        var names = NamedShape.small().stream().map(NamedShape::name).collect(Collectors.toSet());
        assertEquals(NamedShape.small().size(), names.size());
    }

    @Test
    void whatIsNotThereIsRefused() {
        refused("group: expected one of [units, inputs, batch, time, layers] or timed, got unit",
                () -> NamedShape.group("unit"));
        refused("name: expected a shape of the group units, got units:lanes", () -> NamedShape.of("units:lanes"));
        refused("hiddenSize: expected 17, got 16", () -> NamedShape.of("units:lane+1").of(Lstm.of(16)));
        assertThrows(IllegalArgumentException.class, () -> NamedShape.of("lane"));
    }

    private static void refused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
