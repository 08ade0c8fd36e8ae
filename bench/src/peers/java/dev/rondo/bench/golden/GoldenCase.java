package dev.rondo.bench.golden;

import dev.rondo.cell.SparsePattern;
import dev.rondo.network.Cells;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What one pass is given: sizes T B I H, lengths, direction, and numbers drawn from the seed. Two biases, as the other
 * systems have them; Rondo takes {@link #bias()} and {@link #biasHn()}.
 */
public final class GoldenCase {
    public final GoldenCell cell;
    public final String name;
    public final int timeSteps;
    public final int batchSize;
    public final int inputSize;
    public final int hiddenSize;
    public final int outputSize; // P, of an LSTM with projection; O of Jordan; else H
    public final int[] lengths; // [B]
    public final boolean reversed;

    public final double[] weightIh; // [G*H, I]
    public final double[] weightHh; // [G*H, P]; Jordan [H, O (+ H)]; reservoir [connections]; or as the cell has it
    public final double[] biasIh; // [G*H]; Jordan [H + O]
    public final double[] biasHh; // the same
    public final double[] input; // [T, B, I]
    public final double[][] initial; // [planes][B, P or H]
    public final double[] outputGradient; // [T, B, P]
    public final double[][] lastGradient; // [planes][B, P or H]
    final Map<String, Tensor> more = new LinkedHashMap<>(); // parameters of options, by Rondo's names
    private final long seed;

    /** A parameter of an option. */
    record Tensor(double[] values, int... dimensions) {}

    private GoldenCase(GoldenCell cell, String name, int[] sizes, int[] lengths, long seed) {
        this.cell = cell;
        this.name = name;
        this.timeSteps = sizes[0];
        this.batchSize = sizes[1];
        this.inputSize = sizes[2];
        this.hiddenSize = sizes[3];
        this.outputSize = cell.option("projection").or(() -> cell.option("outputs"))
                .map(Integer::parseInt).orElse(hiddenSize);
        this.lengths = lengths;
        this.reversed = name.endsWith("reversed");
        this.seed = seed;
        var draw = new Draw(seed);
        // Pre-activations of order one, so that activations are bent but not flat.
        double limit = Math.min(1, 2 / Math.sqrt(inputSize + hiddenSize));
        this.weightIh = draw.uniform(rows() * inputSize, limit);
        this.weightHh = draw.uniform(IntStream.of(stateShape()).reduce(1, (a, b) -> a * b), limit);
        this.biasIh = draw.uniform(biasRows(), limit);
        this.biasHh = draw.uniform(biasRows(), limit);
        this.input = draw.uniform(timeSteps * batchSize * inputSize, 1);
        this.outputGradient = draw.uniform(timeSteps * batchSize * outputSize, 1);
        this.initial = new double[cell.planes()][];
        this.lastGradient = new double[cell.planes()][];
        for (int plane = 0; plane < cell.planes(); plane++) {
            initial[plane] = draw.uniform(batchSize * planeWidth(plane), 1);
            lastGradient[plane] = draw.uniform(batchSize * planeWidth(plane), 1);
        }
        for (String gate : List.of("input", "forget", "output")) {
            if (cell.sees(gate)) {
                more.put("peephole" + Character.toUpperCase(gate.charAt(0)),
                        new Tensor(draw.uniform(hiddenSize, 1), hiddenSize));
            }
        }
        if (cell.option("layerNorm").isPresent()) {
            more.put("biasCell", new Tensor(draw.uniform(hiddenSize, limit), hiddenSize));
            more.put("gainIh", new Tensor(draw.uniform(rows(), 1), rows()));
            more.put("gainHh", new Tensor(draw.uniform(rows(), 1), rows()));
            more.put("gainCell", new Tensor(draw.uniform(hiddenSize, 1), hiddenSize));
        }
        if (cell.option("projection").isPresent()) {
            more.put("weightHr", new Tensor(draw.uniform(outputSize * hiddenSize, limit), outputSize, hiddenSize));
        }
        if (cell.isJordan()) {
            more.put("weightHy", new Tensor(draw.uniform(outputSize * hiddenSize, limit), outputSize, hiddenSize));
        }
    }

    /** {@return P of plane 0, and of a decaying context; H of others} */
    int planeWidth(int plane) {
        boolean isContext = plane == 1 && cell.option("decay").isPresent();
        return plane == 0 || isContext ? outputSize : hiddenSize;
    }

    /** {@return the cases of a cell; a seed is the number of the case among all} */
    static List<GoldenCase> of(GoldenCell cell) {
        var cases = new ArrayList<GoldenCase>();
        if (cell.isFormOfAnother()) {
            add(cases, cell, "one-step", new int[] {1, 3, 5, 7}, 1, 1, 1);
            add(cases, cell, "ragged", new int[] {5, 4, 13, 19}, 3, 1, 5, 2);
            add(cases, cell, "ragged-reversed", new int[] {6, 5, 3, 9}, 4, 6, 1, 3, 2);
            return cases;
        }
        add(cases, cell, "one-of-all", new int[] {1, 1, 1, 1}, 1);
        add(cases, cell, "one-step", new int[] {1, 3, 5, 7}, 1, 1, 1);
        add(cases, cell, "one-unit", new int[] {7, 3, 5, 1}, 7, 1, 4);
        add(cases, cell, "one-unit-reversed", new int[] {7, 3, 5, 1}, 2, 7, 1);
        add(cases, cell, "wide", new int[] {11, 2, 3, 37}, 11, 11);
        add(cases, cell, "ragged", new int[] {5, 4, 13, 19}, 3, 1, 5, 2);
        add(cases, cell, "ragged-reversed", new int[] {6, 5, 3, 9}, 4, 6, 1, 3, 2);
        add(cases, cell, "empty", new int[] {4, 3, 2, 5}, 2, 0, 4);
        add(cases, cell, "empty-reversed", new int[] {4, 3, 2, 5}, 0, 3, 1);
        return cases;
    }

    private static void add(List<GoldenCase> cases, GoldenCell cell, String name, int[] sizes, int... lengths) {
        cases.add(new GoldenCase(cell, name, sizes, lengths, 5000L * (1 + cell.number) + cases.size()));
    }

    /** {@return a case of other sizes, T B I H, whose sequences are all of length T} */
    public static GoldenCase of(GoldenCell cell, int... sizes) {
        var lengths = new int[sizes[1]];
        Arrays.fill(lengths, sizes[0]);
        return new GoldenCase(cell, "timed", sizes, lengths, 1);
    }

    /** {@return the pre-activation rows, G*H} */
    public int rows() {
        return cell.gates * hiddenSize;
    }

    /** {@return the elements of a bias} */
    int biasRows() {
        return rows() + (cell.isJordan() ? outputSize : 0);
    }

    /** {@return the columns of weightHh} */
    int stateWeights() {
        return cell.stateWeights(outputSize) + (cell.option("elman").isPresent() ? hiddenSize : 0);
    }

    /** {@return the dimensions of weightHh} */
    int[] stateShape() {
        SparsePattern pattern = connections();
        return pattern == null ? new int[] {rows(), stateWeights()} : new int[] {pattern.count()};
    }

    /** {@return which units of a sparse reservoir are connected, which is Rondo's choice; null of other cells} */
    SparsePattern connections() {
        return cell.isReservoir() ? Cells.parse(cell.text, hiddenSize).recurrentPattern() : null;
    }

    /** {@return where the bias stands that reset-after GRUs keep apart, n of h; beyond all rows for other cells} */
    int apart() {
        return cell == GoldenCell.GRU_RESET_AFTER ? 2 * hiddenSize : biasRows();
    }

    /** {@return the sum of both biases, but for the row that stays apart} */
    public double[] bias() {
        return IntStream.range(0, biasRows()).mapToDouble(row -> biasIh[row] + (row < apart() ? biasHh[row] : 0))
                .toArray();
    }

    /** {@return the bias that stays apart, or nothing} */
    public double[] biasHn() {
        return Arrays.copyOfRange(biasHh, apart(), biasRows());
    }

    /** {@return whether every sequence has at least one step} */
    boolean allHaveSteps() {
        return Arrays.stream(lengths).allMatch(length -> length > 0);
    }

    /** {@return the file of what is given} */
    GoldenFile given() {
        var file = new GoldenFile().text("cell", cell.text).text("direction", reversed ? "reversed" : "forward")
                .text("seed", Long.toString(seed))
                .integers("sizes", new int[] {timeSteps, batchSize, inputSize, hiddenSize}, 4)
                .integers("lengths", lengths, batchSize)
                .fractions("weightIh", weightIh, rows(), inputSize);
        if (stateWeights() > 0) {
            file.fractions("weightHh", weightHh, stateShape());
        }
        file.fractions("biasIh", biasIh, biasRows()).fractions("biasHh", biasHh, biasRows())
                .fractions("bias", bias(), biasRows());
        if (biasHn().length > 0) {
            file.fractions("biasHn", biasHn(), biasHn().length);
        }
        more.forEach((name, tensor) -> file.fractions(name, tensor.values(), tensor.dimensions()));
        file.fractions("input", input, timeSteps, batchSize, inputSize)
                .fractions("gradient:output", outputGradient, timeSteps, batchSize, outputSize);
        for (int plane = 0; plane < cell.planes(); plane++) {
            file.fractions("initial[" + plane + "]", initial[plane], batchSize, planeWidth(plane))
                    .fractions("gradient:last[" + plane + "]", lastGradient[plane], batchSize, planeWidth(plane));
        }
        return file;
    }
}
