package dev.rondo.bench.golden;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The cells that golden data are made of. Gates in the order of Rondo and PyTorch: i f g o, of an LSTM with coupled
 * gates i g o; r z n; z g; i f g.
 */
public enum GoldenCell {
    LSTM("lstm", 4),
    ELMAN_TANH("elman:activation=tanh", 1),
    ELMAN_RELU("elman:activation=relu", 1),
    ELMAN_SIGMOID("elman:activation=sigmoid", 1),
    GRU_RESET_AFTER("gru:reset=after", 3),
    GRU_RESET_BEFORE("gru:reset=before", 3),
    MINGRU("mingru", 2, 20),
    MINLSTM("minlstm", 3, 21),
    INDRNN_RELU("indrnn:activation=relu", 1, 23),
    INDRNN_TANH("indrnn:activation=tanh", 1, 22),
    INDRNN_SIGMOID("indrnn:activation=sigmoid", 1, 27),
    RESERVOIR_SPARSE("reservoir:fanIn=3", 1, 24),
    RESERVOIR_LEAKY("reservoir:activation=relu,density=0.3,gain=0.7,leak=0.4", 1, 25),
    RESERVOIR_DENSE("reservoir:activation=sigmoid,density=1.0,leak=0.6", 1, 26),
    LSTM_PEEPHOLES("lstm:peepholes=input+forget+output", 4, 6),
    LSTM_COUPLED("lstm:coupled=true", 3, 7),
    LSTM_CLIP("lstm:clip=1.5", 4, 8),
    LSTM_CELL_CLIP("lstm:cellClip=0.7", 4, 9),
    LSTM_PROJECTION("lstm:projection=5", 4, 10),
    LSTM_LAYER_NORM("lstm:layerNorm=1.0", 4, 11),
    LSTM_ALL("lstm:peepholes=input+output,coupled=true,clip=1.5,cellClip=0.7,projection=5,layerNorm=1.0", 3, 12),
    JORDAN("jordan", 1, 40),
    JORDAN_DECAY("jordan:outputs=5,activation=sigmoid,outputActivation=tanh,decay=0.5", 1, 41),
    JORDAN_ELMAN("jordan:outputs=20,activation=relu,outputActivation=sigmoid,elman=true", 1, 42),
    JORDAN_ELMAN_DECAY("jordan:outputs=3,activation=sigmoid,decay=0.3,elman=true", 1, 43);

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

    /** What seeds are counted from: whether a unit of ReLU lives depends on it. */
    final int number;

    GoldenCell(String text, int gates) {
        this(text, gates, 0);
    }

    GoldenCell(String text, int gates, int number) {
        this.text = text;
        this.gates = gates;
        this.number = number == 0 ? ordinal() : number;
    }

    /** {@return whether it is an LSTM, with options or without} */
    boolean isLstm() {
        return text.startsWith("lstm");
    }

    /** {@return whether it is an LSTM with options} */
    public boolean hasLstmOptions() {
        return isLstm() && this != LSTM;
    }

    /** {@return whether it is a Jordan network, with options or without} */
    boolean isJordan() {
        return text.startsWith("jordan");
    }

    /** {@return what an option is, empty where it is not given} */
    Optional<String> option(String name) {
        return Arrays.stream(text.split("[:,]")).filter(part -> part.startsWith(name + "="))
                .map(part -> part.substring(name.length() + 1)).findFirst();
    }

    /** {@return whether a gate of the LSTM, by its Rondo name, has a peephole} */
    boolean sees(String gate) {
        return option("peepholes").stream().anyMatch(gates -> List.of(gates.split("\\+")).contains(gate));
    }

    /** {@return the number of state planes: h, and c of the LSTM; y, and what is there of s and h of Jordan} */
    public int planes() {
        return isLstm() ? 2 : 1 + (int) Stream.of("decay", "elman").filter(name -> option(name).isPresent()).count();
    }

    /** {@return the weights of the state that a row has: of all H units, of its own unit alone, or none} */
    int stateWeights(int hiddenSize) {
        return switch (this) {
            case MINGRU, MINLSTM -> 0;
            case INDRNN_RELU, INDRNN_TANH, INDRNN_SIGMOID -> 1;
            default -> hiddenSize;
        };
    }

    /** {@return whether it is a reservoir} */
    boolean isReservoir() {
        return text.startsWith("reservoir");
    }

    /** {@return whether another form of it is seen with lengths and directions, which are no business of options} */
    boolean isFormOfAnother() {
        return hasLstmOptions() || isJordan() && this != JORDAN;
    }

    /** {@return whether something given has no part in the result: weights of no state, or y behind a context} */
    boolean leavesOut() {
        return stateWeights(1) == 0 || option("decay").isPresent();
    }

    /** {@return whether ONNX Runtime has this cell} */
    public boolean inOnnxRuntime() {
        return switch (this) {
            case MINGRU, MINLSTM, INDRNN_RELU, INDRNN_TANH, INDRNN_SIGMOID -> false;
            case RESERVOIR_SPARSE, RESERVOIR_LEAKY, RESERVOIR_DENSE -> false;
            case JORDAN, JORDAN_DECAY, JORDAN_ELMAN, JORDAN_ELMAN_DECAY -> false;
            default -> Stream.of("cellClip", "projection", "layerNorm").allMatch(name -> option(name).isEmpty());
        };
    }

    String directory() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
