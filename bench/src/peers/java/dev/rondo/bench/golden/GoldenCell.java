package dev.rondo.bench.golden;

import java.util.Locale;

/** The cells that golden data are made of. Gates in the order of Rondo and PyTorch: i f g o; r z n. */
enum GoldenCell {
    LSTM("lstm", 4),
    ELMAN_TANH("elman:activation=tanh", 1),
    ELMAN_RELU("elman:activation=relu", 1),
    ELMAN_SIGMOID("elman:activation=sigmoid", 1),
    GRU_RESET_AFTER("gru:reset=after", 3),
    GRU_RESET_BEFORE("gru:reset=before", 3);

    /** The cell as Rondo's command line names it. */
    final String text;
    final int gates;

    GoldenCell(String text, int gates) {
        this.text = text;
        this.gates = gates;
    }

    /** {@return the number of state planes: h, and c of the LSTM} */
    int planes() {
        return this == LSTM ? 2 : 1;
    }

    String directory() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
