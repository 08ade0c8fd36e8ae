package dev.rondo.check;

import dev.rondo.cell.Cell;
import dev.rondo.cell.CellShape;
import dev.rondo.cell.InputKind;
import dev.rondo.cell.ParameterBlock;
import dev.rondo.memory.Precision;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleSupplier;

/**
 * The numbers of one pass and of its incoming gradients, in float64 but rounded to the precision of the body under
 * test, so that all bodies start from the same ones. Parameters are in the dense layout. A plain holder: who needs
 * another case changes single numbers or parts.
 */
final class CellData {
    /** Differences go 2e-3 to each side; states hand that on to later pre-activations. */
    private static final double KINK_MARGIN = 2e-2;

    final Cell cell;
    final CellShape shape;
    final double[] params;
    final double[] input; // [T, B, I]
    int[] tokens; // [T, B], of which input is the one-hot form, or null
    double[][] initial; // [planes][B, P], null = absent
    int[] lengths; // [B], or null
    byte[] hold; // [T, B, holdWidth], or null
    int holdWidth = 1;
    double[] mask; // [B, P0] or [T, B, P0], or null
    boolean reversed;
    long timeOrigin;
    double[] outputGradient; // [T, B, P0], or null
    double[][] lastGradient; // [planes][B, P], null = absent
    double[] paramsBefore; // what the gradient of the parameters is added to
    double[] inputBefore; // and that of the input, or null if it is assigned

    /** Zeroes and nothing optional. */
    CellData(Cell cell, CellShape shape) {
        this.cell = cell;
        this.shape = shape;
        this.params = new double[Math.toIntExact(cell.layout(shape.inputSize(), InputKind.DENSE).count())];
        this.input = new double[Math.toIntExact(shape.rows() * shape.inputSize())];
        this.initial = new double[planes()][];
        this.lastGradient = new double[planes()][];
        this.paramsBefore = new double[params.length];
    }

    /**
     * Random numbers for all that {@code variant} asks for; rounding brings no pre-activation to the other side of a
     * kink.
     */
    static CellData random(Cell cell, CellShape shape, PassVariant variant, Precision precision, long seed) {
        double margin = 4 * Tolerance.forward(cell, shape, precision).bound();
        return Kinks.avoid(cell, margin, variant, seed, tried -> draw(cell, shape, variant, precision, tried));
    }

    /** The same in float64, and no finite difference straddles a kink. */
    static CellData forDifferences(Cell cell, CellShape shape, PassVariant variant, long seed) {
        return Kinks.avoid(cell, KINK_MARGIN, variant, seed,
                tried -> draw(cell, shape, variant, Precision.FLOAT64, tried));
    }

    private static CellData draw(Cell cell, CellShape shape, PassVariant variant, Precision precision, long seed) {
        var data = new CellData(cell, shape);
        var random = new Random(seed);
        DoubleSupplier uniform = () -> round(precision, 2 * random.nextDouble() - 1);
        // Pre-activations of order one, so that activations are bent but not flat.
        double scale = 2 / Math.sqrt(shape.inputSize() + cell.hiddenSize());
        Arrays.setAll(data.params, i -> round(precision, scale * uniform.getAsDouble()));
        fill(data.paramsBefore, uniform);
        if (variant.has(PassOption.RAGGED)) {
            data.lengths = lengths(shape, random);
        }
        if (variant.has(PassOption.TOKENS)) {
            data.useTokens(random);
        } else {
            fill(data.input, uniform);
        }
        data.chooseStates(variant, random, uniform);
        data.reversed = variant.has(PassOption.REVERSED);
        data.chooseHoldAndMask(variant, random, precision);
        data.spoilPadding(variant);
        if (variant.has(PassOption.ADDED_INPUT_GRADIENT)) {
            data.inputBefore = filled(data.input.length, uniform);
        }
        return data;
    }

    static double round(Precision precision, double value) {
        return precision == Precision.FLOAT32 ? (float) value : value;
    }

    int planes() {
        return cell.planeWidths().length;
    }

    int planeCount(int plane) {
        return shape.batchSize() * cell.planeWidths()[plane];
    }

    int length(int b) {
        return lengths == null ? shape.timeSteps() : lengths[b];
    }

    /**
     * Where each parameter of {@code kind}'s layout lies in the dense one: the blocks of both say the same of rows and
     * columns, with other strides.
     */
    int[] denseIndices(InputKind kind) {
        var indices = new int[params.length];
        var dense = cell.blocks(shape.inputSize(), InputKind.DENSE);
        var other = cell.blocks(shape.inputSize(), kind);
        for (int n = 0; n < dense.size(); n++) {
            ParameterBlock from = other.get(n);
            for (int r = 0; r < from.rows(); r++) {
                for (int j = 0; j < from.width(); j++) {
                    indices[index(from, r, j)] = index(dense.get(n), r, j);
                }
            }
        }
        return indices;
    }

