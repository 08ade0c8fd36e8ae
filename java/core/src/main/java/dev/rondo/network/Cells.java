package dev.rondo.network;

import dev.rondo.cell.Cell;
import dev.rondo.cell.clockwork.Clockwork;
import dev.rondo.cell.elman.Elman;
import dev.rondo.cell.gru.Gru;
import dev.rondo.cell.indrnn.IndRnn;
import dev.rondo.cell.jordan.Jordan;
import dev.rondo.cell.lstm.Lstm;
import dev.rondo.cell.mingru.MinGru;
import dev.rondo.cell.minlstm.MinLstm;
import dev.rondo.cell.reservoir.Reservoir;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The list of built-in cells: a new cell is one line here. Tests, checks, benchmarks and the command line run over it.
 *
 * <p>As text a cell is its name, and its options after a colon where they are not the default ones: {@code lstm},
 * {@code gru:reset=before}, {@code elman:activation=relu}, {@code clockwork:periods=1/2/4}.
 */
public final class Cells {
    /** Name, maker, and the options whose combinations are computed differently; the default first. */
    private static final List<Entry> ENTRIES = List.of(
            new Entry("elman", Elman::of, List.of("activation=tanh", "activation=relu", "activation=sigmoid")),
            new Entry("lstm", Lstm::of, List.of("", "peepholes=input+forget+output", "coupled=true", "clip=1.5",
                    "cellClip=0.7", "projection=5", "layerNorm=1",
                    "peepholes=input+output,coupled=true,clip=1.5,cellClip=0.7,projection=5,layerNorm=1")),
            new Entry("gru", Gru::of, List.of("reset=after", "reset=before")),
            new Entry("clockwork", Clockwork::of, List.of("", "periods=1/2/3/5", "activation=relu",
                    "activation=sigmoid,periods=1/1/3/5")),
            new Entry("jordan", Jordan::of, List.of("", "outputs=5,activation=sigmoid,outputActivation=tanh,decay=0.5",
                    "outputs=20,activation=relu,outputActivation=sigmoid,elman=true",
                    "outputs=3,activation=sigmoid,decay=0.3,elman=true")),
            new Entry("mingru", MinGru::of, List.of("")),
            new Entry("minlstm", MinLstm::of, List.of("")),
            new Entry("indrnn", IndRnn::of, List.of("activation=relu", "activation=tanh", "activation=sigmoid")),
            new Entry("reservoir", Reservoir::of, List.of("fanIn=3",
                    "activation=relu,density=0.3,leak=0.4,gain=0.7", "activation=sigmoid,density=1,leak=0.6")));

    /** Units enough for every option of {@link #ENTRIES}: a cell of fewer may say less of itself. */
    private static final int ENOUGH = 64;

    private Cells() {}

    /** Makes a cell from what a checkpoint or a command line says. */
    private interface Maker {
        Cell of(int hiddenSize, Map<String, String> options);
    }

    private record Entry(String name, Maker maker, List<String> variants) {
        /** {@return the options that a cell says, or that make a variant} */
        private Set<String> known() {
            var known = new TreeSet<>(maker.of(ENOUGH, Map.of()).options().keySet());
            variants.forEach(variant -> known.addAll(Cells.options(variant).keySet()));
            return known;
        }

        Cell cell(int hiddenSize, Map<String, String> options) {
            var known = known();
            options.forEach((option, value) -> {
                if (option == null || !known.contains(option)) {
                    throw new IllegalArgumentException(
                            "option of " + name + ": expected one of " + known + ", got " + option);
                }
                Objects.requireNonNull(value, () -> "option " + option + ": expected a value, got null");
            });
            return maker.of(hiddenSize, options);
        }
    }

    /** {@return the names of all cells} */
    public static List<String> names() {
        return ENTRIES.stream().map(Entry::name).toList();
    }

    /** {@return every cell, and every option of it that is computed differently, as text that {@link #parse} reads} */
    public static List<String> variants() {
        return all(ENOUGH).stream().map(Cells::text).toList();
    }

    /**
     * {@return every cell, with every option that is computed differently}
     *
     * @param hiddenSize H, units of each, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public static List<Cell> all(int hiddenSize) {
        return ENTRIES.stream()
                .flatMap(entry -> entry.variants.stream().map(options -> entry.cell(hiddenSize, options(options))))
                .toList();
    }

    /**
     * {@return a built-in cell}
     *
     * @param name one of {@link #names()}
     * @param hiddenSize H, its units, at least 1
     * @param options as {@link Cell#options()} gives them; absent ones have their defaults
     * @throws IllegalArgumentException if there is no such cell, an option does not fit it, or {@code hiddenSize} is
     *     below 1
     */
    public static Cell of(String name, int hiddenSize, Map<String, String> options) {
        Objects.requireNonNull(name, "name: expected a cell's, got null");
        Objects.requireNonNull(options, "options: expected a map, got null");
        return entry(name).cell(hiddenSize, options);
    }

    /**
     * {@return the built-in cell that a text names}
     *
     * @param text as in {@code gru:reset=before}; several options are parted by commas
     * @param hiddenSize H, its units, at least 1
     * @throws IllegalArgumentException if there is no such cell, an option does not fit it, or {@code hiddenSize} is
     *     below 1
     */
    public static Cell parse(String text, int hiddenSize) {
        Objects.requireNonNull(text, "text: expected a cell, got null");
        int colon = text.indexOf(':');
        return colon < 0
                ? of(text, hiddenSize, Map.of())
                : of(text.substring(0, colon), hiddenSize, options(text.substring(colon + 1)));
    }

    /**
     * {@return a cell as text, without its hidden size: its name, and the options that are not the default ones}
     *
     * @param cell any; of one that is not in the list all options are said
     */
    public static String text(Cell cell) {
        Objects.requireNonNull(cell, "cell: expected one, got null");
        var options = new TreeMap<>(cell.options());
        if (names().contains(cell.name())) {
            options.entrySet().removeAll(entry(cell.name()).cell(cell.hiddenSize(), Map.of()).options().entrySet());
        }
        return options.isEmpty()
                ? cell.name()
                : cell.name() + ":" + options.toString().replaceAll("[{} ]", "");
    }

    private static Entry entry(String name) {
        return ENTRIES.stream().filter(entry -> entry.name.equals(name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("cell: expected one of " + names() + ", got " + name));
    }

    private static Map<String, String> options(String text) {
        var options = new LinkedHashMap<String, String>();
        for (String option : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("option: expected name=value, got \"" + option + "\"");
            }
            String name = option.substring(0, equals);
            if (options.put(name, option.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("option " + name + ": expected it once, got \"" + text + "\"");
            }
        }
        return options;
    }
}
