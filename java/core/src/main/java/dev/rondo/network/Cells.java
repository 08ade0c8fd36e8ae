package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.lstm.Lstm;
import java.util.List;
import java.util.Map;

/** The list of built-in cells: a new cell is one line here. */
public final class Cells {
    private static final List<Entry> ENTRIES = List.of(new Entry("lstm", Lstm::of));

    private Cells() {}

    /** Makes a cell from what a checkpoint or a command line says. */
    private interface Maker {
        Cell of(int hiddenSize, Map<String, String> options);
    }

    private record Entry(String name, Maker maker) {}

    /** {@return the names of all cells} */
    public static List<String> names() {
        return ENTRIES.stream().map(Entry::name).toList();
    }

    /** {@return every cell with default options and {@code hiddenSize} units} */
    public static List<Cell> all(int hiddenSize) {
        return ENTRIES.stream().map(entry -> entry.maker.of(hiddenSize, Map.of())).toList();
    }

    /**
     * {@return the cell called {@code name}}
     *
     * @param options as {@link Cell#options()} gives them; absent ones have their defaults
     * @throws IllegalArgumentException if there is no such cell, or an option does not fit it
     */
    public static Cell of(String name, int hiddenSize, Map<String, String> options) {
        for (Entry entry : ENTRIES) {
            if (entry.name.equals(name)) {
                return entry.maker.of(hiddenSize, options);
            }
        }
        throw new IllegalArgumentException("cell: expected one of " + names() + ", got " + name);
    }
}
