package dev.rondo.bench.golden;

import java.util.Arrays;
import java.util.Locale;

/** The cells that golden data are made of. Gates in the order of Rondo and PyTorch: i f g o; r z n. */
public enum GoldenCell {
    LSTM("lstm", 4),
    ELMAN_TANH("elman:activation=tanh", 1),
    ELMAN_RELU("elman:activation=relu", 1),
    ELMAN_SIGMOID("elman:activation=sigmoid", 1),
    GRU_RESET_AFTER("gru:reset=after", 3),
    GRU_RESET_BEFORE("gru:reset=before", 3);

    /** The cell as Rondo's command line names it. */
    public final String text;

    /** Blocks of H rows that the parameters have. */
    public final int gates;

    /** {@return the cell of that text; its options may be left out where they come first here} */
    public static GoldenCell of(String text) {
        return Arrays.stream(values()).filter(cell -> cell.text.equals(text) || cell.text.startsWith(text + ":"))
                .findFirst().orElseThrow(() -> new IllegalArgumentException("cell: expected one of "
                        + Arrays.stream(values()).map(cell -> cell.text).toList() + ", got " + text));
    }

    GoldenCell(String text, int gates) {
        this.text = text;
        this.gates = gates;
    }

    /** {@return the number of state planes: h, and c of the LSTM} */
    public int planes() {
        return this == LSTM ? 2 : 1;
    }

    String directory() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