    static int index(ParameterBlock block, int r, int j) {
        return Math.toIntExact(block.offset() + (long) r * block.rowStride() + (long) j * block.columnStride());
    }

    /** The first sequence runs to the end and the second is empty, if there are as many; the others end anywhere. */
    private static int[] lengths(CellShape shape, Random random) {
        var lengths = new int[shape.batchSize()];
        for (int b = 0; b < lengths.length; b++) {
            lengths[b] = switch (b) {
                case 0 -> shape.timeSteps();
                case 1 -> 0;
                default -> random.nextInt(shape.timeSteps() + 1);
            };
        }
        // Sequences are not sorted by length.
        for (int b = lengths.length - 1; b > 0; b--) {
            int other = random.nextInt(b + 1);
            int length = lengths[b];
            lengths[b] = lengths[other];
            lengths[other] = length;
        }
        return lengths;
    }

    private void useTokens(Random random) {
        tokens = random.ints(shape.rows(), 0, shape.inputSize()).toArray();
        for (int row = 0; row < tokens.length; row++) {
            input[row * shape.inputSize() + tokens[row]] = 1;
        }
    }

    private void chooseStates(PassVariant variant, Random random, DoubleSupplier uniform) {
        int onePlane = random.nextInt(planes());
        for (int p = 0; p < planes(); p++) {
            boolean one = variant.has(PassOption.INITIAL_IN_ONE_PLANE) && p == onePlane;
            if (variant.has(PassOption.INITIAL) || one) {
                initial[p] = filled(planeCount(p), uniform);
            }
            boolean last = variant.has(PassOption.FROM_ONE_PLANE) && p == planes() - 1;
            if (variant.has(PassOption.FROM_OUTPUT_AND_LAST) || variant.has(PassOption.FROM_LAST) || last) {
                lastGradient[p] = filled(planeCount(p), uniform);
            }
        }
        if (variant.has(PassOption.FROM_OUTPUT) || variant.has(PassOption.FROM_OUTPUT_AND_LAST)) {
            outputGradient = filled(Math.toIntExact(shape.rows() * cell.outputSize()), uniform);
        }
    }

    /** What the contract says is ignored is not a number: whoever uses it is noticed. */
    void spoilPadding(PassVariant variant) {
        for (int row = 0; row < shape.rows(); row++) {
            boolean padding = row / shape.batchSize() >= length(row % shape.batchSize());
            boolean held = hold != null && holdWidth == 1 && hold[row] != 0;
            if ((padding || held) && !variant.has(PassOption.TOKENS)) {
                Arrays.fill(input, row * shape.inputSize(), (row + 1) * shape.inputSize(), Double.NaN);
            }
            if ((padding || held) && variant.has(PassOption.MASK_PER_STEP)) {
                Arrays.fill(mask, row * cell.outputSize(), (row + 1) * cell.outputSize(), Double.NaN);
            }
            if (padding && outputGradient != null) {
                Arrays.fill(outputGradient, row * cell.outputSize(), (row + 1) * cell.outputSize(), Double.NaN);
            }
        }
    }

    private void chooseHoldAndMask(PassVariant variant, Random random, Precision precision) {
        if (!variant.has(PassOption.NO_HOLD)) {
            holdWidth = variant.has(PassOption.HOLD_UNITS) ? cell.hiddenSize() : 1;
            hold = new byte[Math.toIntExact(shape.rows() * holdWidth)];
            for (int i = 0; i < hold.length; i++) {
                hold[i] = (byte) (random.nextInt(3) == 0 ? 1 + random.nextInt(255) : 0); // any but zero holds
            }
        }
        if (!variant.has(PassOption.NO_MASK)) {
            // No larger than 1 in the mean: with more, a cell without gates is chaotic, and any rounding grows with
            // time.
            int steps = variant.has(PassOption.MASK_PER_STEP) ? shape.timeSteps() : 1;
            mask = new double[steps * planeCount(0)];
            for (int i = 0; i < mask.length; i++) {
                mask[i] = random.nextInt(4) == 0 ? 0 : round(precision, 0.5 + random.nextDouble());
            }
        }
    }

    private static double[] filled(int count, DoubleSupplier numbers) {
        var values = new double[count];
        fill(values, numbers);
        return values;
    }

    private static void fill(double[] values, DoubleSupplier numbers) {
        Arrays.setAll(values, i -> numbers.getAsDouble());
    }
}
